package sigv4

import (
	"net/http"
	"net/url"
	"testing"
)

// Allocations of one verified request whose key is known.
const (
	headerAllocs = 0
	queryAllocs  = 1 // values of the query, decoded
)

func typical(t testing.TB, presign bool) *Request {
	t.Helper()
	u := &url.URL{Scheme: "https", Host: "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", Path: "/prod/pets/a1b2", RawQuery: "limit=20&after=x%2Fy"}
	header := http.Header{
		"Content-Type": {"application/json"}, "Accept": {"*/*"}, "X-Request-Id": {"0d1c"}, "User-Agent": {"aws-sdk-go-v2/1.47.7 os/linux lang/go#1.26"},
	}
	body := []byte(`{"name":"Rex","kind":"dog","owner":{"id":17,"name":"Anna"},"tags":["a","b"]}`)
	r := &http.Request{Method: "POST", URL: u, Host: u.Host, Header: header, ContentLength: int64(len(body))}
	signed, _ := sign(t, r, body, "IQoJb3JpZ2luX2VjEJr//////////wEaDGV1LWNlbnRyYWwtMSJHMEUCIQDsomething", presign)
	return signed
}

func verifyTypical(t testing.TB, v *Verifier, r *Request, key *Credential) {
	c, err := Read(r, &Expect{Region: "eu-central-1", Service: "execute-api"}, signedAt)
	if err == nil {
		err = v.Check(r, &c, key, signedAt)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestAllocs holds BenchmarkVerify to its promise in every test run.
func TestAllocs(t *testing.T) {
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	for presign, most := range map[bool]float64{false: headerAllocs, true: queryAllocs} {
		r := typical(t, presign)
		var v Verifier
		key := &Credential{Secret: testSecret, Token: []byte("IQoJb3JpZ2luX2VjEJr//////////wEaDGV1LWNlbnRyYWwtMSJHMEUCIQDsomething")}
		if got := testing.AllocsPerRun(1000, func() { verifyTypical(t, &v, r, key) }); got > most {
			t.Errorf("verifying (in the query: %v) allocates %v times, want at most %v", presign, got, most)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	for name, presign := range map[string]bool{"header": false, "query": true} {
		b.Run(name, func(b *testing.B) {
			r := typical(b, presign)
			var v Verifier
			key := &Credential{Secret: testSecret, Token: []byte("IQoJb3JpZ2luX2VjEJr//////////wEaDGV1LWNlbnRyYWwtMSJHMEUCIQDsomething")}
			b.ReportAllocs()
			for b.Loop() {
				verifyTypical(b, &v, r, key)
			}
		})
	}
}
