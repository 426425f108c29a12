package sigv4

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// The form of times and how much of it is the date.
const (
	stampForm = "20060102T150405Z"
	dateLen   = len("20060102")
)

// takeDate reads the time of the signature: ISO 8601 in its basic form, or in
// a Date field that of HTTP.
func (c *Claim) takeDate(text []byte, inDate bool) error {
	at, ok := parseStamp(text)
	if !ok && inDate {
		var err error
		at, err = http.ParseTime(string(text))
		ok = err == nil
	}
	if !ok {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '" + printable(text) + "'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	c.Time = at.UTC()
	c.Time.AppendFormat(c.stamp[:0], stampForm)
	return nil
}

// printable is a text of the client's, cut short and without what does not
// belong into a message.
func printable(text []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '\'' {
			return '?'
		}
		return r
	}, text[:min(len(text), 40)]))
}

// parseStamp reads 20060102T150405Z, and nothing else.
func parseStamp(s []byte) (time.Time, bool) {
	if len(s) != len(stampForm) || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	number := func(from, to int) int {
		n := 0
		for _, c := range s[from:to] {
			if c < '0' || c > '9' {
				return -1 << 20
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(4, 6), number(6, 8)
	hour, minute, second := number(9, 11), number(11, 13), number(13, 15)
	if year < 1 || month < 1 || month > 12 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return time.Time{}, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return at, at.Day() == day
}

// checkScope says all that is wrong with the scope at once.
// parity: spec/security.md 1.6
func (c *Claim) checkScope(want *Expect) error {
	text := ""
	say := func(sentence string) {
		if text != "" && text[len(text)-1] != ' ' {
			text += " "
		}
		text += sentence
	}
	if !c.regionFits(want.Region) {
		say("Credential should be scoped to a valid region.")
	}
	if want.Service != "" && string(c.service) != want.Service {
		say("Credential should be scoped to correct service: '" + want.Service + "'. ")
	}
	if end := c.scope[bytes.LastIndexByte(c.scope, '/')+1:]; string(end) != "aws4_request" {
		say("Credential should be scoped with a valid terminator: 'aws4_request', not '" + string(end) + "'.")
	}
	if day := c.stamp[:dateLen]; !bytes.Equal(c.date, day) {
		say("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			string(c.date) + "' != '" + string(day) + "', from '" + string(c.stamp[:]) + "'.")
	}
	if text != "" {
		return mismatch(text)
	}
	return nil
}

// regionFits reports whether the signature holds in a region. Version 4A names
// a set of them, with wildcards.
func (c *Claim) regionFits(region string) bool {
	if region == "" {
		return true
	}
	if !c.Asymmetric {
		return string(c.region) == region
	}
	for rest := c.regions; len(rest) > 0; {
		var one []byte
		one, rest, _ = bytes.Cut(rest, []byte{','})
		if one = bytes.TrimSpace(one); bytes.Count(one, []byte{'*'}) <= 1 && glob(one, region) {
			return true
		}
	}
	return false
}

// glob matches a pattern with at most one '*'.
func glob(pattern []byte, s string) bool {
	before, after, star := bytes.Cut(pattern, []byte{'*'})
	if !star {
		return string(pattern) == s
	}
	return len(s) >= len(before)+len(after) && s[:len(before)] == string(before) && s[len(s)-len(after):] == string(after)
}

// maxExpires is how long a signature in the query may hold, in seconds.
const maxExpires = 604_800

// checkTime holds the time of the signature to the clock. Both ends are within
// the window.
// parity: spec/security.md 1.6 and 1.7
func (c *Claim) checkTime(expires []byte, want *Expect, now time.Time) error {
	skew := want.skew()
	life := skew
	if c.Presigned && expires != nil {
		n, err := strconv.ParseUint(string(expires), 10, 32)
		switch {
		case err != nil || expires[0] == '+':
			return incomplete("X-Amz-Expires should be a number")
		case n == 0:
			return incomplete("X-Amz-Expires must be positive")
		case n > maxExpires:
			return incomplete("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
		}
		life = time.Duration(n) * time.Second
	}
	now = now.UTC().Truncate(time.Second)
	form := func(at time.Time) string { return at.Format(stampForm) }
	if oldest := now.Add(-life); c.Time.Before(oldest) {
		return mismatch("Signature expired: " + form(c.Time) + " is now earlier than " + form(oldest) + " (" + form(now) + " - " + spell(life) + ")")
	}
	if newest := now.Add(skew); c.Time.After(newest) {
		return mismatch("Signature not yet current: " + form(c.Time) + " is still later than " + form(newest) + " (" + form(now) + " + " + spell(skew) + ")")
	}
	return nil
}

// spell writes a duration in whole minutes, where it is one.
func spell(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + " min."
	}
	return strconv.Itoa(int(d/time.Second)) + " sec."
}
