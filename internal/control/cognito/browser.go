package cognito

import (
	"net/http"
	"strings"

	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// targetPrefix begins X-Amz-Target of a call to Cognito.
const targetPrefix = "AWSCognitoIdentityProviderService."

// Preflight reports whether a request is a browser that asks whether a page may
// call Cognito.
func Preflight(host, method string, header func(string) string) bool {
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	return method == http.MethodOptions && (own(host) || cognitoHost(host)) && strings.Contains(strings.ToLower(header("Access-Control-Request-Headers")), "x-amz-target") &&
		header("Access-Control-Request-Method") == http.MethodPost
}

// Door lets the pages of anybody call the operations that users call, as they
// do at AWS: those need no signature, but a password or a token. Everything else
// goes to guarded, which keeps pages out.
func (s *Service) Door(guarded, plain http.Handler) http.Handler {
	table := wire.Table()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		switch op, isCall := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix); {
		case s.Owns(r.Host, r.URL.Path):
			h.Set("Access-Control-Allow-Origin", "*")
			s.ServeHTTP(w, r)
		case Preflight(r.Host, r.Method, r.Header.Get):
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Access-Control-Allow-Methods", "POST")
			h.Set("Access-Control-Allow-Headers", "amz-sdk-invocation-id, amz-sdk-request, cache-control, content-type, x-amz-target, x-amz-user-agent")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
		case isCall && r.Header.Get("Authorization") == "" && table.Operation(op) != nil && table.Operation(op).Open:
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Access-Control-Expose-Headers", "x-amzn-requestid, x-amzn-errortype, x-amzn-errormessage")
			plain.ServeHTTP(w, r)
		default:
			guarded.ServeHTTP(w, r)
		}
	})
}
