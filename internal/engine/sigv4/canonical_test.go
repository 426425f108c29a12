package sigv4

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPath holds the canonical path to what execute-api and S3 were seen to
// make of a path.
func TestPath(t *testing.T) {
	for _, tt := range []struct{ raw, want, plain, s3 string }{
		{"", "/", "/", "/"},
		{"/", "/", "/", "/"},
		{"/prod/pets", "/prod/pets", "/prod/pets", "/prod/pets"},
		{"/this%20path", "/this%2520path", "/this%2520path", "/this%20path"},
		{"/a b", "/a%20b", "/a%20b", "/a%20b"},
		{"/a%2fb", "/a%252fb", "/a%252fb", "/a%2Fb"},
		{"/a+b", "/a%2Bb", "/a%2Bb", "/a%2Bb"},
		{"/prod/@connections/x=", "/prod/%40connections/x%3D", "/prod/%40connections/x%3D", "/prod/%40connections/x%3D"},
		{"/prod/%40connections/x%3D", "/prod/%2540connections/x%253D", "/prod/%2540connections/x%253D", "/prod/%40connections/x%3D"},
		{"/~a-._", "/~a-._", "/~a-._", "/~a-._"},
		{"/%7Ea%", "/%257Ea%25", "/%257Ea%25", "/~a%25"},
		{"//a///b//", "/a/b/", "//a///b//", "//a///b//"},
		{"/a/./b/../c", "/a/c", "/a/./b/../c", "/a/./b/../c"},
		{"/a/b/..", "/a", "/a/b/..", "/a/b/.."},
		{"/a/.", "/a", "/a/.", "/a/."},
		{"/../../a/", "/a/", "/../../a/", "/../../a/"},
		{"/%2e%2e/a", "/%252e%252e/a", "/%252e%252e/a", "/../a"},
	} {
		for _, one := range []struct {
			want        string
			plain, once bool
		}{{tt.want, false, false}, {tt.plain, true, false}, {tt.s3, true, true}} {
			if got := string(appendPath(nil, []byte(tt.raw), one.plain, one.once)); got != one.want {
				t.Errorf("the path of %q (plain %v, encoded once %v) = %q, want %q", tt.raw, one.plain, one.once, got, one.want)
			}
		}
	}
}

// TestQuery holds the canonical query to its order and encoding.
func TestQuery(t *testing.T) {
	for _, tt := range []struct {
		raw                string
		presigned, without bool
		want               string
	}{
		{"", false, false, ""},
		{"b=2&a=1", false, false, "a=1&b=2"},
		{"a=2&a=1&a", false, false, "a=&a=1&a=2"},
		{"a&a=&&=x", false, false, "=x&a=&a="},
		{"a-b=1&a=2", false, false, "a=2&a-b=1"},
		{"b=1&B=2&%2a=3", false, false, "%2A=3&B=2&b=1"},
		{"a=1+2%2B3%204", false, false, "a=1%2B2%2B3%204"},
		{"a=%zz%4&b=%c3%A4;c=1", false, false, "a=%25zz%254&b=%C3%A4%3Bc%3D1"},
		{"a=x=y", false, false, "a=x%3Dy"},
		{"X-Amz-Signature=1&a=1", false, false, "X-Amz-Signature=1&a=1"},
		{"X-Amz-Signature=1&a=1", true, false, "a=1"},
		{"X-Amz-Signatur%65=1&a=1", true, false, "a=1"},
		{"x-amz-signature=1&a=1", true, false, "a=1&x-amz-signature=1"},
		{"X-Amz-Security-Token=1&a=1", true, false, "X-Amz-Security-Token=1&a=1"},
		{"X-Amz-Security%2DToken=1&a=1", true, true, "a=1"},
	} {
		w := &workspace{}
		if got := string(w.appendQuery(nil, []byte(tt.raw), tt.presigned, tt.without)); got != tt.want {
			t.Errorf("the query of %q = %q, want %q", tt.raw, got, tt.want)
		}
	}
}

// TestCanonical joins and folds what the suites do not.
func TestCanonical(t *testing.T) {
	r := claim("", "X-B: 2", "x-b:  3\t 4 ", "X-B: ", "Host: elsewhere")
	r.Method, r.Host = []byte("get"), []byte("Api.Test:8443")
	w := &workspace{}
	w.canonicalise(r, &Claim{headers: []byte(":authority;host;x-b")}, false, []byte("hash"))
	if got, want := string(w.canonical), "GET\n/\n\n:authority:Api.Test:8443\nhost:Api.Test:8443\nx-b:2,3 4,\n\n:authority;host;x-b\nhash"; got != want {
		t.Errorf("canonical request %q, want %q", got, want)
	}
}

// other is a field of another package.
type other struct{ name, value []byte }

func (o *other) Parts() (name, value []byte) { return o.name, o.value }

func TestAppendFields(t *testing.T) {
	got := AppendFields(nil, []other{{[]byte("a"), []byte("b")}, {[]byte("c"), nil}})
	if want := []Field{{[]byte("a"), []byte("b")}, {[]byte("c"), nil}}; !cmp.Equal(got, want) {
		t.Errorf("AppendFields = %q, want %q", got, want)
	}
}

// TestFromHTTPFields gives back what net/http takes out of a header.
func TestFromHTTPFields(t *testing.T) {
	r := httptest.NewRequest(http.MethodPut, "http://api.test:80/a%2Fb?c", nil)
	r.ContentLength, r.TransferEncoding = 3, []string{"chunked"}
	r.Header.Add("X", "1")
	r.Header.Add("X", "2")
	got := FromHTTP(r, []byte("abc"))
	slices.SortStableFunc(got.Fields, func(a, b Field) int { return slices.Compare(a.Name, b.Name) })
	want := &Request{
		Method: []byte("PUT"), Path: []byte("/a%2Fb"), Query: []byte("c"), Host: []byte("api.test:80"), Body: []byte("abc"),
		Fields: []Field{
			{[]byte("Content-Length"), []byte("3")},
			{[]byte("Transfer-Encoding"), []byte("chunked")},
			{[]byte("X"), []byte("1")},
			{[]byte("X"), []byte("2")},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FromHTTP differs (-want +got):\n%s", diff)
	}
}
