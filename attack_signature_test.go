package stagedoor_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// signature is what somebody who listens has of a signed GET.
type signature struct {
	host, target, date, authorization, token string
	presigned                                string // target of the same request, signed in the query
}

func overhear(t *testing.T, r *running, as aws.Credentials, target string, at time.Time) signature {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.endpoint+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	uri, _, err := v4.NewSigner().PresignHTTP(t.Context(), as, req.Clone(t.Context()), emptyHash, "execute-api", "us-east-1", at)
	if err != nil {
		t.Fatal(err)
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), as, req, emptyHash, "execute-api", "us-east-1", at); err != nil {
		t.Fatal(err)
	}
	h := req.Header
	return signature{req.Host, target, h.Get("X-Amz-Date"), h.Get("Authorization"), h.Get("X-Amz-Security-Token"), strings.TrimPrefix(uri, r.endpoint)}
}

// fields are those that a client sends.
func (s *signature) fields(more ...string) []string {
	return append(more, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+s.authorization)
}

// TestForgedSignatures sends what somebody overheard in all the ways that are
// not what was signed.
func TestForgedSignatures(t *testing.T) {
	back := newBackEnd(t)
	r := startGuarded(t, nil)
	api := protectedAPI(t, apigateway.NewFromConfig(r.root()), "AWS_IAM", "", back.url, types.EndpointTypeRegional)
	id, secret := r.member(t, "ann", policyOf("Allow", "execute-api:Invoke", "*"))
	ann := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	base := "/_aws/execute-api/" + api + "/prod"
	s := overhear(t, r, ann, base+"/a%20b/caf%C3%A9?b=2&a=1&a=0&c=x%2Fy", time.Now())
	path, query, _ := strings.Cut(s.target, "?")
	back.take()
	old := overhear(t, r, ann, s.target, time.Now().Add(-6*time.Minute))
	early := overhear(t, r, ann, s.target, time.Now().Add(6*time.Minute))
	elsewhere := overhear(t, r, ann, s.target, time.Now())
	unsign := func(name string) string { return strings.Replace(s.authorization, name+";", "", 1) }
	for name, text := range map[string]string{
		"another encoding of a space": request("GET "+strings.Replace(s.target, "%20", "+", 1), s.fields()...),
		"%c3 for %C3":                 request("GET "+strings.Replace(s.target, "%C3", "%c3", 1), s.fields()...),
		"e and an accent for é":       request("GET "+strings.Replace(s.target, "%C3%A9", "e%CC%81", 1), s.fields()...),
		"a letter encoded":            request("GET "+strings.Replace(s.target, "caf", "c%61f", 1), s.fields()...),
		"encoded once more":           request("GET "+strings.Replace(s.target, "%20", "%2520", 1), s.fields()...),
		"a slash encoded":             request("GET "+strings.Replace(s.target, "b/c", "b%2Fc", 1), s.fields()...),
		"in capitals":                 request("GET "+strings.Replace(s.target, "caf", "CAF", 1), s.fields()...),
		"a slash at the end":          request("GET "+path+"/?"+query, s.fields()...),
		"a parameter more":            request("GET "+s.target+"&d=1", s.fields()...),
		"a parameter less":            request("GET "+strings.TrimSuffix(s.target, "&c=x%2Fy"), s.fields()...),
		"a parameter twice":           request("GET "+s.target+"&b=2", s.fields()...),
		"another value":               request("GET "+strings.Replace(s.target, "b=2", "b=3", 1), s.fields()...),
		"a parameter without value":   request("GET "+s.target+"&=", s.fields()...),
		"another verb":                request("DELETE "+s.target, s.fields()...),
		"a verb in small letters":     request("get "+s.target, s.fields()...),
		"another host":                request("GET "+s.target, append(s.fields()[1:], "Host: "+api+".execute-api.localhost")...),
		"a body":                      request("GET "+s.target, s.fields("Content-Length: 1")...) + "x",
		"a body in chunks":            request("GET "+s.target, s.fields("Transfer-Encoding: chunked")...) + "1\r\nx\r\n0\r\n\r\n",
		"an unsigned body":            request("GET "+s.target, s.fields("X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", "Content-Length: 1")...) + "x",
		"a streamed body":             request("GET "+s.target, s.fields("X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Length: 1")...) + "x",
		"the hash of another body":    request("GET "+s.target, s.fields("X-Amz-Content-Sha256: "+emptyHash, "Content-Length: 1")...) + "x",
		"another date":                request("GET "+s.target, strings.Replace(strings.Join(s.fields(), "\r\n"), s.date, early.date, 1)),
		"two dates":                   request("GET "+s.target, s.fields("X-Amz-Date: "+s.date)...),
		"two signatures":              request("GET "+s.target, s.fields("Authorization: "+s.authorization)...),
		"one more, of nobody":         request("GET "+s.target, s.fields("Authorization: Bearer x")...),
		"header and query":            request("GET "+s.presigned, s.fields()...),
		"host not signed":             request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+unsign("host")),
		"date not signed":             request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.Replace(s.authorization, ";x-amz-date", "", 1)),
		"a signed field is missing":   request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.Replace(s.authorization, "host;", "host;x-admin;", 1)),
		"a name twice":                request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.Replace(s.authorization, "host;", "host;host;", 1)),
		"names out of order":          request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.Replace(s.authorization, "host;x-amz-date", "x-amz-date;host", 1)),
		"a token added":               request("GET "+s.target, s.fields("X-Amz-Security-Token: AAAA")...),
		"the scheme in capitals":      request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.ToLower(s.authorization)),
		"signature in capitals":       request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+capitalSignature(s.authorization)),
		"signature cut short":         request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+s.authorization[:len(s.authorization)-2]),
		"no signature":                request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+s.authorization[:len(s.authorization)-64]),
		"all zeros":                   request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+s.authorization[:len(s.authorization)-64]+strings.Repeat("0", 64)),
		"a scope of another service":  request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.Replace(s.authorization, "/execute-api/", "/apigateway/", 1)),
		"a scope of another region":   request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.Replace(s.authorization, "/us-east-1/", "/eu-west-1/", 1)),
		"the root's key":              request("GET "+s.target, "Host: "+s.host, "X-Amz-Date: "+s.date, "Authorization: "+strings.Replace(s.authorization, id, rootKey, 1)),
		"6 minutes old":               request("GET "+old.target, old.fields()...),
		"6 minutes early":             request("GET "+early.target, early.fields()...),
		"presigned, for longer":       request("GET "+strings.Replace(s.presigned, "X-Amz-Expires=900", "X-Amz-Expires=604800", 1)+"&X-Amz-Expires=604800", "Host: "+s.host),
		"presigned, one thing more":   request("GET "+s.presigned+"&admin=1", "Host: "+s.host),
		"presigned, name encoded":     request("GET "+s.presigned+"&X-Amz-%53ignature=0", "Host: "+s.host),
		"presigned, another host":     request("GET "+s.presigned, "Host: "+api+".execute-api.localhost"),
		"identity in fields":          request("GET "+s.target, "Host: "+s.host, "X-Amzn-Caller: root", "X-Amz-Caller-Arn: arn:aws:iam::000000000000:root", "X-Amz-Security-Token: x", "X-Forwarded-User: root"),
	} {
		if got := raw(t, r.addr(), text); statusOf(got) < 400 {
			t.Errorf("%s: %.200q", name, got)
		}
		if seen := back.take(); len(seen) > 0 {
			t.Errorf("%s: reached the back end as %s", name, seen[0].URL)
		}
	}
	// what means the same is taken: the order of the query counts for nothing, and
	// fields that were not signed are data
	for name, text := range map[string]string{
		"as signed":                 request("GET "+elsewhere.target, elsewhere.fields()...),
		"again":                     request("GET "+elsewhere.target, elsewhere.fields()...),
		"query in another order":    request("GET "+path+"?a=0&c=x%2Fy&a=1&b=2", elsewhere.fields()...),
		"two slashes":               request("GET "+strings.Replace(elsewhere.target, "/prod/a", "/prod//a", 1), elsewhere.fields()...),
		"fields that nobody signed": request("GET "+elsewhere.target, elsewhere.fields("X-Admin: true", "X-Forwarded-For: 10.0.0.1")...),
		"presigned":                 request("GET "+elsewhere.presigned, "Host: "+s.host),
	} {
		if got := raw(t, r.addr(), text); statusOf(got) != 200 {
			t.Errorf("%s: %.300q", name, got)
		}
	}
	for _, q := range back.take() {
		if q.Header.Get("Authorization") != "" || q.URL.Query().Has("X-Amz-Signature") || q.Header.Get("Ip") == "10.0.0.1" {
			t.Errorf("the back end sees %s %v", q.URL, q.Header)
		}
	}
}

// TestEmptyAuthorization signs in the query, with an empty field beside it: the
// signature stays with the gateway.
func TestEmptyAuthorization(t *testing.T) {
	back := newBackEnd(t)
	r := startGuarded(t, nil)
	api := protectedAPI(t, apigateway.NewFromConfig(r.root()), "AWS_IAM", "", back.url, types.EndpointTypeRegional)
	back.take()
	root := aws.Credentials{AccessKeyID: rootKey, SecretAccessKey: rootSecret}
	s := overhear(t, r, root, "/_aws/execute-api/"+api+"/prod/a?x=1", time.Now())
	_ = raw(t, r.addr(), request("GET "+s.presigned, "Host: "+s.host, "Authorization:"))
	for _, q := range back.take() {
		if q.URL.RawQuery != "x=1" {
			t.Errorf("the back end sees %s", q.URL)
		}
	}
}

func capitalSignature(authorization string) string {
	at := len(authorization) - 64
	return authorization[:at] + strings.ToUpper(authorization[at:])
}
