package step

import (
	"bytes"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
)

func TestMethodARN(t *testing.T) {
	for _, tt := range []struct{ path, want string }{
		{"/", "p/GET/"},
		{"/admin", "p/GET/admin"},
		{"/admin/", "p/GET/admin"},
		{"/%61dmin", "p/GET/admin"},
		{"/%7Eann%2fx", "p/GET/~ann%2Fx"},
		{"/*", "p/GET/%2A"},
		{"/%2a", "p/GET/%2A"},
		{"/a%3Fb%24%7bx%7D", "p/GET/a%3Fb%24%7Bx%7D"},
		{"/$%7Baws:SourceIp%7D", "p/GET/$%7Baws:SourceIp%7D"},
		{"/%E4%B8%AD", "p/GET/%E4%B8%AD"},
		{"/%2561", "p/GET/%2561"},
	} {
		x := &program.Exchange{Method: []byte("GET"), Path: []byte(tt.path)}
		if got := string(methodARN(x, []byte("p/"))); got != tt.want {
			t.Errorf("methodARN(%s) = %s, want %s", tt.path, got, tt.want)
		}
	}
}

// FuzzMethodARN states that no path makes an ARN that is a pattern, and that the
// spelling of an ARN is its own.
func FuzzMethodARN(f *testing.F) {
	f.Add([]byte("/a%2f*/%7b$"))
	f.Fuzz(func(t *testing.T, path []byte) {
		for i := range path {
			if path[i] == '%' && (i+2 >= len(path) || bytes.IndexByte([]byte("0123456789abcdefABCDEF"), path[i+1]) < 0 || bytes.IndexByte([]byte("0123456789abcdefABCDEF"), path[i+2]) < 0) {
				t.Skip("refused before")
			}
		}
		if bytes.ContainsAny(path, "?{}") {
			t.Skip("no path has these")
		}
		once := appendOneSpelling(nil, path)
		if bytes.ContainsAny(once, "*?{}") {
			t.Errorf("%q makes a pattern: %q", path, once)
		}
		if twice := appendOneSpelling(nil, once); !bytes.Equal(once, twice) {
			t.Errorf("%q becomes %q, then %q", path, once, twice)
		}
	})
}
