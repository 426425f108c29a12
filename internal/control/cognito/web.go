package cognito

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/userpool"
)

// place is what a web request is about.
type place struct {
	pool, domain string // one of them
	what         string // path below the pool
}

// whats are the pages that a pool has.
func whats() []string {
	return []string{"/.well-known/jwks.json", "/.well-known/openid-configuration", "/oauth2/token"}
}

// domainHost is what stands behind the prefix of a pool's domain.
const domainHost = ".amazoncognito.com"

// placeOf finds out what a request is about: /POOL/... on Cognito's hosts and on
// this machine's own names, /... on the domain of a pool.
func placeOf(host, path string) (place, bool) {
	path, _, _ = strings.Cut(path, "?")
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	if prefix, rest, _ := strings.Cut(host, "."); strings.HasPrefix(rest, "auth.") && strings.HasSuffix(rest, domainHost) && slices.Contains(whats(), path) {
		return place{domain: prefix, what: path}, true
	}
	if !cognitoHost(host) && !own(host) {
		return place{}, false
	}
	for _, what := range whats() {
		if before, ok := strings.CutSuffix(path, what); ok && len(before) > 1 && before[0] == '/' && regexp.MustCompile(poolID).MatchString(before[1:]) {
			return place{pool: before[1:], what: what}, true
		}
	}
	return place{}, false
}

// cognitoHost says whether a host is one of Cognito's.
func cognitoHost(host string) bool {
	label, rest, _ := strings.Cut(host, ".")
	return label == "cognito-idp" && (own(rest) || strings.HasSuffix(rest, ".amazonaws.com") || strings.HasSuffix(rest, ".amazonaws.com.cn"))
}

// own says whether a host is a name that this machine has for itself.
func own(host string) bool {
	switch host {
	case "", "localhost", "localhost.localstack.cloud", "host.docker.internal":
		return true
	}
	return host[0] == '[' || strings.Trim(host, "0123456789.") == ""
}

// Owns reports whether a request is for the pages of a pool. They are public,
// as Cognito's are.
func (s *Service) Owns(host, path string) bool {
	_, ok := placeOf(host, path)
	return ok
}

// ServeHTTP answers requests that Owns was true for.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, ok := placeOf(r.Host, r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	var p *pool
	var set []byte
	err := s.store.View(r.Context(), func(tx store.Tx) (err error) {
		if at.domain != "" {
			if at.pool, err = s.poolOfDomain(tx, at.domain); err != nil {
				return err
			}
		}
		if p, err = s.pool(tx, at.pool); err != nil {
			return err
		}
		keys, err := s.keys(tx, p.ID)
		if err == nil {
			set = userpool.Set(keys)
		}
		return err
	})
	if err != nil {
		s.fail(w, err)
		return
	}
	switch {
	case at.what == "/oauth2/token":
		s.serveToken(w, r, p)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
	case strings.HasSuffix(at.what, "jwks.json"):
		send(w, http.StatusOK, json.RawMessage(set))
	default:
		send(w, http.StatusOK, s.discovery(r, p))
	}
}

func (s *Service) poolOfDomain(tx store.Tx, domain string) (string, error) {
	id, err := store.Get[string](tx, api.PoolDomainKey(domain))
	if errors.Is(err, store.ErrMissing) {
		return "", missing("There is no such domain.")
	}
	return id, err
}

// fail answers that there is no such pool, or that something is broken.
func (s *Service) fail(w http.ResponseWriter, err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		send(w, http.StatusNotFound, map[string]string{"message": f.Message})
		return
	}
	s.cfg.Log.Error("answer for a user pool", "error", err)
	send(w, http.StatusInternalServerError, map[string]string{"message": "Internal server error"})
}

func send(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" && status == http.StatusOK {
		h.Set("Cache-Control", "public, max-age=300")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked has gone
}

// discovery is the pool's OpenID Connect discovery document. The places are
// where the caller asked: Cognito's own hosts lead to AWS, unless names are led
// here.
func (s *Service) discovery(r *http.Request, p *pool) any {
	base := s.issuer(p.ID)
	if host, _, _ := strings.Cut(strings.ToLower(r.Host), ":"); own(host) {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		base = scheme + r.Host + "/" + p.ID
	}
	token := base + "/oauth2/token"
	if p.Domain != "" && base == s.issuer(p.ID) {
		token = "https://" + p.Domain + ".auth." + s.cfg.Region + domainHost + "/oauth2/token"
	}
	return map[string]any{
		"issuer": s.issuer(p.ID), "jwks_uri": base + "/.well-known/jwks.json", "token_endpoint": token,
		"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"token"},
		"grant_types_supported": []string{"client_credentials", "refresh_token"}, "subject_types_supported": []string{"public"},
		"scopes_supported": []string{"openid", "email", "phone", "profile"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
}

// maxForm is how long a request for tokens may be, in bytes.
const maxForm = 64 << 10

// oauthError is an error of RFC 6749 5.2.
type oauthError struct {
	status int
	code   string
}

// Error implements error.
func (e *oauthError) Error() string { return e.code }

func badRequest(code string) error { return &oauthError{http.StatusBadRequest, code} }

// serveToken is the token endpoint of RFC 6749: client_credentials and
// refresh_token.
// parity: Cognito Developer Guide, "Token endpoint"
func (s *Service) serveToken(w http.ResponseWriter, r *http.Request, p *pool) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	answer, err := s.grant(w, r, p)
	if bad, ok := errors.AsType[*oauthError](err); ok {
		send(w, bad.status, map[string]string{"error": bad.code})
		return
	}
	if isDenied(err) {
		send(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	if err != nil {
		s.cfg.Log.Error("give tokens", "pool", p.ID, "error", err)
		send(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	send(w, http.StatusOK, answer)
}

// grant answers a request for tokens.
func (s *Service) grant(w http.ResponseWriter, r *http.Request, p *pool) (any, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, badRequest("invalid_request")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest("invalid_request")
		}
	}
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		if id != "" && id != user {
			return nil, badRequest("invalid_client")
		}
		id, secret = unescaped(user), unescaped(password)
	}
	at, c, err := s.bySecret(r.Context(), id, &secret)
	if _, is := errors.AsType[*fault.Error](err); is || err == nil && at.ID != p.ID {
		return nil, badRequest("invalid_client")
	}
	if err != nil {
		return nil, err
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
		return s.machine(r, p, c)
	case "refresh_token":
		result, err := s.refreshed(r.Context(), p, c, r.PostForm.Get("refresh_token"), c.rotates())
		if err != nil {
			return nil, err
		}
		answer := map[string]any{"access_token": result.AccessToken, "id_token": result.IdToken, "token_type": tokenType, "expires_in": result.ExpiresIn}
		if result.RefreshToken != nil {
			answer["refresh_token"] = result.RefreshToken
		}
		return answer, nil
	}
	return nil, badRequest("unsupported_grant_type")
}

// unescaped undoes the encoding that RFC 6749 2.3.1 asks for before base64.
func unescaped(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// machine gives an access token to a client that acts for itself.
func (s *Service) machine(r *http.Request, p *pool, c *client) (any, error) {
	if !slices.Contains(c.settings.AllowedOAuthFlows, "client_credentials") || len(c.Secret) == 0 || !on(c.settings.AllowedOAuthFlowsUserPoolClient) {
		return nil, badRequest("unauthorized_client")
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	for _, scope := range scopes {
		if !slices.Contains(c.settings.AllowedOAuthScopes, scope) {
			return nil, badRequest("invalid_scope")
		}
	}
	if len(scopes) == 0 {
		scopes = c.settings.AllowedOAuthScopes
	}
	now, life := s.now(), c.lives().access
	var token string
	err := s.store.View(r.Context(), func(tx store.Tx) error {
		signer, err := s.signer(tx, p.ID)
		if err != nil {
			return err
		}
		token, err = signer.Sign(map[string]any{
			"sub": c.ID, "token_use": "access", "scope": strings.Join(scopes, " "), "auth_time": now.Unix(), "iss": s.issuer(p.ID),
			"exp": now.Add(life).Unix(), "iat": now.Unix(), "version": 2, "jti": uuid.NewString(), "client_id": c.ID,
		})
		return err
	})
	return map[string]any{"access_token": token, "token_type": tokenType, "expires_in": int(life / time.Second)}, err
}
