package transporttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// judge tells which outcome a run had, -1 if none, and then why not.
func (c smuggling) judge(got seen) (n int, problems []string) {
	for i, o := range c.Outcomes {
		err := o.match(got)
		if err == nil {
			return i, nil
		}
		problems = append(problems, fmt.Sprintf("outcome %d: %v", i, err))
	}
	return -1, problems
}

func (o outcome) match(got seen) error {
	if err := o.matchForwarded(got.forwarded); err != nil {
		return err
	}
	if o.Status == "wait" && len(got.answers) == 0 {
		return nil // it may be waiting still
	}
	if o.Close && !got.closed {
		return errors.New("the connection is still open")
	}
	if !got.closed && !got.followed {
		return errors.New("GET /b was not answered and the connection is open")
	}
	return o.matchAnswers(got)
}

func (o outcome) matchAnswers(got seen) error {
	var final []answer
	var interim []int
	for _, a := range got.answers {
		if a.status >= 100 && a.status < 200 {
			interim = append(interim, a.status)
		} else {
			final = append(final, a)
		}
		if slices.Contains(o.NotStatus, a.status) {
			return fmt.Errorf("status %d", a.status)
		}
	}
	for _, want := range o.Interim {
		if !slices.Contains(interim, want) {
			return fmt.Errorf("no interim answer %d", want)
		}
	}
	if o.NoInterim && len(interim) > 0 {
		return fmt.Errorf("interim answers %v", interim)
	}
	if len(final) == 0 {
		if o.Status == "wait" {
			return nil
		}
		return errors.New("no answer")
	}
	for _, name := range o.ResponseAbsent {
		if final[0].header.Get(name) != "" {
			return fmt.Errorf("answer has %s", name)
		}
	}
	return o.matchStatus(final)
}

func (o outcome) matchStatus(final []answer) error {
	switch want := o.Status.(type) {
	case string:
		switch want {
		case "backend":
			for i := range o.Forwarded {
				if i >= len(final) || !final[i].backend || final[i].broken != "" {
					return fmt.Errorf("answer %d is not the upstream's", i)
				}
			}
			return nil
		case "wait":
			if final[0].status == 408 || final[0].status == 400 {
				return nil
			}
		}
		return fmt.Errorf("status %d, want %s", final[0].status, want)
	case []any:
		for _, code := range want {
			if n, ok := code.(float64); ok && int(n) == final[0].status && !final[0].backend {
				return nil
			}
		}
		return fmt.Errorf("status %d (upstream's: %v), want one of %v", final[0].status, final[0].backend, want)
	}
	return fmt.Errorf("outcome has status %v", o.Status)
}

func (o outcome) matchForwarded(got []Received) error {
	if len(got) != len(o.Forwarded) {
		return fmt.Errorf("upstream got %d requests, want %d", len(got), len(o.Forwarded))
	}
	for i, want := range o.Forwarded {
		if err := want.match(got[i]); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
	}
	return nil
}

func (f forwarded) match(got Received) error {
	path, query, _ := strings.Cut(got.Target, "?")
	for _, m := range []struct {
		what string
		want *string
		got  string
	}{
		{"path", f.Path, path},
		{"target", f.Target, got.Target},
		{"query", f.Query, query},
		{"method", f.Method, got.Method},
		{"body", f.Body, got.Body},
	} {
		if m.want != nil && *m.want != m.got {
			return fmt.Errorf("%s %q, want %q", m.what, m.got, *m.want)
		}
	}
	for name, want := range f.Headers {
		if values := got.Get(name); len(values) != 1 || values[0] != want && !(name == "Host" && want == "api.test") {
			return fmt.Errorf("%s %q, want %q", name, values, want)
		}
	}
	for _, name := range f.Absent {
		name, value, exact := strings.Cut(name, ": ")
		for _, v := range got.Get(name) {
			if !exact || v == value {
				return fmt.Errorf("%s: %s is there", name, v)
			}
		}
	}
	return nil
}
