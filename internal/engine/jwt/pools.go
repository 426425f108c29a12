package jwt

import (
	"regexp"
	"strings"
	"sync"
)

// Pools are Cognito user pools by ARN. A pool has one Issuer as long as the
// Pools live, so its keys outlive deployments.
type Pools struct {
	fetch    Fetch
	standIns map[string]string // issuer by the ARN of the pool that it stands for
	own      func(arn string) *Keys

	mu      sync.Mutex
	issuers map[string]*Issuer // by ARN
}

// NewPools makes pools. standIns are the issuers that stand for pools, by the
// pools' ARNs; all others are asked at AWS.
func NewPools(fetch Fetch, standIns map[string]string) *Pools {
	return &Pools{fetch: fetch, standIns: standIns, issuers: map[string]*Issuer{}}
}

// WithOwn has the keys of pools asked of own first, by the pools' ARNs: it gives
// nil for a pool that is not kept here. It is called before anybody asks, and
// own for each token, so it answers at once.
func (p *Pools) WithOwn(own func(arn string) *Keys) *Pools {
	p.own = own
	return p
}

// Pool is the issuer of a pool's tokens; ok is false if the ARN is that of no
// pool.
func (p *Pools) Pool(arn string) (issuer *Issuer, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if issuer, ok = p.issuers[arn]; ok {
		return issuer, true
	}
	cfg := IssuerConfig{Fetch: p.fetch}
	if cfg.Name, ok = p.standIns[arn]; !ok {
		if cfg.Name, cfg.Pool = cognito(arn); !cfg.Pool {
			return nil, false
		}
		if p.own != nil {
			cfg.Own = func() *Keys { return p.own(arn) }
		}
	}
	issuer = NewIssuer(cfg)
	p.issuers[arn] = issuer
	return issuer, true
}

// cognito is the issuer of a pool at AWS. Region and id become parts of a URL,
// so nothing but what they may be gets there.
// parity: spec/security.md 5.4.
func cognito(arn string) (issuer string, ok bool) {
	part := strings.SplitN(arn, ":", 6)
	if len(part) != 6 || part[0] != "arn" || part[2] != "cognito-idp" {
		return "", false
	}
	suffix := "amazonaws.com"
	switch part[1] {
	case "aws", "aws-us-gov":
	case "aws-cn":
		suffix = "amazonaws.com.cn"
	default:
		return "", false
	}
	id, isPool := strings.CutPrefix(part[5], "userpool/")
	if !isPool || !regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`).MatchString(part[3]) ||
		!regexp.MustCompile(`^[\w-]{1,55}$`).MatchString(id) {
		return "", false
	}
	return "https://cognito-idp." + part[3] + "." + suffix + "/" + id, true
}
