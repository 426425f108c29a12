package http1_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// FuzzSplitTarget states that no reader finds a way up in a path that was
// accepted: not after decoding it once, taking backslashes for slashes and
// cutting parameters off; and that the parts are the target's own bytes.
func FuzzSplitTarget(f *testing.F) {
	for _, s := range []string{"/", "/a?b=c", "/..", "/%2e", "/a%2f..%5c", "/a/..;b", "/a//b", "/%252e%252e", "/a?/../%41", "/...", "/%c0%ae"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		path, query, err := http1.SplitTarget([]byte(target))
		if err != nil {
			return
		}
		again := string(path)
		if query != nil {
			again += "?" + string(query)
		}
		if again != target && again+"?" != target {
			t.Fatalf("parts %q and %q are not %q", path, query, target)
		}
		decoded, uerr := url.PathUnescape(string(path))
		if uerr != nil || strings.ContainsAny(decoded, "\x00\r\n") {
			t.Fatalf("path %q decodes to %q, %v", path, decoded, uerr)
		}
		for segment := range strings.SplitSeq(strings.ReplaceAll(decoded, "\\", "/"), "/") {
			if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
				t.Errorf("path %q has the segment %q", path, segment)
			}
		}
		if _, uerr := url.ParseRequestURI(target); uerr != nil {
			t.Errorf("net/url says of %q: %v", target, uerr)
		}
	})
}

// FuzzForward states that nothing of one hop reaches the next, whoever names
// it, and that all else does, in order.
func FuzzForward(f *testing.F) {
	f.Add("Connection: close, X-Hop\nx-hop: 1\nAccept: a")
	f.Add("TE: a\nX_Forwarded_For: 1\nA_B: 1\nA-B: 2\nUpgrade: x")
	f.Fuzz(func(t *testing.T, text string) {
		var in []http1.Field
		named := map[string]bool{}
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			if !http1.ValidField([]byte(name), []byte(value)) {
				continue
			}
			in = append(in, http1.Field{Name: []byte(name), Value: []byte(value)})
			if http1.EqualFold([]byte(name), "connection") {
				for option := range strings.SplitSeq(value, ",") {
					named[strings.ToLower(strings.Trim(option, " \t"))] = true
				}
			}
		}
		out := http1.ForwardFields(nil, in)
		at := 0
		for _, field := range in {
			kept := at < len(out) && string(out[at].Name) == string(field.Name) && string(out[at].Value) == string(field.Value)
			name := strings.ToLower(string(field.Name))
			hop := http1.IsHop(field.Name) || named[name]
			plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
			switch {
			case kept && hop:
				t.Errorf("%q went on", field.Name)
			case !kept && !hop && plain:
				t.Errorf("%q did not go on", field.Name)
			}
			if kept {
				at++
			}
		}
		if at != len(out) {
			t.Errorf("%d fields too many", len(out)-at)
		}
	})
}
