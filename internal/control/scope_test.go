package control

import (
	"strings"
	"testing"
)

func TestHeaderScope(t *testing.T) {
	want := Scope{AccessKey: "AKID", Date: "20260101", Region: "eu-west-1", Service: "apigateway"}
	global := want
	global.Region = ""
	for _, tt := range []struct {
		name, auth string
		want       Scope
		ok         bool
	}{
		{"in order", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/apigateway/aws4_request, SignedHeaders=host, Signature=0", want, true},
		{"without blanks", "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=AKID/20260101/eu-west-1/apigateway/aws4_request,Signature=0", want, true},
		{"SigV4A", "AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/apigateway/aws4_request, Signature=0", global, true},
		{"nothing", "", Scope{}, true},
		{"another scheme", "Bearer x", Scope{}, true},
		{"no credential", "AWS4-HMAC-SHA256 SignedHeaders=host", Scope{}, false},
		{"too short", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/aws4_request", Scope{}, false},
		{"too long", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/apigateway/x/aws4_request", Scope{}, false},
		{"another end", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/apigateway/aws4_requests", Scope{}, false},
		{"a bad date", "AWS4-HMAC-SHA256 Credential=AKID/2026/eu-west-1/apigateway/aws4_request", Scope{}, false},
		{"an empty key", "AWS4-HMAC-SHA256 Credential=/20260101/eu-west-1/apigateway/aws4_request", Scope{}, false},
		{"a service with a blank", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/api gateway/aws4_request", Scope{}, false},
		{"a very long key", "AWS4-HMAC-SHA256 Credential=" + strings.Repeat("A", 200) + "/20260101/eu-west-1/apigateway/aws4_request", Scope{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := headerScope(tt.auth); got != tt.want || ok != tt.ok {
				t.Errorf("headerScope(%q) = %+v, %v, want %+v, %v", tt.auth, got, ok, tt.want, tt.ok)
			}
		})
	}
}

// FuzzScope holds a scope to be read as it was written.
func FuzzScope(f *testing.F) {
	f.Add("AKID", "20260101", "us-east-1", "sts")
	f.Fuzz(func(t *testing.T, key, date, region, service string) {
		text := key + "/" + date + "/" + region + "/" + service + "/aws4_request"
		got, ok := parseScope(text, false)
		if !ok {
			return
		}
		if want := (Scope{key, date, region, service}); got != want {
			t.Errorf("parseScope(%q) = %+v, want %+v", text, got, want)
		}
	})
}
