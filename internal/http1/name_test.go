package http1_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// unmarked are fields of which nothing is known.
func unmarked(fields []http1.Field) (out []http1.Field) {
	for i := range fields {
		name, value := fields[i].Parts()
		out = append(out, http1.Field{Name: name, Value: value})
	}
	return out
}

// FuzzMarks states that what is known of fields changes nothing but the work: a
// head is written byte for byte as if nothing were known, and what is not valid
// is refused.
func FuzzMarks(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, []byte("X-A"), []byte("b"))
		f.Add(s, []byte("Content-Length"), []byte("a\tb"))
	}
	f.Add([]byte(browserRequest), []byte("x-amzn-requestid"), []byte("a\r\nb"))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\ncOOKIE: \x80\tb \r\nDate:\r\nA_1:  0123456789abcdef0123456789abcdef\r\n\r\n"), []byte("A b"), []byte("0123456789abcdefg"))
	lim := http1.Limits{}.Defaults()
	f.Fuzz(func(t *testing.T, raw, name, value []byte) {
		var r http1.Request
		if n, err := http1.ParseRequest(&r, raw, &lim); n == 0 || err != nil || len(r.Fields) == 0 {
			return
		}
		made := http1.NewName(string(name))
		ones := []http1.Field{http1.NewField(name, value), made.With(value), made.Instead(&http1.Field{Value: value}), {Name: name, Value: value}}
		for _, one := range ones {
			var kept http1.Field
			rest := http1.CutKept(&kept, append(http1.AppendKept([]byte("x"), &one), raw...)[1:])
			if !bytes.Equal(rest, raw) || !bytes.Equal(kept.Name, name) || !bytes.Equal(kept.Value, value) {
				t.Errorf("%q is kept as %q, before %q", one, kept, rest)
			}
			ones = append(ones, kept)
		}
		for i, one := range ones {
			r := r
			r.Fields = append(slices.Clip(r.Fields), one, made.Instead(&r.Fields[0]))
			plain := r
			plain.Fields = unmarked(r.Fields)
			got, err := http1.AppendRequestHead(nil, &r)
			want, wantErr := http1.AppendRequestHead(nil, &plain)
			if !bytes.Equal(got, want) || err != wantErr {
				t.Errorf("%d: wrote %q, %v; knowing nothing %q, %v", i, got, err, want, wantErr)
			}
			answer := http1.Response{Status: 200, Fields: r.Fields}
			got, err = http1.AppendResponseHead(nil, &answer, nil)
			answer.Fields = plain.Fields
			want, wantErr = http1.AppendResponseHead(nil, &answer, nil)
			if !bytes.Equal(got, want) || err != wantErr {
				t.Errorf("%d: answered %q, %v; knowing nothing %q, %v", i, got, err, want, wantErr)
			}
			for j := range r.Fields {
				if got, want := r.Fields[j].Known(), plain.Fields[j].Known(); got != want {
					t.Errorf("Known of %q = %d, knowing nothing %d", r.Fields[j].Name, got, want)
				}
			}
		}
	})
}

// TestNames: what is made once says what it is, and only what is valid is
// written.
func TestNames(t *testing.T) {
	name := http1.NewName("Content-Type")
	one := name.Own([]byte("text/plain"))
	if one.Known() != http1.ContentType || string(name.Text()) != "Content-Type" || string(one.Name) != "Content-Type" || string(one.Value) != "text/plain" {
		t.Errorf("Own = %q, known as %q", one, one.Known().Lower())
	}
	broken := http1.NewName("A: b\r\nC")
	for _, f := range []http1.Field{broken.Own([]byte("d")), name.With([]byte("\n")), http1.NewField([]byte("A"), []byte("\r")), http1.NewField(nil, nil)} {
		if got, err := http1.AppendResponseHead(nil, &http1.Response{Status: 200, Fields: []http1.Field{f}}, nil); err == nil {
			t.Errorf("wrote %q", got)
		}
	}
}
