package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
)

// parity: spec/rest-data-plane.md 12.
func TestLimits(t *testing.T) {
	change := func(edit func(*api.Limits)) api.Limits {
		l := api.Limits{
			Payload: 10485760, Headers: 10240, URL: 10240, ARN: 1600, Timeout: 29 * time.Second,
			StreamTime: 15 * time.Minute, StreamIdle: 5 * time.Minute, StreamFree: 10485760, StreamRate: 2097152,
		}
		edit(&l)
		return l
	}
	for _, tt := range []struct {
		name, rules, endpoint string
		tags                  map[string]string
		want                  api.Limits
		problems              string
	}{
		{"as on AWS", "", "REGIONAL", map[string]string{"team": "pets"}, change(func(*api.Limits) {}), ""},
		{"edge", "", "EDGE", nil, change(func(l *api.Limits) { l.URL, l.StreamIdle = 8192, 30*time.Second }), ""},
		{"private", "", "PRIVATE", nil, change(func(l *api.Limits) { l.URL, l.Headers = 8192, 8000 }), ""},
		{"for all", "payload=20MB,timeout=2m", "REGIONAL", nil, change(func(l *api.Limits) { l.Payload, l.Timeout = 20<<20, 2*time.Minute }), ""},
		{"edge keeps its time-out", "timeout=2m", "EDGE", nil, change(func(l *api.Limits) { l.URL, l.StreamIdle = 8192, 30*time.Second }), ""},
		{"edge with a tag", "", "EDGE", map[string]string{"stagedoor:limit:timeout": "3m"}, change(func(l *api.Limits) { l.URL, l.StreamIdle, l.Timeout = 8192, 30*time.Second, 3*time.Minute }), ""},
		{"by tag", "", "REGIONAL", map[string]string{"stagedoor:limit:payload": "1KB", "stagedoor:limit:stream-rate": "1GB"}, change(func(l *api.Limits) { l.Payload, l.StreamRate = 1024, 1<<30 }), ""},
		{"no further than allowed", "payload=20MB..30MB", "REGIONAL", map[string]string{"stagedoor:limit:payload": "1GB"}, change(func(l *api.Limits) { l.Payload = 30 << 20 }), ""},
		{"no further than anybody", "", "REGIONAL", map[string]string{"stagedoor:limit:payload": "1GB", "stagedoor:limit:headers": "1MB", "stagedoor:limit:timeout": "1h"}, change(func(l *api.Limits) {
			l.Payload, l.Headers, l.Timeout = 100<<20, 64<<10, 15*time.Minute
		}), ""},
		{"nonsense", "", "REGIONAL", map[string]string{"stagedoor:limit:payload": "much", "stagedoor:limit:timeout": "-1s", "stagedoor:limit:wishes": "3"}, change(func(*api.Limits) {}), `tag stagedoor:limit:payload: limit payload "much"`},
		{
			"each", "", "REGIONAL",
			map[string]string{
				"stagedoor:limit:payload": "1", "stagedoor:limit:headers": "2", "stagedoor:limit:url": "3", "stagedoor:limit:arn": "4", "stagedoor:limit:timeout": "5s",
				"stagedoor:limit:stream-time": "6s", "stagedoor:limit:stream-idle": "7s", "stagedoor:limit:stream-free": "8", "stagedoor:limit:stream-rate": "9",
			},
			api.Limits{Payload: 1, Headers: 2, URL: 3, ARN: 4, Timeout: 5e9, StreamTime: 6e9, StreamIdle: 7e9, StreamFree: 8, StreamRate: 9},
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules, err := api.ParseLimitRules(strings.FieldsFunc(tt.rules, func(r rune) bool { return r == ',' }))
			if err != nil {
				t.Fatal(err)
			}
			got, problems := rules.For(tt.endpoint, tt.tags)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("For(%s, %v) -want +got\n%s", tt.endpoint, tt.tags, d)
			}
			if (len(problems) > 0) != (tt.problems != "") || len(problems) > 0 && !strings.HasPrefix(problems[0].Error(), tt.problems) {
				t.Errorf("problems = %v, want %q", problems, tt.problems)
			}
		})
	}
}

func TestLimitRulesRefused(t *testing.T) {
	for text, want := range map[string]string{
		"payload":               `limit "payload": must be NAME=VALUE or NAME=VALUE..MOST`,
		"payload=":              `limit payload "": must be a number of bytes such as 10240, 64KB or 10MB`,
		"payload=0":             `limit payload "0": must be a number of bytes such as 10240, 64KB or 10MB`,
		"payload=-1":            `limit payload "-1": must be a number of bytes such as 10240, 64KB or 10MB`,
		"payload=1e9GB":         `limit payload "1e9GB": must be a number of bytes such as 10240, 64KB or 10MB`,
		"payload=99999999999GB": `limit payload "99999999999GB": must be a number of bytes such as 10240, 64KB or 10MB`,
		"payload=2MB..1MB":      `limit "payload=2MB..1MB": 2MB is more than 1MB`,
		"payload=2MB..all":      `limit payload "all": must be a number of bytes such as 10240, 64KB or 10MB`,
		"timeout=29":            `limit timeout "29": must be a duration such as 29s`,
		"wishes=3":              `limit "wishes" is not known: there are payload, headers, url, arn, timeout, stream-time, stream-idle, stream-free, stream-rate`,
	} {
		if _, err := api.ParseLimitRules([]string{text}); err == nil || err.Error() != want {
			t.Errorf("ParseLimitRules(%q) = %v, want %s", text, err, want)
		}
	}
}

// Whatever operator and API say, every limit is more than 0, and what a tag
// says goes no further than the operator allows.
func FuzzLimits(f *testing.F) {
	f.Add("payload=20MB..30MB", "payload", "1GB")
	f.Add("timeout=1s..2s", "timeout", "1h")
	f.Add("headers=1..", "url", "0KB")
	f.Fuzz(func(t *testing.T, rule, name, tag string) {
		rules, err := api.ParseLimitRules([]string{rule})
		if err != nil {
			rules = api.LimitRules{}
		}
		l, _ := rules.For("REGIONAL", map[string]string{api.LimitTag + name: tag})
		for limit, n := range map[string]int64{
			"payload": l.Payload, "headers": l.Headers, "url": l.URL, "arn": l.ARN, "timeout": int64(l.Timeout), "stream-time": int64(l.StreamTime),
			"stream-idle": int64(l.StreamIdle), "stream-free": l.StreamFree, "stream-rate": l.StreamRate,
		} {
			if n <= 0 || n > rules.Most(limit) {
				t.Errorf("%q, tag %s=%q: %s is %d, at most %d", rule, name, tag, limit, n, rules.Most(limit))
			}
		}
	})
}
