package sigv4

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSignSuite signs the requests of aws-c-auth as its signers did. The case
// whose token is added after signing is none of ours.
func TestSignSuite(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(shared(t, "aws-c-auth"), "v4", "*", "context.json"))
	if err != nil || len(found) != 38 {
		t.Fatalf("found %d cases, want 38: %v", len(found), err)
	}
	for _, name := range found {
		dir := filepath.Dir(name)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var s struct {
				suiteCase
				Omit bool `json:"omit_session_token"`
				Hash bool `json:"sign_body"`
			}
			if err := json.Unmarshal([]byte(read(t, dir, "context.json")), &s); err != nil {
				t.Fatal(err)
			}
			if s.Omit && s.Credentials.Token != "" {
				t.Skip("the token is added after signing")
			}
			r := parse(t, read(t, dir, "request.txt"))
			as := &Signature{
				AccessKey: s.Credentials.AccessKey, Secret: s.Credentials.Secret, Token: s.Credentials.Token,
				Region: s.Region, Service: s.Service, Time: s.Timestamp, PlainPath: !s.Normalize, S3: s.Hash && string(r.Path) == "/",
			}
			var signer Signer
			for range 2 { // with a new key, and with a known one
				signed := *r
				signed.Fields = append([]Field(nil), r.Fields...)
				signer.Sign(&signed, as, nil)
				got := string(signed.Fields[len(signed.Fields)-1].Value)
				want, _, _ := parse(t, read(t, dir, "header-signed-request.txt")).field("authorization")
				if got != string(want) {
					t.Errorf("Authorization: %s, want %s", got, want)
				}
			}
		})
	}
}

// TestSignVerifies: whatever is signed is verified, for every service's manners.
func TestSignVerifies(t *testing.T) {
	var signer Signer
	var v Verifier
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~]{0,12}`)
		r := &Request{
			Method: []byte(rapid.SampledFrom([]string{"GET", "PUT", "POST"}).Draw(t, "method")), Host: []byte("h.example:8000"),
			Path:  []byte("/" + rapid.StringMatching(`([a-z/.~]|%2F|%20){0,12}`).Draw(t, "path")),
			Query: []byte(rapid.StringMatching(`([a-c]=([a-z+]|%2F){0,3}&){0,4}`).Draw(t, "query")),
			Body:  []byte(text.Draw(t, "body")),
		}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"Content-Type", "X-Amz-Target", "x-a", "X-A", "User-Agent"}), 0, 4).Draw(t, "names") {
			r.Fields = append(r.Fields, Field{[]byte(name), []byte(strings.TrimSpace(text.Draw(t, name)))})
		}
		as := &Signature{
			AccessKey: "AKID", Secret: text.Draw(t, "secret") + "s", Token: rapid.SampledFrom([]string{"", "token/+="}).Draw(t, "token"),
			Region: "eu-central-1", Service: "s3", Time: signedAt.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "hours")) * time.Hour), S3: rapid.Bool().Draw(t, "s3"),
		}
		signer.Sign(r, as, nil)
		c, err := Read(r, &Expect{Region: "eu-central-1", Service: "s3", PlainPath: as.S3, EncodedOnce: as.S3}, as.Time)
		if err == nil {
			err = v.Check(r, &c, &Credential{Secret: as.Secret, Token: []byte(as.Token)}, as.Time)
		}
		if err != nil {
			t.Fatalf("%s %s?%s %q: %v", r.Method, r.Path, r.Query, r.Fields, err)
		}
	})
}

// Allocations of one signed request whose key is known.
const signAllocs = 0

func signTypical(s *Signer, r *Request, as *Signature, memory []byte) []byte {
	r.Fields = r.Fields[:4]
	return s.Sign(r, as, memory[:0])
}

func typicalSigning() (*Request, *Signature) {
	r := &Request{
		Method: []byte(http.MethodPost), Host: []byte("dynamodb.eu-central-1.amazonaws.com"), Path: []byte("/"),
		Body: []byte(`{"TableName":"pets","Item":{"id":{"S":"17"},"name":{"S":"Rex"},"kind":{"S":"dog"}}}`),
		Fields: append(make([]Field, 0, 8),
			Field{[]byte("Accept"), []byte("application/json")}, Field{[]byte("User-Agent"), []byte("AmazonAPIGateway_a1b2c3d4e5")},
			Field{[]byte("Content-Type"), []byte("application/x-amz-json-1.0")}, Field{[]byte("X-Amz-Target"), []byte("DynamoDB_20120810.PutItem")}),
	}
	return r, &Signature{AccessKey: "AKIDEXAMPLE", Secret: exampleSecret, Region: "eu-central-1", Service: "dynamodb", Time: signedAt}
}

// TestSignAllocs holds BenchmarkSign to its promise in every test run.
func TestSignAllocs(t *testing.T) {
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	var s Signer
	r, as := typicalSigning()
	memory := make([]byte, 0, 1<<10)
	if got := testing.AllocsPerRun(1000, func() { memory = signTypical(&s, r, as, memory) }); got > signAllocs {
		t.Errorf("signing allocates %v times, want at most %d", got, signAllocs)
	}
}

func BenchmarkSign(b *testing.B) {
	var s Signer
	r, as := typicalSigning()
	memory := make([]byte, 0, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		memory = signTypical(&s, r, as, memory)
	}
}
