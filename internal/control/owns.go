package control

import (
	"slices"
	"strings"
)

// Owns reports whether a request that came in on a port of both planes is an
// AWS call (one of ours, or one to pass on) and not API traffic. path is as
// sent and may carry its query. It allocates nothing as long as header does
// not, and asks for few headers where the host or the path tells already.
//
// The signs, first one first: a host or path of API traffic; a signature; a
// target or protocol header of AWS's; a host of AWS's; and, on the machine's
// own names, a path or a form that only AWS calls have.
func (s *Server) Owns(host, path, method string, header func(string) string) bool {
	path, query, _ := strings.Cut(path, "?")
	if apiHost(host) || apiPath(path) {
		// What names another service would be looked at first there.
		return manages(path) && signedFor(header("Authorization"), "execute-api") &&
			header("X-Amz-Target") == "" && header("Smithy-Protocol") == ""
	}
	if scope, _ := headerScope(header("Authorization")); scope.Signed() {
		return scope.Service != "execute-api" || manages(path)
	}
	if strings.Contains(query, "X-Amz-Credential=") {
		return !strings.Contains(query, "%2Fexecute-api%2F") && !strings.Contains(query, "/execute-api/")
	}
	if header("X-Amz-Target") != "" || header("Smithy-Protocol") == "rpc-v2-cbor" {
		return true
	}
	if s.awsHost(host) {
		return true
	}
	return ownName(host) && (s.ownPath(path) || rpc(path, method, header))
}

// signedFor reports whether an Authorization header is for that service.
func signedFor(auth, service string) bool {
	scope, _ := headerScope(auth)
	return scope.Service == service
}

// apiHost reports whether a host name is one that APIs or function URLs are
// called by, in whatever case. A call of a function URL may be signed, and then
// for lambda.
func apiHost(host string) bool {
	_, rest, _ := strings.Cut(host, ".")
	return hasPrefixFold(rest, "execute-api.") || hasPrefixFold(rest, "lambda-url.")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// apiPath reports whether a path is one that APIs are called by on a host that
// does not tell.
func apiPath(path string) bool {
	return strings.HasPrefix(path, "/_aws/") ||
		strings.HasPrefix(path, "/restapis/") && strings.Contains(path, "/_user_request_/")
}

// manages reports whether a path is one of the management API, which lives on
// the hosts of WebSocket APIs.
//
// parity: control-plane.md 1, @ and = may arrive percent-encoded
func manages(path string) bool {
	return strings.Contains(path, "/@connections/") || strings.Contains(path, "/%40connections/")
}

// awsHost reports whether a host name is one of a service: its endpoint prefix
// before amazonaws.com, localhost or localhost.localstack.cloud.
func (s *Server) awsHost(host string) bool {
	label, rest, _ := strings.Cut(withoutPort(host), ".")
	if !strings.HasSuffix(rest, "amazonaws.com") && !strings.HasSuffix(rest, "amazonaws.com.cn") && !ownName(rest) {
		return false
	}
	if strings.HasSuffix(rest, "amazonaws.com") || strings.HasSuffix(rest, "amazonaws.com.cn") {
		return true // also services that we do not have
	}
	return slices.ContainsFunc(s.services, func(t *service) bool { return t.table.Endpoint == label })
}

func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// ownName reports whether a host is a name that every machine has for itself
// or an address: no API has it, so a path can tell the planes apart.
func ownName(host string) bool {
	host = withoutPort(host)
	switch host {
	case "", "localhost", "localhost.localstack.cloud", "host.docker.internal":
		return true
	}
	if host[0] == '[' {
		return true
	}
	return strings.Trim(host, "0123456789.") == ""
}

// ownPath reports whether a path begins as those of our REST services do.
func (s *Server) ownPath(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	first := path[1:]
	if i := strings.IndexByte(first, '/'); i >= 0 {
		first = first[:i]
	}
	_, ok := slices.BinarySearch(s.firsts, first)
	return ok
}

// rpc reports whether a request without a signature looks like a call in one of
// AWS's protocols that have one path.
func rpc(path, method string, header func(string) string) bool {
	if method != "POST" || (path != "/" && path != "") {
		return false
	}
	kind := header("Content-Type")
	return strings.HasPrefix(kind, "application/x-www-form-urlencoded") || strings.HasPrefix(kind, "application/x-amz-json-1.")
}
