package sigv4

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared is a folder of the conformance data, which is no part of the
// repository; the test is skipped where it is not there.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("STAGEDOOR_SHARED")
	for at := "."; dir == ""; at = filepath.Join(at, "..") {
		if _, err := os.Stat(filepath.Join(at, "shared", "conformance")); err == nil {
			dir = filepath.Join(at, "shared")
		}
		if full, err := filepath.Abs(at); err != nil || full == filepath.Dir(full) {
			break
		}
	}
	if dir == "" {
		t.Skip("no shared folder beside the repository and STAGEDOOR_SHARED is not set")
	}
	return filepath.Join(dir, "conformance", "sigv4", name)
}

func read(t testing.TB, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// parse reads a raw request as the suites write it: folded lines, bytes in the
// target that HTTP does not allow, and line feeds alone.
func parse(t testing.TB, raw string) *Request {
	t.Helper()
	head, body, _ := strings.Cut(strings.ReplaceAll(raw, "\r\n", "\n"), "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	method, target, ok1 := strings.Cut(lines[0], " ")
	end := strings.LastIndex(target, " HTTP/")
	if !ok1 || end < 0 {
		t.Fatalf("%q is no request", raw)
	}
	path, query, _ := strings.Cut(target[:end], "?")
	r := &Request{Method: []byte(method), Path: []byte(path), Query: []byte(query), Body: []byte(body)}
	for _, line := range lines[1:] {
		if line[0] == ' ' || line[0] == '\t' {
			last := &r.Fields[len(r.Fields)-1]
			last.Value = append(append(bytes.Clone(last.Value), ' '), strings.TrimSpace(line)...)
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		r.Fields = append(r.Fields, Field{[]byte(name), []byte(strings.TrimSpace(value))})
		if strings.EqualFold(name, "host") {
			r.Host = []byte(strings.TrimSpace(value))
		}
	}
	return r
}
