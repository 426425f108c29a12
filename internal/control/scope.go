package control

import (
	"net/http"
	"net/url"
	"strings"
)

// Scope is what a signed call claims in its credential: who signed, and for
// which service where. Nothing of it is verified here.
type Scope struct {
	AccessKey string
	Date      string // YYYYMMDD
	Region    string // empty for SigV4A, which signs for a set of regions
	Service   string // as in SigV4, such as "monitoring" for CloudWatch
}

// Signed reports whether there is a scope at all.
func (s Scope) Signed() bool { return s.Service != "" }

const (
	schemeV4  = "AWS4-HMAC-SHA256"
	schemeV4A = "AWS4-ECDSA-P256-SHA256"
)

// scopeOf reads the scope of a request from its Authorization header or, for a
// presigned URL, from its query. ok is false for a call that means to be signed
// and is not written right.
func scopeOf(r *http.Request) (s Scope, ok bool) {
	auth := r.Header.Get("Authorization")
	if auth == "" && strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		return queryScope(r.URL.RawQuery)
	}
	return headerScope(auth)
}

// headerScope reads the value of an Authorization header. It allocates nothing.
func headerScope(auth string) (s Scope, ok bool) {
	scheme, rest, _ := strings.Cut(auth, " ")
	if scheme != schemeV4 && scheme != schemeV4A {
		return Scope{}, true // another kind of authorization, or none
	}
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		if credential, found := strings.CutPrefix(strings.TrimSpace(part), "Credential="); found {
			return parseScope(credential, scheme == schemeV4A)
		}
	}
	return Scope{}, false
}

func queryScope(query string) (s Scope, ok bool) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return Scope{}, false
	}
	return parseScope(values.Get("X-Amz-Credential"), values.Get("X-Amz-Algorithm") == schemeV4A)
}

// parseScope reads KEY/DATE/REGION/SERVICE/aws4_request, which SigV4A writes
// without the region.
func parseScope(text string, v4a bool) (s Scope, ok bool) {
	key, rest, ok1 := strings.Cut(text, "/")
	date, rest, ok2 := strings.Cut(rest, "/")
	region, ok3 := "", true
	if !v4a {
		region, rest, ok3 = strings.Cut(rest, "/")
	}
	service, end, ok4 := strings.Cut(rest, "/")
	if !ok1 || !ok2 || !ok3 || !ok4 || end != "aws4_request" || !word(key) || !word(service) ||
		len(date) != 8 || !word(date) || (!v4a && !word(region)) {
		return Scope{}, false
	}
	return Scope{AccessKey: key, Date: date, Region: region, Service: service}, true
}

// word reports whether s is made of what scopes are made of, and not too long.
func word(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
