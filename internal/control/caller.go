package control

import (
	"context"
	"net/http"
	"strings"

	signer "github.com/stagedoor/stagedoor/internal/identity"
)

// Caller is who makes a call.
type Caller struct {
	Account   string // 12 digits
	AccessKey string // the access key id that signed; empty for a call without a signature
	ARN       string
	UserID    string

	// Signed is who signed the call, with what they may do; nil where no Guard
	// has looked, or the operation needs no signature.
	Signed *signer.Identity
}

// Origin is where a call comes from and what it is, for services that tell of
// it (STS, CloudTrail, the management API).
type Origin struct {
	Caller    Caller
	RequestID string
	Service   string // name of the table, such as "apigateway"
	Operation string
	Region    string // the one signed for, or the server's own
	Host      string // as sent
	Path      string // as sent, percent-encoded
	SourceIP  string // as the listener saw it
	UserAgent string
}

type originKey struct{}

// WithOrigin puts the origin of a call into its context.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf is the origin of the call that ctx belongs to; the zero Origin for
// one made within this process.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// CallerOf is who makes the call that ctx belongs to.
func CallerOf(ctx context.Context) Caller { return OriginOf(ctx).Caller }

// root takes everyone for the root of the account.
func (s *Server) root(_ *http.Request, scope Scope) (Caller, error) {
	return Root(s.region, s.account, scope.AccessKey), nil
}

// Root is the account itself as a caller.
func Root(region, account, accessKey string) Caller {
	return Caller{Account: account, AccessKey: accessKey, ARN: "arn:" + partition(region) + ":iam::" + account + ":root", UserID: account}
}

// partition is the part of AWS that a region is in.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
