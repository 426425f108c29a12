package http1_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/http1"
)

type llhttpCase struct {
	Name, Mode, Verdict, Reason, Note, ServerMay string
	Raw                                          []byte
	Messages                                     int
	Incomplete, HasHost                          bool
}

// differs names the cases in which the codec deliberately leaves llhttp's
// verdict, and why.
var differs = map[string]string{
	"invalid: Invalid method":                                                             "any token is a method; the router knows which there are",
	"invalid: HTTP protocol and ANNOUNCE method":                                          "any token is a method; the router knows which there are",
	"uri: Underscore in hostname":                                                         "CONNECT: a gateway is no tunnel",
	"transfer-encoding: POST with `chunked` as last transfer-encoding":                    "501: nothing here decodes deflate; and the target has a fragment",
	"transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)": "the same",
}

// TestLLHTTP runs the request cases of the parser of Node.js, which were made
// from years of reports.
func TestLLHTTP(t *testing.T) {
	var cases []llhttpCase
	conformance(t, "http1/llhttp.json", &cases)
	lim := http1.Limits{}.Defaults()
	ran := 0
	for _, c := range cases {
		raw := withHost(c)
		whole, open, err := readAll([][]byte{raw}, &lim)
		split, splitOpen, splitErr := readAll(everyByte(raw), &lim)
		if d := cmp.Diff(whole, split); d != "" || open != splitOpen || err != splitErr {
			t.Errorf("%s: one piece and single bytes differ: %v, %v\n%s", c.Name, err, splitErr, d)
		}
		if c.Mode != "strict" {
			continue // leniences are not for a server; the law above holds for them too
		}
		ran++
		refused := err != nil
		switch {
		case c.Verdict == "reject" && !refused && len(whole) > c.Messages && differs[c.Name] == "":
			t.Errorf("%s: accepted as %+v, want refused: %s", c.Name, whole, c.Reason)
		case c.Verdict == "accept" && refused && c.ServerMay == "" && differs[c.Name] == "" && len(whole) < c.Messages:
			t.Errorf("%s: refused with %v, want accepted\n%q", c.Name, err, raw)
		case c.Verdict == "accept" && !refused && len(whole) < c.Messages:
			t.Errorf("%s: read %d messages, want %d\n%q", c.Name, len(whole), c.Messages, raw)
		}
	}
	if ran < 120 {
		t.Errorf("ran %d strict cases, want all 123", ran)
	}
}

// withHost adds the Host line that the cases leave out.
func withHost(c llhttpCase) []byte {
	if c.HasHost {
		return c.Raw
	}
	host := "example.com"
	if m := regexp.MustCompile(`^GET http://([^/? ]*)`).FindSubmatch(c.Raw); m != nil {
		host = string(m[1])
	}
	host = strings.ReplaceAll(host, "$", "$$")
	line := regexp.MustCompile(`(?m)^(\S+ \S+ HTTP/1\.1\r\n)`)
	return line.ReplaceAll(c.Raw, []byte("${1}Host: "+host+"\r\n"))
}
