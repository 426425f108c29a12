package sigv4

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

// check reads and verifies r, and gives what was signed.
func check(t *testing.T, r *Request, want *Expect, key *Credential, now time.Time) (canonical, toSign string) {
	t.Helper()
	c, err := Read(r, want, now)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	var v Verifier
	if err := v.Check(r, &c, key, now); err != nil {
		t.Errorf("Check: %v", err)
	}
	derived, err := v.known.key(&c, key.Secret)
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{}
	if !w.matches(r, &c, derived) {
		t.Error("the signature does not match")
	}
	return string(w.canonical), string(w.toSign())
}

// suiteCase is context.json of the suite of aws-c-auth.
type suiteCase struct {
	Credentials struct {
		AccessKey string `json:"access_key_id"`
		Secret    string `json:"secret_access_key"`
		Token     string `json:"token"`
	} `json:"credentials"`
	Normalize bool      `json:"normalize"`
	Region    string    `json:"region"`
	Service   string    `json:"service"`
	Timestamp time.Time `json:"timestamp"`
}

// TestSuite verifies what the signers of aws-c-auth have signed, byte for byte.
// Two cases of its v4a hold a request and no signature.
func TestSuite(t *testing.T) {
	unsigned := map[string]bool{"get-vanilla-query-order-key": true, "get-vanilla-query-order-value": true}
	for folder, count := range map[string]int{"v4": 38, "v4a": 40} {
		found, err := filepath.Glob(filepath.Join(shared(t, "aws-c-auth"), folder, "*", "context.json"))
		if err != nil || len(found) != count {
			t.Fatalf("%s: found %d cases, want %d: %v", folder, len(found), count, err)
		}
		for _, name := range found {
			dir := filepath.Dir(name)
			if folder == "v4a" && unsigned[filepath.Base(dir)] {
				continue
			}
			for _, form := range []string{"header", "query"} {
				t.Run(folder+"/"+filepath.Base(dir)+"/"+form, func(t *testing.T) { checkCase(t, dir, form) })
			}
		}
	}
}

func checkCase(t *testing.T, dir, form string) {
	var s suiteCase
	if err := json.Unmarshal([]byte(read(t, dir, "context.json")), &s); err != nil {
		t.Fatal(err)
	}
	r := parse(t, read(t, dir, form+"-signed-request.txt"))
	// The suite ends requests without a body with empty lines, and tells of
	// the body in the request that was to be signed.
	_, body, _ := strings.Cut(read(t, dir, "request.txt"), "\n\n")
	r.Body = []byte(body)
	want := &Expect{Region: s.Region, Service: s.Service, PlainPath: !s.Normalize}
	key := &Credential{Secret: s.Credentials.Secret, Token: []byte(s.Credentials.Token)}
	canonical, toSign := check(t, r, want, key, s.Timestamp)
	if want := read(t, dir, form+"-canonical-request.txt"); canonical != want {
		t.Errorf("canonical request\n%s\nwant\n%s", canonical, want)
	}
	if want := read(t, dir, form+"-string-to-sign.txt"); toSign != want {
		t.Errorf("string to sign\n%s\nwant\n%s", toSign, want)
	}
	if strings.Contains(dir, "v4a") {
		checkPublicKey(t, dir, &s, toSign, read(t, dir, form+"-signature.txt"))
	}
}

// checkPublicKey holds the derived key to the suite's, and the suite's other
// signature of the same text to the key.
func checkPublicKey(t *testing.T, dir string, s *suiteCase, toSign, signature string) {
	t.Helper()
	var point struct{ X, Y string }
	if err := json.Unmarshal([]byte(read(t, dir, "public-key.json")), &point); err != nil {
		t.Fatal(err)
	}
	key, err := publicKey([]byte(s.Credentials.AccessKey), s.Credentials.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := key.Bytes(); err != nil || hex.EncodeToString(b) != "04"+point.X+point.Y {
		t.Errorf("the public key is %x, want %v: %v", b, point, err)
	}
	c := Claim{Asymmetric: true, size: hex.DecodedLen(len(signature))}
	if _, err := hex.Decode(c.signature[:], []byte(signature)); err != nil {
		t.Fatal(err)
	}
	w := &workspace{text: append(make([]byte, 64), toSign...)}
	if !w.fits(&c, &signingKey{public: key}) {
		t.Error("the suite's own signature does not match")
	}
}

// TestBotocore verifies what botocore's suite has signed, byte for byte.
func TestBotocore(t *testing.T) {
	var found []string
	err := filepath.WalkDir(shared(t, "botocore"), func(name string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".req" {
			found = append(found, strings.TrimSuffix(name, ".req"))
		}
		return err
	})
	if err != nil || len(found) != 34 {
		t.Fatalf("found %d cases, want 34: %v", len(found), err)
	}
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for _, name := range found {
		t.Run(filepath.Base(name), func(t *testing.T) {
			r := parse(t, read(t, name+".req"))
			r.Fields = append(r.Fields, Field{[]byte("Authorization"), []byte(read(t, name+".authz"))})
			key := &Credential{Secret: exampleSecret}
			sent := parse(t, read(t, name+".sreq"))
			if token, found, _ := sent.field("x-amz-security-token"); found {
				key.Token = token
				if _, there, _ := r.field("x-amz-security-token"); !there {
					r.Fields = append(r.Fields, Field{[]byte("X-Amz-Security-Token"), token})
				}
			}
			canonical, toSign := check(t, r, &Expect{Region: "us-east-1", Service: "service"}, key, at)
			if want := lines(read(t, name+".creq")); canonical != want {
				t.Errorf("canonical request\n%s\nwant\n%s", canonical, want)
			}
			if want := lines(read(t, name+".sts")); toSign != want {
				t.Errorf("string to sign\n%s\nwant\n%s", toSign, want)
			}
		})
	}
}

// lines is a text with line feeds alone.
func lines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// TestWrong changes each case of the suite in one place: none may pass.
func TestWrong(t *testing.T) {
	dir := filepath.Join(shared(t, "aws-c-auth"), "v4", "get-vanilla-query")
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for _, form := range []string{"header", "query"} {
		good := parse(t, read(t, dir, form+"-signed-request.txt"))
		good.Body = nil
		for _, change := range []struct {
			what string
			make func(r *Request)
		}{
			{"method", func(r *Request) { r.Method = []byte("POST") }},
			{"path", func(r *Request) { r.Path = []byte("/x") }},
			{"query", func(r *Request) { r.Query = append([]byte("x=y&"), r.Query...) }},
			{"host", func(r *Request) { r.Host = []byte("example.com") }},
			{"body", func(r *Request) { r.Body = []byte("x") }},
			{"signature in the query", func(r *Request) {
				r.Query = append([]byte("X-Amz-Signature=x&"), r.Query...)
			}},
		} {
			r := *good
			change.make(&r)
			var v Verifier
			c, err := Read(&r, &Expect{}, at)
			if err == nil {
				err = v.Check(&r, &c, &Credential{Secret: exampleSecret}, at)
			}
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%s, another %s: %v, want an *Error", form, change.what, err)
			}
		}
	}
}
