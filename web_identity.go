package stagedoor

import (
	"strings"
	"sync"

	"github.com/stagedoor/stagedoor/internal/engine/jwt"
)

// webIssuers are those who verify web identities, by their URLs. Only issuers
// that IAM knows are asked for, and it keeps few.
func (s *Server) webIssuers() func(url string) *jwt.Issuer {
	var known sync.Map // string -> *jwt.Issuer
	fetch := jwt.NewFetcher().Fetch
	return func(url string) *jwt.Issuer {
		if v, ok := known.Load(url); ok {
			if issuer, ok := v.(*jwt.Issuer); ok {
				return issuer
			}
		}
		cfg := jwt.IssuerConfig{Name: url, Fetch: fetch}
		if rest, ok := strings.CutPrefix(url, "https://cognito-idp."); ok {
			region, id, _ := strings.Cut(rest, ".amazonaws.com/")
			arn := "arn:aws:cognito-idp:" + region + ":" + s.cfg.Account + ":userpool/" + id
			cfg.Pool, cfg.Own = true, func() *jwt.Keys { return s.pools.keys.Keys(arn) }
		}
		issuer := jwt.NewIssuer(cfg)
		known.Store(url, issuer)
		return issuer
	}
}
