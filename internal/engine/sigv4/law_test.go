package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/logging"
)

var signedAt = time.Date(2026, 8, 9, 10, 11, 12, 0, time.UTC)

const (
	testKey    = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// wire is a request as a server gets it from a client of net/http.
func wire(r *http.Request, body []byte) *Request {
	out := &Request{
		Method: []byte(r.Method), Path: []byte(r.URL.EscapedPath()), Query: []byte(r.URL.RawQuery),
		Host: []byte(r.Host), Body: body,
	}
	for name, values := range r.Header {
		if strings.EqualFold(name, "host") || strings.EqualFold(name, "content-length") {
			continue
		}
		for _, v := range values {
			out.Fields = append(out.Fields, Field{[]byte(name), []byte(v)})
		}
	}
	if len(body) > 0 {
		out.Fields = append(out.Fields, Field{[]byte("Content-Length"), fmt.Append(nil, len(body))})
	}
	return out
}

// sign lets AWS's SDK sign a request, and gives it as a server gets it,
// with the canonical request that the SDK made.
func sign(t testing.TB, r *http.Request, body []byte, token string, presign bool) (signed *Request, canonical string) {
	t.Helper()
	logger := logging.LoggerFunc(func(_ logging.Classification, _ string, v ...any) { canonical = fmt.Sprint(v[0]) })
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.LogSigning, o.Logger = true, logger })
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	cred := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: token}
	if !presign {
		if err := signer.SignHTTP(context.Background(), cred, r, hash, "execute-api", "eu-central-1", signedAt); err != nil {
			t.Fatal(err)
		}
		return wire(r, body), canonical
	}
	uri, header, err := signer.PresignHTTP(context.Background(), cred, r, hash, "execute-api", "eu-central-1", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return wire(&http.Request{Method: r.Method, URL: u, Host: r.Host, Header: header}, body), canonical
}

// FuzzSDK states a law: whatever AWS's SDK signs is verified here, and the
// canonical request made from what goes over the wire is the SDK's own. Change one
// octet of it, and it is not verified.
func FuzzSDK(f *testing.F) {
	f.Add("GET", "/prod/pets", "a=1", "value", []byte(nil), "", false, uint16(0))
	f.Add("POST", "/prod/a%20b/%2F+,;=@$", "b=2&a=1&a=0&c&%20=%2B+", `"a   b"  c `, []byte(`{"x":1}`), "token/+=", false, uint16(9))
	f.Add("PUT", "//x/./y/../", "x-y=1&x=2&X=3&~", "", []byte("body"), "token", true, uint16(70))
	f.Add("PATCH", "/ሴ/%E1%88%B4", "ሴ=%00", "ሴ", []byte{0, 0xff}, "", true, uint16(3))
	f.Fuzz(func(t *testing.T, method, path, query, value string, body []byte, token string, presign bool, at uint16) {
		u, err := url.ParseRequestURI("/" + strings.ReplaceAll(path, "?", ""))
		if err != nil || !plain(method, 'A', 'Z') || !plain(token, '!', '~') {
			return
		}
		u.Scheme, u.Host, u.RawQuery = "https", "api.test:8443", query
		values := u.Query()
		if presign {
			values.Set(nameExpires, "60")
		}
		if sdkSortsOddly(values) {
			return
		}
		for name := range values {
			if name != nameExpires && strings.HasPrefix(name, "X-Amz-") {
				return
			}
		}
		u.RawQuery = values.Encode()
		r := &http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{}, ContentLength: int64(len(body))}
		if plain(value, ' ', '~') {
			r.Header["X-Value"] = []string{value, "2"}
		}
		signed, canonical := sign(t, r, body, token, presign)
		key := &Credential{Secret: testSecret, Token: []byte(token)}
		want := &Expect{Region: "eu-central-1", Service: "execute-api", PlainPath: true}
		verify(t, signed, want, key, canonical)
		if normal := u.EscapedPath(); !strings.Contains(normal, "//") && !strings.Contains(normal, "/.") {
			want.PlainPath = false
			verify(t, signed, want, key, canonical)
		}
		spoil(t, signed, want, key, int(at))
	})
}

func verify(t *testing.T, r *Request, want *Expect, key *Credential, canonical string) {
	t.Helper()
	c, err := Read(r, want, signedAt)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	var v Verifier
	err = v.Check(r, &c, key, signedAt)
	w := &workspace{}
	payload, _ := c.payloadLine(r, make([]byte, 64))
	w.canonicalise(r, &c, false, payload)
	if string(w.canonical) != canonical {
		t.Fatalf("canonical request\n%s\nwant\n%s", w.canonical, canonical)
	}
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
}

// spoil changes one octet of what is signed.
func spoil(t *testing.T, r *Request, want *Expect, key *Credential, at int) {
	t.Helper()
	below := r.Path[1:]
	parts := []*[]byte{&r.Method, &below, &r.Host, &r.Body}
	part := parts[at%len(parts)]
	at /= len(parts)
	if len(*part) == 0 {
		return
	}
	changed := bytes.Clone(*part)
	changed[at%len(changed)] ^= 1
	*part = changed
	r.Path = append([]byte("/"), below...)
	c, err := Read(r, want, signedAt)
	if err == nil {
		var v Verifier
		err = v.Check(r, &c, key, signedAt)
	}
	if err == nil {
		t.Errorf("%s %s %s with the body %q is verified, and was not signed", r.Method, r.Host, r.Path, r.Body)
	}
}

func plain(s string, from, to byte) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < rune(from) || r > rune(to) })
}

// sdkSortsOddly reports whether the SDK sorts a query in another way than the
// specification: by its decoded octets.
func sdkSortsOddly(values url.Values) bool {
	odd := func(decoded []string) bool {
		slices.Sort(decoded)
		return !slices.IsSortedFunc(decoded, func(a, b string) int {
			return bytes.Compare(appendEncoded(nil, []byte(a), 0, false), appendEncoded(nil, []byte(b), 0, false))
		})
	}
	var names []string
	for name, of := range values {
		names = append(names, name)
		if odd(slices.Clone(of)) {
			return true
		}
	}
	return odd(names)
}

// FuzzRead states a law: whatever bytes come, reading and checking them ends
// in an *Error or, at the one signature that fits, in none; and what is read
// twice is the same.
func FuzzRead(f *testing.F) {
	for _, presign := range []bool{false, true} {
		u := &url.URL{Scheme: "https", Host: "api.test", Path: "/p", RawQuery: "X-Amz-Expires=60&a=b"}
		signed, _ := sign(f, &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}, nil, "token", presign)
		authorization, _, _ := signed.field("authorization")
		f.Add(signed.Path, signed.Query, authorization, []byte("20260809T101112Z"), []byte("token"), []byte(""))
	}
	f.Add([]byte("/"), []byte("X-Amz-Algorith%6d=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/d/e&X-Amz-Signature=%"), []byte(nil), []byte(nil), []byte(nil), []byte("UNSIGNED-PAYLOAD"))
	f.Add([]byte(""), []byte(""), []byte("AWS4-ECDSA-P256-SHA256 Credential=a/20260809/d/aws4_request,SignedHeaders=host,Signature=30"), []byte("Sun, 09 Aug 2026 10:11:12 GMT"), []byte(nil), []byte("x"))
	f.Fuzz(func(t *testing.T, path, query, authorization, date, token, sum []byte) {
		r := &Request{Method: []byte("GET"), Path: path, Query: query, Host: []byte("api.test")}
		for name, value := range map[string][]byte{"Authorization": authorization, "X-Amz-Date": date, "X-Amz-Security-Token": token, "X-Amz-Content-Sha256": sum} {
			if value != nil {
				r.Fields = append(r.Fields, Field{[]byte(name), value})
			}
		}
		for _, want := range []*Expect{{}, {PlainPath: true, EncodedOnce: true, UnsignedBody: true}} {
			c, err := Read(r, want, signedAt)
			again, _ := Read(r, want, signedAt)
			if !bytes.Equal(c.AccessKey, again.AccessKey) || c.signature != again.signature || c.stamp != again.stamp {
				t.Fatalf("read %+v, then %+v", c, again)
			}
			v := Verifier{Explain: true}
			if err == nil {
				err = v.Check(r, &c, &Credential{Secret: "another"}, signedAt)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Message == "" || e.Type() == "" || e.Response() == "" {
				t.Fatalf("%v, want an *Error", err)
			}
		}
	})
}
