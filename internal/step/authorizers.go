package step

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/limit/memo"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Pools finds who vouches for the users of a Cognito user pool.
type Pools interface {
	Pool(arn string) (issuer *jwt.Issuer, ok bool)
}

// Limits of what is remembered of callers, of all stages together.
// parity: spec/security.md 9.16.
const (
	maxVerdicts     = 100_000
	maxVerdictBytes = 128 << 20
)

// Authorizers is what authorizers stand on and what they have found out. It
// outlives deployments: a result is kept under what the authorizer is, not
// under when it was deployed.
type Authorizers struct {
	pools    Pools
	verdicts *memo.Memo[*verdict]
	secret   [32]byte
}

// NewAuthorizers makes authorizers that have found out nothing yet.
func NewAuthorizers(pools Pools) *Authorizers {
	a := &Authorizers{pools: pools, verdicts: memo.New[*verdict](maxVerdicts, maxVerdictBytes)}
	_, _ = rand.Read(a.secret[:]) // never fails: it ends the program instead
	return a
}

// Flush forgets what the authorizers of a stage have found out.
func (a *Authorizers) Flush(apiID, stage string) { a.verdicts.Forget(apiID + "/" + stage) }

// verdict is what is known of a caller. It is shared and never written to, but
// for what its policy has said.
type verdict struct {
	principal string
	context   map[string]string
	usageKey  string
	policy    *iam.Policy // of a Lambda authorizer
	said      sayings     // by the policy

	claims map[string]string
	scopes []string
}

// caller lets the exchange know who is calling.
func (v *verdict) caller(x *program.Exchange, latency time.Duration) {
	c := x.Known()
	c.Authorized, c.Principal, c.Context, c.Claims = true, v.principal, v.context, v.claims
	c.UsageKey, c.AuthorizerLatency = v.usageKey, latency
}

// Refusals of authorizers.
// parity: spec/security.md 2.9, 4.5.
func unauthorized(cause error) error { return program.Unauthorized.Refuse(cause) }

func misconfigured(cause error) error { return program.AuthorizerConfigurationError.Refuse(cause) }

// Authorization is the steps of one authorizer for one method: Recall lets
// those in who are known, and leaves out Ask, which finds out about the others.
type Authorization struct{ Recall, Ask program.Step }

// Misconfigured is an authorizer that can let nobody in.
func Misconfigured(why string) Authorization {
	return Authorization{Ask: RefuseStep(program.AuthorizerConfigurationError.Refuse(nil), why)}
}

// authorizer is what the kinds have in common.
type authorizer struct {
	shared  *Authorizers
	sources []identitySource
	ttl     time.Duration
	group   string
	field   string     // the one source if that is a field, in lower case; else empty
	one     memo.Scope // of callers who are told by the only value of that field
	all     memo.Scope // of callers who are told by every value of every source
}

// defaultTTL is how long results are kept if nobody says otherwise.
const defaultTTL = 300 * time.Second

// newAuthorizer compiles what the kinds have in common. Two authorizers share
// results only if they are the same one, said the same things, and purpose,
// which is more of what decides, is the same.
func (s Scope) newAuthorizer(a *api.Authorizer, shared *Authorizers, purpose ...string) (*authorizer, error) {
	out := &authorizer{shared: shared, ttl: defaultTTL, group: s.APIID + "/" + s.Stage}
	if a.ResultTTLSeconds != nil {
		out.ttl = time.Duration(*a.ResultTTLSeconds) * time.Second
	}
	var err error
	if a.IdentitySource != nil {
		if out.sources, err = s.identitySources(*a.IdentitySource); err != nil {
			return nil, err
		}
	}
	said, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("authorizer %s: %w", a.ID, err)
	}
	if len(out.sources) == 1 && out.sources[0].kind == fromHeader {
		out.field = out.sources[0].name
	}
	prefix := slices.Clone(shared.secret[:])
	for _, part := range append([]string{s.APIID, s.Stage, a.ID, string(said)}, purpose...) {
		prefix = appendSized(prefix, part)
	}
	out.one, out.all = sha256.Sum256(append(prefix, 1)), sha256.Sum256(append(prefix, 0))
	return out, nil
}

// identified says whether every identity source has a value.
func (a *authorizer) identified(x *program.Exchange) bool {
	for i := range a.sources {
		if !a.sources[i].present(x) {
			return false
		}
	}
	return true
}

// sole is the value that stands in the request exactly once and alone tells
// who is calling; nil if there is no such value.
func (a *authorizer) sole(x *program.Exchange) []byte {
	if a.field == "" {
		return nil
	}
	return onlyValue(x, a.field)
}

// question is what the caller is remembered under: sole, if there is one, else
// every value of every source. It allocates nothing.
func (a *authorizer) question(x *program.Exchange, sole []byte) (scope *memo.Scope, text []byte) {
	if sole != nil {
		return &a.one, sole
	}
	x.Query() // decoded into the exchange's memory before the text goes there
	return &a.all, x.KeepVariable(a.appendKey)
}

func (a *authorizer) appendKey(x *program.Exchange, dst []byte) []byte {
	for i := range a.sources {
		dst = a.sources[i].appendTo(x, dst)
	}
	return dst
}

// known is what is remembered of the caller, nil if nothing.
func (a *authorizer) known(x *program.Exchange, sole []byte) *verdict {
	v, _ := a.shared.verdicts.Get(a.question(x, sole))
	return v
}

// cached says whether results are kept: without an identity there is nothing
// to keep them under.
func (a *authorizer) cached() bool { return a.ttl > 0 && len(a.sources) > 0 }

// find is what ask finds out about the caller, or what it found out before.
func (a *authorizer) find(ctx context.Context, x *program.Exchange, ask func() (memo.Answer[*verdict], error)) (*verdict, error) {
	if !a.cached() {
		answer, err := ask()
		return answer.Value, err
	}
	scope, text := a.question(x, a.sole(x))
	return a.shared.verdicts.Ask(ctx, scope, text, ask)
}
