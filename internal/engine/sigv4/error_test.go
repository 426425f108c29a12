package sigv4

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	zeros  = "0000000000000000000000000000000000000000000000000000000000000000"
	scope  = testKey + "/20260809/eu-central-1/execute-api/aws4_request"
	whole  = "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host;x-amz-date, Signature=" + zeros
	wholeQ = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + scope + "&X-Amz-Date=20260809T101112Z&X-Amz-SignedHeaders=host&X-Amz-Signature=" + zeros
)

// claim is a request with a query and header fields, one "name: value" each.
func claim(query string, fields ...string) *Request {
	r := &Request{Method: []byte("GET"), Path: []byte("/"), Query: []byte(query), Host: []byte("api.test")}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Fields = append(r.Fields, Field{[]byte(name), []byte(value)})
	}
	return r
}

func swap(s, from, to string) string {
	if !strings.Contains(s, from) {
		panic(from + " is not in " + s)
	}
	return strings.Replace(s, from, to, 1)
}

// TestRead holds every failure before the HMAC to its kind and words.
func TestRead(t *testing.T) {
	const (
		date      = "X-Amz-Date: 20260809T101112Z"
		auth      = "Authorization: "
		needs     = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
		needsDate = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
		hostText  = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
		again     = "AWS query-string parameters must include "
		examine   = ". Re-examine the query-string parameters."
	)
	five := func(credential string) string {
		return "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got (hashed with SHA-256 and encoded with Base64): '" + digest([]byte(credential)) + "'."
	}
	pair := func(value string) string {
		return "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + digest([]byte(value)) + "'."
	}
	hash := func(value string) string { return hashed + digest([]byte(value)) }
	credential := func(from, to string) *Request { return claim("", auth+swap(whole, from, to), date) }
	for _, tt := range []struct {
		name string
		r    *Request
		kind Kind
		want string
	}{
		{"nothing", claim(""), Missing, "Missing Authentication Token"},
		{"empty header", claim("", auth), Missing, "Missing Authentication Token"},
		{"other parameters", claim("X-Amz-Date=1&x-amz-signature=2&X-Amz-Signaturex=3"), Missing, "Missing Authentication Token"},
		{"bearer", claim("", auth+"Bearer TOKEN"), Incomplete, pair("Bearer TOKEN")},
		{"one word", claim("", auth+"allow"), Incomplete, pair("allow")},
		{"space after Credential=", credential("Credential=", "Credential= "), Incomplete, pair(swap(whole, "Credential=", "Credential= "))},
		{"basic", claim("", auth+"Basic dXNlcjpwYXNz=="), Incomplete, needs + needsDate + hash("Basic dXNlcjpwYXNz==")},
		{"basic with a date", claim("", auth+"Basic dXNlcjpwYXNz==", date), Incomplete, needs + hash("Basic dXNlcjpwYXNz==")},
		{"empty values", claim("", auth+"AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=", date), Incomplete, needs + hash("AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=")},
		{"no date", claim("", auth+whole), Incomplete, needsDate + hash(whole)},
		{"part twice", claim("", auth+whole+",Signature=1", date), Incomplete, "Authorization header has 'Signature' more than once. " + hash(whole+",Signature=1")},
		{"unknown part", claim("", auth+whole+",A=1", date), Incomplete, "Authorization header has a parameter that is not known. " + hash(whole+",A=1")},
		{"header twice", claim("", auth+whole, auth+whole, date), Incomplete, "The request has more than one Authorization header."},
		{"date twice", claim("", auth+whole, date, date), Incomplete, "The request has more than one date or more than one security token."},
		{"token twice", claim("", auth+whole, date, "X-Amz-Security-Token: a", "X-Amz-Security-Token: a"), Incomplete, "The request has more than one date or more than one security token."},
		{"scheme", credential("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), Incomplete, "Unsupported AWS 'algorithm' (hashed with SHA-256 and encoded with Base64): '" + digest([]byte("AWS4-HMAC-SHA1")) + "'."},
		{"credential of four", credential(scope, "a/b/c/d"), Incomplete, five("a/b/c/d")},
		{"credential of six", credential(scope, "a/"+scope), Incomplete, five("a/" + scope)},
		{"empty region", credential("eu-central-1", ""), Incomplete, five(strings.Replace(scope, "eu-central-1", "", 1))},
		{"odd bytes", credential("eu-central-1", "eu\x01"), Incomplete, five(strings.Replace(scope, "eu-central-1", "eu\x01", 1))},
		{"long key", credential(testKey, strings.Repeat("A", 129)), Incomplete, five(strings.Replace(scope, testKey, strings.Repeat("A", 129), 1))},
		{"both", claim(wholeQ, auth+whole, date), Mismatch, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified"},

		{"date of another form", claim("", auth+whole, "X-Amz-Date: 2026-08-09T10:11:12Z"), Incomplete, "Date must be in ISO-8601 'basic format'. Got '2026-08-09T10:11:12Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"no such day", claim("", auth+whole, "X-Amz-Date: 20260230T101112Z"), Incomplete, "Date must be in ISO-8601 'basic format'. Got '20260230T101112Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"odd date", claim("", auth+whole, "X-Amz-Date: \x1b'"), Incomplete, "Date must be in ISO-8601 'basic format'. Got '??'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"region", credential("eu-central-1", "us-east-1"), Mismatch, "Credential should be scoped to a valid region."},
		{"service", credential("execute-api", "apigateway"), Mismatch, "Credential should be scoped to correct service: 'execute-api'. "},
		{"region and service", credential("eu-central-1/execute-api", "us-east-1/apigateway"), Mismatch, "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'execute-api'. "},
		{"terminator", credential("aws4_request", "aws5_request"), Mismatch, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"date of the scope", credential("20260809", "20260808"), Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260808' != '20260809', from '20260809T101112Z'."},
		{"too old", claim("", auth+whole, "X-Amz-Date: 20260809T100611Z"), Mismatch, "Signature expired: 20260809T100611Z is now earlier than 20260809T100612Z (20260809T101112Z - 5 min.)"},
		{"too new", claim("", auth+whole, "X-Amz-Date: 20260809T101613Z"), Mismatch, "Signature not yet current: 20260809T101613Z is still later than 20260809T101612Z (20260809T101112Z + 5 min.)"},

		{"signature too short", credential(zeros, zeros[2:]), Mismatch, mismatchText},
		{"signature too long", credential(zeros, zeros+"00"), Mismatch, mismatchText},
		{"signature in upper case", credential(zeros, "A"+zeros[1:]), Mismatch, mismatchText},
		{"signature that is no number", credential(zeros, "g"+zeros[1:]), Mismatch, mismatchText},
		{"host not signed", credential("host;x-amz-date", "x-amz-date"), Mismatch, hostText},
		{"date not signed", credential("host;x-amz-date", "host"), Mismatch, "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization."},
		{"Date not signed", claim("", auth+swap(whole, ";x-amz-date", ""), "Date: Sun, 09 Aug 2026 10:11:12 GMT"), Mismatch, "'Date' must be a 'SignedHeader' in the AWS Authorization."},
		{"headers out of order", credential("host;x-amz-date", "x-amz-date;host"), Mismatch, mismatchText},
		{"header twice in the list", credential("host;x-amz-date", "host;host;x-amz-date"), Mismatch, mismatchText},
		{"list in upper case", credential("host;x-amz-date", "Host;x-amz-date"), Mismatch, mismatchText},
		{"empty name", credential("host;x-amz-date", ";host;x-amz-date"), Mismatch, mismatchText},
		{"header that is not there", credential("host;x-amz-date", "host;x-amz-date;x-gone"), Mismatch, mismatchText},
		{"body not signed", claim("", auth+whole, date, "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD"), Mismatch, mismatchText},
		{"body in chunks", claim("", auth+whole, date, "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), Mismatch, mismatchText},
		{"two hashes", claim("", auth+whole, date, "X-Amz-Content-Sha256: "+zeros, "X-Amz-Content-Sha256: "+zeros), Mismatch, mismatchText},

		{"4A: credential of five", credential("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), Incomplete, "Authorization header requires existence of a 'X-Amz-Region-Set' header. " + hash(swap(whole, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"))},
		{
			"4A: another region", claim("", auth+swap(swap(whole, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "/eu-central-1", ""), date, "X-Amz-Region-Set: us-*,eu-west-1"),
			Mismatch, "Credential should be scoped to a valid region.",
		},
		{
			"4A: regions not signed", claim("", auth+swap(swap(whole, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "/eu-central-1", ""), date, "X-Amz-Region-Set: us-*, eu-*"),
			Mismatch, "'X-Amz-Region-Set' must be a 'SignedHeader' in the AWS Authorization.",
		},

		{"query: signature alone", claim("X-Amz-Signature=1"), Incomplete, again + "'X-Amz-Algorithm'. " + again + "'X-Amz-Credential'. " + again + "'X-Amz-SignedHeaders'. " + again + "'X-Amz-Date'" + examine},
		{"query: empty", claim(swap(wholeQ, scope, "")), Incomplete, again + "'X-Amz-Credential'" + examine},
		{"query: twice", claim(wholeQ + "&X-Amz-Signatur%65=1"), Incomplete, "AWS query-string parameters must not include 'X-Amz-Signature' more than once."},
		{"query: date of HTTP", claim(swap(wholeQ, "20260809T101112Z", "Sun,%2009%20Aug%202026%2010:11:12%20GMT")), Incomplete, "Date must be in ISO-8601 'basic format'. Got 'Sun, 09 Aug 2026 10:11:12 GMT'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"query: no number", claim(wholeQ + "&X-Amz-Expires=+1"), Incomplete, "X-Amz-Expires should be a number"},
		{"query: nothing", claim(wholeQ + "&X-Amz-Expires="), Incomplete, "X-Amz-Expires should be a number"},
		{"query: zero", claim(wholeQ + "&X-Amz-Expires=0"), Incomplete, "X-Amz-Expires must be positive"},
		{"query: too long", claim(wholeQ + "&X-Amz-Expires=604801"), Incomplete, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"},
		{"query: over", claim(swap(wholeQ, "T101112Z", "T101011Z") + "&X-Amz-Expires=60"), Mismatch, "Signature expired: 20260809T101011Z is now earlier than 20260809T101012Z (20260809T101112Z - 1 min.)"},
		{"query: over in seconds", claim(swap(wholeQ, "T101112Z", "T101110Z") + "&X-Amz-Expires=1"), Mismatch, "Signature expired: 20260809T101110Z is now earlier than 20260809T101111Z (20260809T101112Z - 1 sec.)"},
		{"query: no lifetime", claim(swap(wholeQ, "T101112Z", "T100611Z")), Mismatch, "Signature expired: 20260809T100611Z is now earlier than 20260809T100612Z (20260809T101112Z - 5 min.)"},
		{"query: too new", claim(swap(wholeQ, "T101112Z", "T101613Z") + "&X-Amz-Expires=9000"), Mismatch, "Signature not yet current: 20260809T101613Z is still later than 20260809T101612Z (20260809T101112Z + 5 min.)"},
		{"query: host not signed", claim(swap(wholeQ, "SignedHeaders=host", "SignedHeaders=:status"), ":status: 1"), Mismatch, hostText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(tt.r, &Expect{Region: "eu-central-1", Service: "execute-api"}, signedAt)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("Read = %v, want an *Error", err)
			}
			if e.Kind != tt.kind || e.Message != tt.want {
				t.Errorf("Read = %d %q\nwant   %d %q", e.Kind, e.Message, tt.kind, tt.want)
			}
		})
	}
}

// TestWindow reads what is just in time, and names that are written otherwise.
func TestWindow(t *testing.T) {
	const auth = "Authorization: " + whole
	v4a := "Authorization: " + swap(swap(swap(whole, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "/eu-central-1", ""), "x-amz-date", "x-amz-date;x-amz-region-set")
	for _, tt := range []struct {
		name string
		r    *Request
	}{
		{"oldest", claim("", auth, "X-Amz-Date: 20260809T100612Z")},
		{"newest", claim("", auth, "X-Amz-Date: 20260809T101612Z")},
		{"Date of HTTP", claim("", swap(auth, "x-amz-date", "x"), "Date: Sun, 09 Aug 2026 10:11:12 GMT", "X: 1")},
		{"Date of ISO", claim("", swap(auth, "host;x-amz-date", "date;host"), "DATE: 20260809T101112Z")},
		{"commas alone", claim("", strings.ReplaceAll(auth, ", ", ","), "x-amz-date: 20260809T101112Z")},
		{"a signature in the query of a signed header", claim("X-Amz-Signature=1", auth, "X-Amz-Date: 20260809T101112Z")},
		{"oldest in the query", claim(wholeQ + "&X-Amz-Expires=1")},
		{"longest in the query", claim(wholeQ + "&X-Amz-Expires=604800")},
		{"encoded names", claim(swap(wholeQ, "X-Amz-Credential", "X%2dAmz%2DCredential"))},
		{"4A", claim("", v4a, "X-Amz-Date: 20260809T101112Z", "X-Amz-Region-Set: us-east-1, eu-*")},
		{"4A everywhere", claim("", v4a, "X-Amz-Date: 20260809T101112Z", "X-Amz-Region-Set: *")},
	} {
		if tt.name == "Date of HTTP" {
			tt.r.Fields[0].Value = []byte(swap(whole, "host;x-amz-date", "date;host"))
		}
		if _, err := Read(tt.r, &Expect{Region: "eu-central-1", Service: "execute-api"}, signedAt); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	r := claim("", auth, "X-Amz-Date: 20260809T095612Z")
	if _, err := Read(r, &Expect{Skew: 15 * time.Minute}, signedAt); err != nil {
		t.Errorf("15 minutes old where that is allowed: %v", err)
	}
	for _, service := range []string{"s3", "sts"} {
		if _, err := Read(claim("", auth, "X-Amz-Date: 20260809T101112Z"), &Expect{Service: service}, signedAt); err == nil {
			t.Errorf("a signature for execute-api is read for %s", service)
		}
	}
}

// TestCheck tells the failures apart that need a credential.
func TestCheck(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "api.test", Path: "/"}
	request := func() *http.Request {
		return &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}
	}
	plain, _ := sign(t, request(), nil, "", false)
	session, _ := sign(t, request(), nil, "token", false)
	query, _ := sign(t, request(), nil, "token", true)
	later, _ := sign(t, request(), nil, "", true)
	later.Query = append(later.Query, "&X-Amz-Security-Token=token"...)
	twice := *session
	twice.Query = []byte("X-Amz-Security-Token=token")
	lies := request()
	lies.Header.Set("X-Amz-Content-Sha256", zeros)
	lying, _ := sign(t, lies, nil, "", false)
	other := *plain
	other.Host = []byte("other.test")
	unknown, over := &Error{Kind: Unrecognized, Message: "The security token included in the request is invalid."}, &Error{Kind: Expired, Message: "The security token included in the request is expired"}
	for _, tt := range []struct {
		name string
		r    *Request
		key  *Credential
		want *Error
	}{
		{"long-term key", plain, &Credential{Secret: testSecret}, nil},
		{"session", session, &Credential{Secret: testSecret, Token: []byte("token"), Expires: signedAt.Add(1)}, nil},
		{"session in the query", query, &Credential{Secret: testSecret, Token: []byte("token")}, nil},
		{"token added to the query after signing", later, &Credential{Secret: testSecret, Token: []byte("token")}, nil},
		{"nobody", plain, nil, unknown},
		{"no secret", plain, &Credential{}, unknown},
		{"token of a long-term key", session, &Credential{Secret: testSecret}, unknown},
		{"session without its token", plain, &Credential{Secret: testSecret, Token: []byte("token")}, unknown},
		{"another token", session, &Credential{Secret: testSecret, Token: []byte("tokem")}, unknown},
		{"session that is over", session, &Credential{Secret: testSecret, Token: []byte("token"), Expires: signedAt}, over},
		{"another secret", plain, &Credential{Secret: testSecret + "x"}, mismatch(mismatchText)},
		{"token in the query of a signed header", &twice, &Credential{Secret: testSecret, Token: []byte("token")}, mismatch(mismatchText)},
		{"hash of another body", lying, &Credential{Secret: testSecret}, mismatch(mismatchText)},
		{"another host", &other, &Credential{Secret: testSecret}, mismatch(mismatchText)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v Verifier
			c, err := Read(tt.r, &Expect{}, signedAt)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := errors.AsType[*Error](v.Check(tt.r, &c, tt.key, signedAt))
			if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
				t.Errorf("Check = %v, want %v", got, tt.want)
			}
		})
	}
}

// TestNames holds what the planes call each failure.
func TestNames(t *testing.T) {
	pair := noPair([]byte("x"))
	for _, tt := range []struct {
		e                          *Error
		exception, response, query string
		status                     int
	}{
		{&Error{Kind: Missing}, "MissingAuthenticationTokenException", "MISSING_AUTHENTICATION_TOKEN", "MissingAuthenticationToken", 403},
		{pair, "IncompleteSignatureException", "MISSING_AUTHENTICATION_TOKEN", "IncompleteSignature", 400},
		{&Error{Kind: Incomplete}, "IncompleteSignatureException", "INVALID_SIGNATURE", "IncompleteSignature", 400},
		{&Error{Kind: Mismatch}, "InvalidSignatureException", "INVALID_SIGNATURE", "SignatureDoesNotMatch", 403},
		{&Error{Kind: Unrecognized}, "UnrecognizedClientException", "INVALID_SIGNATURE", "InvalidClientTokenId", 403},
		{&Error{Kind: Expired}, "ExpiredTokenException", "EXPIRED_TOKEN", "ExpiredToken", 403},
	} {
		code, status := tt.e.Query()
		if tt.e.Type() != tt.exception || tt.e.Response() != tt.response || code != tt.query || status != tt.status {
			t.Errorf("%d: %s %s %s %d, want %v", tt.e.Kind, tt.e.Type(), tt.e.Response(), code, status, tt)
		}
	}
	if !IsAuthentication("X-Amz-Signature") || IsAuthentication("x-amz-signature") {
		t.Error("IsAuthentication takes another name than the signature's")
	}
}
