package http1

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzWord states that no test of a word trusts a byte that the tables do not,
// below the first that it doubts, and that it doubts nothing that is plain; and
// that the first control character is found where it is.
func FuzzWord(f *testing.F) {
	f.Add(uint64(0x7f1f200d2d5f2f3a), uint64(0x8b402d4a))
	f.Add(uint64(0xaf2d5b7b60402f3a), uint64(0))
	f.Add(uint64(0x7a7a7aff2d417a61), uint64(0))
	f.Fuzz(func(t *testing.T, x, y uint64) {
		control0 := 8
		for i := range 8 {
			if c := byte(x >> (8 * i)); c < ' ' || c == 0x7f {
				control0 = i
				break
			}
		}
		for _, s := range []struct {
			name  string
			doubt uint64
			of    byte
		}{
			{"odd", odd(x), isPlain},
			{"name", strange(x, digits0, digits9, '-'*ones), isPlain},
			{"path", strange(x, path0, path9, underscores), isTarget},
			{"query", strange(x, query0, query9, equals), isTarget},
			{"host", strange(x, digits0, digits9, periods), isHost},
			{"rare", rare(x) & tops, 0},
		} {
			if s.doubt&^tops != 0 {
				t.Errorf("%s(%#x) = %#x, has more than top bits", s.name, x, s.doubt)
			}
			first := bits.TrailingZeros64(s.doubt) >> 3
			for i := range first {
				if c := byte(x >> (8 * i)); s.of != 0 && (class[c]&s.of == 0 || c == '%') || s.of == 0 && (i >= control0 || c >= 0x80) {
					t.Errorf("%s(%#x) takes %q", s.name, x, c)
				}
			}
			if first == 8 {
				continue
			}
			if c := byte(x >> (8 * first)); c == '-' || 'a' <= c|0x20 && c|0x20 <= 'z' || s.of == 0 && ' ' <= c && c < 0x7f {
				t.Errorf("%s(%#x) doubts %q", s.name, x, c)
			}
		}
		if got := bits.TrailingZeros64(control(x)) >> 3; got != control0 {
			t.Errorf("control(%#x) finds byte %d, want %d", x, got, control0)
		}
		same := true
		for i := range 8 {
			a, b := byte(x>>(8*i)), byte(y>>(8*i))
			same = same && (a == b || lower(a) == b)
		}
		if got := sameWord(x, y); got != same {
			t.Errorf("sameWord(%#x, %#x) = %v, want %v", x, y, got, same)
		}
	})
}

// FuzzFields states that the fields of a head are read in runs as they are read
// one by one, wherever it is cut off, and however few or long they may be.
func FuzzFields(f *testing.F) {
	for _, s := range []string{
		"Host: 127.0.0.1:8501\r\n\r\n", "X-Amzn-Trace-Id: Root=1\r\nA", "A:b\r\n\r\n\r\n", "A: \r\n        ", "A: b \r\n        ",
		"A:  b\r\n       ", "Abcdefg: b\tc\r\n       ", "Abcdefgh: 01234567\x7f\r\n", "A_1: 0123456\r\r\n", " a: b\r\n        ", "Abcdefgh: 0123456789\n        ",
		"Accept: */*\r\nContent-Length: 5\r\nX-A: \xff\r\nHost: h\r\nConnection: close\r\nUser-Agent: a/b\r\n\r\nhello",
		"Abcdefg: 0\r\nAbcdefgh: 1\r\nAbcdefghi: 2\r\nAbcdefghijklmno: 3\r\nAbcdefghijklmnop: 4\r\nAbcdefghijklmnopq: 5\r\nAbcdefghijklmnopqrstuvwxyzabcdefg: 6\r\n\r\n",
		"Authorization: " + strings.Repeat("0123456789abcdef", 9) + "\r\nX-Forwarded-For: " + strings.Repeat("0123456789 bcdef", 7) + "\x7f 0123456789abcdef\r\n\r\n",
	} {
		f.Add([]byte(s), uint(0), 10, 100)
		f.Add([]byte("\r\n"+s), uint(2), 2, 9)
	}
	f.Fuzz(func(t *testing.T, b []byte, skip uint, most, budget int) {
		if len(b) == 0 {
			return
		}
		at := int(skip % uint(len(b)))
		for end := at; end <= len(b); end++ {
			for room := range 3 {
				got := head{fields: make([]Field, 0, room*8), most: most & 0xff, budget: budget & 0xfff, length: -1}
				want := got
				n, err := got.parseFields(b[:end], at)
				wantN, wantErr := want.parseOneByOne(b[:end], at)
				if n != wantN || err != wantErr {
					t.Fatalf("parseFields(%q, %d) = %d, %v; one by one %d, %v", b[:end], at, n, err, wantN, wantErr)
				}
				if n == 0 {
					continue
				}
				if !slices.EqualFunc(got.fields, want.fields, sameField) {
					t.Fatalf("fields of %q: %q; one by one %q", b[at:end], got.fields, want.fields)
				}
				got.fields, want.fields = nil, nil
				if d := cmp.Diff(want, got, cmp.AllowUnexported(head{})); d != "" {
					t.Fatalf("head of %q: %s", b[at:end], d)
				}
			}
		}
	})
}

// parseOneByOne is parseFields as simple as it can be.
func (h *head) parseOneByOne(b []byte, at int) (n int, err *Error) {
	for at < len(b) && b[at] != '\r' {
		if len(h.fields) == h.most {
			return 0, errManyFields
		}
		var f Field
		if at, err = parseAnyField(&f, b, at); at == 0 || err != nil {
			return 0, err
		}
		if h.budget -= len(f.Value); h.budget < 0 {
			return 0, errLargeHead
		}
		if err := h.note(&f); err != nil {
			return 0, err
		}
		h.fields = append(h.fields, f)
	}
	if at >= len(b) {
		return 0, nil
	}
	return endOfFields(b, at)
}

func sameField(a, b Field) bool {
	return bytes.Equal(a.Name, b.Name) && bytes.Equal(a.Value, b.Value) && (a.Value == nil) == (b.Value == nil) && a.known == b.known && a.sound == b.sound &&
		cap(a.Name) == len(a.Name) && cap(a.Value) == len(a.Value) // an append to a part must not write into the buffer
}

// FuzzFirstLine states that the lines that are read at once are read as all
// others are, and that a path that was known to be plain splits as any other.
func FuzzFirstLine(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r", "HTTP/1.1 ", "HTTP/1.1\r\n", "HTTP/1.0\r\n", "/a?b=%20", "/a_b/c?d=1&e=%00", "/a/b/../c", "/%2e", "/?", "/a?b_c?d",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var got, want head
		n, err := got.parseStatusLine(b)
		n2, err2 := want.parseAnyStatusLine(b)
		if n != n2 || err != err2 || got.status != want.status || got.minor != want.minor {
			t.Errorf("status line %q: %d, %v, %d; by byte %d, %v, %d", b, n, err, got.status, n2, err2, want.status)
		}
		for _, after := range []byte{' ', '\r'} {
			minor, n, err := parseVersion(b, after)
			minor2, n2, err2 := parseOtherVersion(b, after)
			if minor != minor2 || n != n2 || err != err2 {
				t.Errorf("version %q: %d, %d, %v; by byte %d, %d, %v", b, minor, n, err, minor2, n2, err2)
			}
		}
		for i := range b {
			end := scanWords(b, i, path0, path9, underscores)
			if end < i || end > len(b) || scan(b[:end], i, isTarget) != end || bytes.ContainsAny(b[i:end], "%?") {
				t.Errorf("scanWords(%q, %d) = %d", b, i, end)
			}
		}
		line := slices.Concat([]byte("GET /"), b, []byte(" HTTP/1.1\r\n"))
		var h head
		n, err = h.parseRequestLine(line)
		target := line[len("GET ") : len(line)-len(" HTTP/1.1\r\n")]
		wantPath, wantQuery, wantErr := SplitTarget(target)
		if n == 0 {
			if wantErr == nil {
				t.Errorf("parseRequestLine(%q) = %v", line, err)
			}
			return
		}
		path, query, err := h.splitTarget()
		if n == len(line) && (err != wantErr || !bytes.Equal(path, wantPath) || !bytes.Equal(query, wantQuery) || (query == nil) != (wantQuery == nil)) {
			t.Errorf("target of %q: %q, %q, %v; split %q, %q, %v", line, path, query, err, wantPath, wantQuery, wantErr)
		}
		if cap(path) != len(path) {
			t.Errorf("path of %q: an append would write into the buffer", line)
		}
	})
}

// hops are the fields that IsHop knows.
var hops = []string{
	"te", "host", "expect", "upgrade", "trailer", "connection", "keep-alive", "content-length", "http2-settings",
	"proxy-connection", "transfer-encoding", "proxy-authenticate", "proxy-authorization",
}

// FuzzName states that names are compared as by byte, and that what tells most
// of them apart at once never misses one.
func FuzzName(f *testing.F) {
	for _, name := range append(hops, "date", "age", "x-forwarded-for", "") {
		f.Add([]byte(name), name)
		f.Add(bytes.ToUpper([]byte(name)), name)
		f.Add(append([]byte(name), 'x'), name+"y")
	}
	f.Add([]byte("content\rlength"), "content-length")
	f.Add([]byte("http\x12-settings"), "http2-settings")
	f.Fuzz(func(t *testing.T, name []byte, other string) {
		small := make([]byte, len(name))
		for i, c := range name {
			small[i] = lower(c)
		}
		if got, want := IsHop(name), slices.Contains(hops, string(small)); got != want {
			t.Errorf("IsHop(%q) = %v, want %v", name, got, want)
		}
		known := Other
		for k := Other + 1; k < KnownNames; k++ {
			if string(small) == k.Lower() {
				known = k
			}
		}
		if got := KnownName(name); got != known {
			t.Errorf("KnownName(%q) = %d, want %d", name, got, known)
		}
		if validName(name) && knownToken(name) != known {
			t.Errorf("knownToken(%q) = %d, want %d", name, knownToken(name), known)
		}
		want := len(name) == len(other)
		for i := 0; want && i < len(name); i++ {
			want = name[i] == other[i] || small[i] == other[i]
		}
		if got := EqualFold(name, other); got != want {
			t.Errorf("EqualFold(%q, %q) = %v, want %v", name, other, got, want)
		}
		if !EqualFold(name, string(small)) {
			t.Errorf("EqualFold(%q, %q) = false", name, small)
		}
	})
}

// TestKnownNames: three words are all of a name, and each has a slot to itself.
func TestKnownNames(t *testing.T) {
	for k := Other + 1; k < KnownNames; k++ {
		name := []byte(k.Lower())
		if n := len(name); n == 0 || n > 24 || knownToken(name) != k || knownToken(bytes.ToUpper(name)) != k {
			t.Errorf("%q of %d bytes is known as %q", name, n, knownToken(name).Lower())
		}
	}
}

// FuzzWrite states that the writer trusts nobody: it writes the parts and
// nothing else, or refuses and leaves what was there, and refuses exactly what
// the grammar has no place for.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("GET"), []byte("/a?b=c"), []byte("h:80"), []byte("X-A"), []byte("b"), 0)
	f.Add([]byte("POST"), []byte("/a_b/c.d"), []byte("127.0.0.1:8501"), []byte("X-Amz-Content-Sha256"), []byte("a\tb"), 3)
	f.Add([]byte("GET "), []byte("/ HTTP/1.1\r\n"), []byte("h\r\n"), []byte("A: b\r\nC"), []byte("d\r\n\r\nGET /"), 100)
	f.Fuzz(func(t *testing.T, method, target, host, name, value []byte, room int) {
		if host == nil {
			return // none is written then
		}
		before := append(make([]byte, 0, 1+room&0x3ff), 'x')
		r := Request{Method: method, Target: target, Host: host, KeepAlive: true, Fields: []Field{{Name: name, Value: value}, {Name: []byte("A"), Value: []byte("b")}}}
		got, err := AppendRequestHead(before, &r)
		all := func(b []byte, of byte) bool {
			for _, c := range b {
				if class[c]&of == 0 {
					return false
				}
			}
			return len(b) > 0
		}
		clean := !slices.ContainsFunc(value, func(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f })
		kept := !IsHop(name)
		if valid := all(method, isToken) && all(target, isTarget) && ValidHost(host) && (!kept || all(name, isToken) && clean); valid != (err == nil) {
			t.Fatalf("AppendRequestHead(%q) = %v", got, err)
		}
		if err != nil {
			if string(got) != "x" {
				t.Errorf("a refusal leaves %q", got)
			}
			return
		}
		want := "x" + string(method) + " " + string(target) + " HTTP/1.1\r\nHost: " + string(host) + "\r\n"
		if kept {
			want += string(name) + ": " + string(value) + "\r\n"
		}
		want += "A: b\r\n"
		if wantsLength(method) {
			want += "Content-Length: 0\r\n"
		}
		if want += "\r\n"; string(got) != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
	})
}

// TestWordOf: a word of a string is the word of its bytes.
func TestWordOf(t *testing.T) {
	const s = "content-length"
	if got, want := wordOf(s), binary.LittleEndian.Uint64([]byte(s)); got != want {
		t.Errorf("wordOf(%q) = %#x, want %#x", s, got, want)
	}
}
