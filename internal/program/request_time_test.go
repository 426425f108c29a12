package program

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRequestTime: it is what the time package says.
func TestRequestTime(t *testing.T) {
	const form = "02/Jan/2006:15:04:05 -0700"
	ctx := t.Context()
	var x Exchange // one for all: it keeps the text of the second before
	check := func(t interface {
		Errorf(form string, args ...any)
	}, at time.Time,
	) {
		x.Reset(ctx)
		x.Start = at
		if got, want := string(x.AppendRequestTime([]byte("at "))), "at "+at.UTC().Format(form); got != want {
			t.Errorf("AppendRequestTime() = %q, want %q", got, want)
		}
	}
	for day := time.Date(1890, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2110; day = day.Add(23*time.Hour + 59*time.Minute + 59*time.Second) {
		check(t, day)
	}
	check(t, time.Unix(0, 1))
	check(t, time.Unix(0, 999_999_999)) // of the same second
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
	rapid.Check(t, func(r *rapid.T) { check(r, time.Unix(rapid.Int64Range(first, last).Draw(r, "seconds"), 0)) })
}
