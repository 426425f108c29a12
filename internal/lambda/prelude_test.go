package lambda_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

const nuls = "\x00\x00\x00\x00\x00\x00\x00\x00"

func TestReadPrelude(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     lambda.Prelude
		rest     string
		bad      bool
	}{
		{"everything", `{"statusCode":201,"headers":{"a":"b"},"multiValueHeaders":{"c":["d","e"]},"cookies":["f=g"]}` + nuls + "rest", lambda.Prelude{
			StatusCode: 201, Headers: map[string]string{"a": "b"},
			MultiValueHeaders: map[string][]string{"c": {"d", "e"}}, Cookies: []string{"f=g"},
		}, "rest", false},
		{"nothing", "{}" + nuls, lambda.Prelude{}, "", false},
		{"unknown members", `{"x":[1],"statusCode":204}` + nuls + "y", lambda.Prelude{StatusCode: 204}, "y", false},
		{"scalars", `{"headers":{"content-length":5,"x":true,"n":null}}` + nuls, lambda.Prelude{Headers: map[string]string{"content-length": "5", "x": "true", "n": ""}}, "", false},
		{"payload of NULs", "{}" + nuls + nuls, lambda.Prelude{}, nuls, false},
		{"payload larger than a prelude", "{}" + nuls + strings.Repeat("x", 40<<10), lambda.Prelude{}, strings.Repeat("x", 40<<10), false},
		{"the last byte that may be", "{" + strings.Repeat(" ", 16<<10-2-8) + "}" + nuls + "z", lambda.Prelude{}, "z", false},
		{"one byte late", "{" + strings.Repeat(" ", 16<<10-1-8) + "}" + nuls, lambda.Prelude{}, "", true},
		{"no delimiter", "{}", lambda.Prelude{}, "", true},
		{"seven NULs", "{}" + nuls[1:] + "x", lambda.Prelude{}, "", true},
		{"empty", "", lambda.Prelude{}, "", true},
		{"only the delimiter", nuls + "x", lambda.Prelude{}, "", true},
		{"no object", "[]" + nuls, lambda.Prelude{}, "", true},
		{"null", "null" + nuls, lambda.Prelude{}, "", true},
		{"bad JSON", "{" + nuls, lambda.Prelude{}, "", true},
		{"status is text", `{"statusCode":"200"}` + nuls, lambda.Prelude{}, "", true},
		{"header is a list", `{"headers":{"a":["b"]}}` + nuls, lambda.Prelude{}, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, in := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
				got, rest, err := lambda.ReadPrelude(in)
				if tt.bad {
					if !errors.Is(err, lambda.ErrPrelude) {
						t.Fatalf("error %v, want ErrPrelude", err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				if b, err := io.ReadAll(rest); err != nil || string(b) != tt.rest {
					t.Errorf("rest is %d bytes (%v), want %d", len(b), err, len(tt.rest))
				}
			}
		})
	}
}

// A stream's own error is passed on as it is.
func TestReadPreludeOfBrokenStream(t *testing.T) {
	broken := errors.New("broken")
	_, _, err := lambda.ReadPrelude(io.MultiReader(strings.NewReader("{}"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

// A prelude does not wait for bytes that it does not need.
func TestReadPreludeIsPrompt(t *testing.T) {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := w.Write([]byte("{}" + nuls))
		done <- err
	}()
	if _, _, err := lambda.ReadPrelude(r); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// FuzzReadPrelude: what is accepted is a JSON object, then eight NULs, then all
// the rest; how the bytes arrive makes no difference.
func FuzzReadPrelude(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":1}}` + nuls + "rest"))
	f.Add([]byte("{}" + nuls + nuls + "\x00"))
	f.Add([]byte("{} \x00"))
	f.Add([]byte("{}\v" + nuls)) // not white space of JSON
	f.Fuzz(func(t *testing.T, in []byte) {
		p, rest, err := lambda.ReadPrelude(bytes.NewReader(in))
		q, slow, err2 := lambda.ReadPrelude(iotest.HalfReader(bytes.NewReader(in)))
		if (err == nil) != (err2 == nil) || !cmp.Equal(p, q) {
			t.Fatalf("%v, %v at once but %v, %v by and by", p, err, q, err2)
		}
		if err != nil {
			return
		}
		b, err := io.ReadAll(rest)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := io.ReadAll(slow); err != nil || !bytes.Equal(b, c) {
			t.Fatalf("rest %q at once but %q by and by, %v", b, c, err)
		}
		head := in[:len(in)-len(b)]
		text, ok := bytes.CutSuffix(head, []byte(nuls))
		if !ok || !json.Valid(text) || !bytes.HasSuffix(in, b) || len(head) > 16<<10 {
			t.Fatalf("accepted the head %q", head)
		}
	})
}
