package api

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limits are what requests, answers and integrations of one API are held to.
type Limits struct {
	Payload    int64         // bytes of a body that is read whole, as it came and decompressed
	Headers    int64         // bytes of the names and values of all fields, of requests and of functions' answers
	URL        int64         // bytes of a path with its query
	ARN        int64         // bytes of the method ARN of requests that are authorized
	Timeout    time.Duration // the longest time-out that an integration may ask for
	StreamTime time.Duration // the same for an answer that is streamed
	StreamIdle time.Duration // between two parts of such an answer
	StreamFree int64         // bytes of such an answer that come as fast as they can
	StreamRate int64         // bytes a second after that
}

// LimitTag is what the tags of an API begin with that change one of its limits:
// "stagedoor:limit:payload" = "50MB".
const LimitTag = "stagedoor:limit:"

// AWSLimits are those of Amazon API Gateway for an endpoint type.
// parity: spec/rest-data-plane.md 3.10, 12.
func AWSLimits(endpointType string) Limits {
	l := Limits{
		Payload: 10 << 20, Headers: 10240, URL: 10240, ARN: 1600, Timeout: 29 * time.Second,
		StreamTime: 15 * time.Minute, StreamIdle: 5 * time.Minute, StreamFree: 10 << 20, StreamRate: 2 << 20,
	}
	switch endpointType {
	case "EDGE":
		l.URL, l.StreamIdle = 8192, 30*time.Second
	case "PRIVATE":
		l.URL, l.Headers = 8192, 8000
	}
	return l
}

// LimitNames lists what LimitRules know, in the order of Limits.
func LimitNames() []string {
	return []string{"payload", "headers", "url", "arn", "timeout", "stream-time", "stream-idle", "stream-free", "stream-rate"}
}

// LimitRules are AWS's limits with what the operator has changed of them. The
// zero value changes nothing.
type LimitRules struct {
	given map[string]int64 // the limit of APIs that say nothing, by name
	most  map[string]int64 // what an API may raise it to
}

// ParseLimitRules reads "NAME=VALUE" and "NAME=VALUE..MOST": the limit of every
// API, and how far an API's own tag may raise it. A value is a size (10485760,
// 10MB) or a duration (29s, 15m).
func ParseLimitRules(texts []string) (LimitRules, error) {
	r := LimitRules{given: map[string]int64{}, most: map[string]int64{}}
	for _, text := range texts {
		name, values, ok := strings.Cut(text, "=")
		if !ok {
			return r, fmt.Errorf("limit %q: must be NAME=VALUE or NAME=VALUE..MOST", text)
		}
		value, most, bounded := strings.Cut(values, "..")
		n, err := parseLimit(name, value)
		if err != nil {
			return r, err
		}
		r.given[name] = n
		if !bounded {
			r.most[name] = max(n, farthest(name))
			continue
		}
		if r.most[name], err = parseLimit(name, most); err != nil {
			return r, err
		}
		if r.most[name] < n {
			return r, fmt.Errorf("limit %q: %s is more than %s", text, value, most)
		}
	}
	return r, nil
}

// For are the limits of an API by its endpoint type and its tags. A tag that
// says no limit changes nothing; problems tell of those. A tag beyond what the
// operator allows counts as far as that.
func (r LimitRules) For(endpointType string, tags map[string]string) (l Limits, problems []error) {
	l = AWSLimits(endpointType)
	for _, name := range LimitNames() {
		if n, ok := r.given[name]; ok && (name != "timeout" || endpointType != "EDGE") {
			l.set(name, n) // parity: spec/rest-data-plane.md 3.1, the time-out can be raised on Regional and private
		}
		text, tagged := tags[LimitTag+name]
		if !tagged {
			continue
		}
		n, err := parseLimit(name, text)
		if err != nil {
			problems = append(problems, fmt.Errorf("tag %s%s: %w", LimitTag, name, err))
			continue
		}
		l.set(name, min(n, r.Most(name)))
	}
	return l, problems
}

// Most is how far the tag of an API may raise a limit.
func (r LimitRules) Most(name string) int64 {
	if n, ok := r.most[name]; ok {
		return n
	}
	return farthest(name)
}

// farthest is what Most is unless the operator says otherwise.
func farthest(name string) int64 {
	switch name {
	case "payload":
		return 100 << 20
	case "headers", "url", "arn":
		return 64 << 10
	case "timeout", "stream-idle":
		return int64(15 * time.Minute)
	case "stream-time":
		return int64(24 * time.Hour)
	default:
		return math.MaxInt64
	}
}

func (l *Limits) set(name string, n int64) {
	switch name {
	case "payload":
		l.Payload = n
	case "headers":
		l.Headers = n
	case "url":
		l.URL = n
	case "arn":
		l.ARN = n
	case "timeout":
		l.Timeout = time.Duration(n)
	case "stream-time":
		l.StreamTime = time.Duration(n)
	case "stream-idle":
		l.StreamIdle = time.Duration(n)
	case "stream-free":
		l.StreamFree = n
	case "stream-rate":
		l.StreamRate = n
	}
}

// parseLimit reads the value of a limit, more than 0.
func parseLimit(name, text string) (n int64, err error) {
	switch name {
	case "timeout", "stream-time", "stream-idle":
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return 0, fmt.Errorf("limit %s %q: must be a duration such as 29s", name, text)
		}
		return int64(d), nil
	case "payload", "headers", "url", "arn", "stream-free", "stream-rate":
	default:
		return 0, fmt.Errorf("limit %q is not known: there are %s", name, strings.Join(LimitNames(), ", "))
	}
	digits, unit := text, int64(1)
	for suffix, size := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if before, ok := strings.CutSuffix(text, suffix); ok {
			digits, unit = before, size
		}
	}
	n, err = strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("limit %s %q: must be a number of bytes such as 10240, 64KB or 10MB", name, text)
	}
	return n * unit, nil
}
