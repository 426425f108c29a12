package sigv4

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// TestFromHTTP verifies what comes over a real connection.
func TestFromHTTP(t *testing.T) {
	var v Verifier
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		req := FromHTTP(r, body)
		c, err := Read(req, &Expect{Region: "eu-central-1", Service: "apigateway"}, signedAt)
		if err == nil {
			err = v.Check(req, &c, &Credential{Secret: testSecret, Token: []byte("token")}, signedAt)
		}
		if err != nil {
			w.WriteHeader(Status)
			fmt.Fprint(w, err)
		}
	}))
	defer srv.Close()
	for _, target := range []string{"/restapis", "/tags/arn%3Aaws%3Aapigateway%3A%3A%2Frestapis?b=%2F&a=1+2", "/v2/apis?x"} {
		for _, body := range []string{"", `{"name":"x"}`} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+target, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			cred := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: "token"}
			line, _ := (&Claim{}).payloadLine(&Request{Body: []byte(body)}, make([]byte, 64))
			if err := v4.NewSigner().SignHTTP(t.Context(), cred, r, string(line), "apigateway", "eu-central-1", signedAt); err != nil {
				t.Fatal(err)
			}
			answer, err := srv.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			said, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.StatusCode != 200 {
				t.Errorf("%s %q: %d %s", target, body, answer.StatusCode, said)
			}
		}
	}
}

// TestExplain shows what should have been signed, without tokens.
func TestExplain(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "api.test", Path: "/p", RawQuery: "q=1"}
	r := &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{"Cookie": {"sid=s3cret"}, "X-Api-Key": {"k3y"}, "X-Other": {"shown"}}}
	for _, presign := range []bool{false, true} {
		signed, _ := sign(t, r.Clone(t.Context()), nil, "t0ken/+", presign)
		c, err := Read(signed, &Expect{}, signedAt)
		if err != nil {
			t.Fatal(err)
		}
		v := Verifier{Explain: true}
		err = v.Check(signed, &c, &Credential{Secret: "another", Token: []byte("t0ken/+")}, signedAt)
		if err == nil {
			t.Fatal("another secret is verified")
		}
		for _, want := range []string{
			mismatchText + "\n\nThe Canonical String for this request should have been\n'GET\n/p\n", "\ncookie:***\n", "\nx-api-key:***\n", "\nx-other:shown\n",
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260809T101112Z\n20260809/eu-central-1/execute-api/aws4_request\n",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q lacks %q", err, want)
			}
		}
		for _, secret := range []string{"s3cret", "k3y", "t0ken"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q shows %q", err, secret)
			}
		}
	}
}

// TestKeyRing keeps what is used, forgets what is not, and never a key whose
// secret has changed.
func TestKeyRing(t *testing.T) {
	var ring keyRing
	get := func(id, secret string) *signingKey {
		t.Helper()
		key, err := ring.key(&Claim{AccessKey: []byte(id), date: []byte("20260809"), region: []byte("r"), service: []byte("s")}, secret)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	first := get("used", "a")
	if get("used", "a") != first {
		t.Error("a key is derived twice")
	}
	if changed := get("used", "b"); changed == first || get("used", "b") != changed {
		t.Error("a changed secret does not replace its key for good")
	}
	kept, dropped := get("used", "b"), get("unused", "a")
	for i := range 3 * maxKeys {
		get(fmt.Sprint(i), "x")
		if get("used", "b") != kept {
			t.Fatalf("a key in use is gone after %d others", i)
		}
	}
	if n := len(ring.young) + len(ring.old); n > maxKeys {
		t.Errorf("%d keys are kept, want at most %d", n, maxKeys)
	}
	if get("unused", "a") == dropped {
		t.Error("a key that nobody uses is kept")
	}
}

// TestTogether verifies from many goroutines with one Verifier.
func TestTogether(t *testing.T) {
	var v Verifier
	var wait sync.WaitGroup
	for n := range 8 {
		u := &url.URL{Scheme: "https", Host: "api.test", Path: fmt.Sprint("/", n)}
		signed, _ := sign(t, &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}, nil, "", n%2 == 0)
		wait.Go(func() {
			for range 200 {
				c, err := Read(signed, &Expect{}, signedAt)
				if err == nil {
					err = v.Check(signed, &c, &Credential{Secret: testSecret}, signedAt)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

// TestChunks replays the two examples of Amazon's S3 reference.
func TestChunks(t *testing.T) {
	at := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	data := []byte(strings.Repeat("a", 66560))
	for _, tt := range []struct {
		declared, headers, seed string
		more                    []string
		chunks                  []string
		trailer                 string
	}{
		{
			streamingPayload, "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
			"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
			[]string{"Content-Length: 66824"},
			[]string{"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"},
			"",
		},
		{
			streamingTrailer, "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
			[]string{"X-Amz-Trailer: x-amz-checksum-crc32c"},
			[]string{"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"},
			"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
		},
	} {
		r := claim("", append(tt.more, "X-Amz-Date: 20130524T000000Z", "X-Amz-Storage-Class: REDUCED_REDUNDANCY", "Content-Encoding: aws-chunked",
			"X-Amz-Content-Sha256: "+tt.declared, "X-Amz-Decoded-Content-Length: 66560",
			"Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="+tt.headers+",Signature="+tt.seed)...)
		r.Method, r.Path, r.Host = []byte("PUT"), []byte("/examplebucket/chunkObject.txt"), []byte("s3.amazonaws.com")
		want := &Expect{Region: "us-east-1", Service: "s3", PlainPath: true, EncodedOnce: true, UnsignedBody: true}
		c, err := Read(r, want, at)
		if err != nil {
			t.Fatal(err)
		}
		var v Verifier
		key := &Credential{Secret: testSecret}
		if err := v.Check(r, &c, key, at); err != nil {
			t.Errorf("%s: the seed: %v", tt.declared, err)
		}
		chunks, err := v.Chunks(&c, key)
		if err != nil || chunks == nil {
			t.Fatalf("Chunks = %v, %v", chunks, err)
		}
		for i, part := range [][]byte{data[:65536], data[65536:], nil} {
			if err := chunks.Data(part, []byte(tt.chunks[i])); err != nil {
				t.Errorf("%s: chunk %d: %v", tt.declared, i, err)
			}
		}
		if tt.trailer != "" {
			if err := chunks.Trailer([]byte("x-amz-checksum-crc32c:sOO8/Q==\n"), []byte(tt.trailer)); err != nil {
				t.Errorf("the trailer: %v, want it signed %s", err, chunks.last)
			}
		}
		if err := chunks.Data(nil, []byte(tt.chunks[2])); err == nil {
			t.Error("a chunk is taken twice")
		}
	}
}

// TestUnsigned takes bodies that are not signed where that is allowed.
func TestUnsigned(t *testing.T) {
	const declared = "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD"
	want := &Expect{UnsignedBody: true}
	for _, r := range []*Request{
		claim("", "Authorization: "+whole, "X-Amz-Date: 20260809T101112Z", declared),
		claim(wholeQ),
	} {
		c, err := Read(r, want, signedAt)
		if err != nil {
			t.Fatal(err)
		}
		r.Body = []byte("anything")
		w := &workspace{}
		payload, ok := c.payloadLine(r, make([]byte, 64))
		w.write(r, &c, false, payload)
		if !ok || !strings.HasSuffix(string(w.canonical), "\nUNSIGNED-PAYLOAD") {
			t.Errorf("canonical request %q, want it to end in UNSIGNED-PAYLOAD", w.canonical)
		}
	}
	r := claim("", "Authorization: "+whole, "X-Amz-Date: 20260809T101112Z")
	if c, err := Read(r, want, signedAt); err != nil || c.unsigned {
		t.Errorf("a header that says nothing of the body does not sign it: %v", err)
	}
	var v Verifier
	c := Claim{payload: []byte(unsignedPayload)}
	if chunks, err := v.Chunks(&c, &Credential{}); chunks != nil || err != nil {
		t.Errorf("Chunks = %v, %v for a body without any", chunks, err)
	}
}
