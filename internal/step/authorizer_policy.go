package step

import (
	"strconv"
	"time"
	"unsafe"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/program"
)

// decide is what an authorizer's policy says about calling a method.
// parity: spec/security.md 4.4.
func decide(x *program.Exchange, p *iam.Policy, arn []byte) iam.Effect {
	r := iam.Request{
		Action:   "execute-api:Invoke",
		Resource: unsafe.String(unsafe.SliceData(arn), len(arn)), //nolint:gosec // in the exchange's memory, which the decision does not outlive
	}
	for _, key := range p.Keys() {
		if value := circumstance(x, key); value != "" {
			r.Attributes = append(r.Attributes, iam.Attribute{Key: key, Value: value})
		}
	}
	return p.Evaluate(&r).Effect
}

// circumstance is the value of a condition key, by its name in lower case;
// empty if the request has none.
// parity: spec/security.md 3.3, those that all authorization types have.
func circumstance(x *program.Exchange, key string) string {
	switch key {
	case "aws:sourceip":
		return string(x.AppendSourceIP(nil))
	case "aws:useragent":
		return string(x.Header("user-agent"))
	case "aws:referer":
		return string(x.Header("referer"))
	case "aws:securetransport":
		return strconv.FormatBool(x.TLS)
	case "aws:currenttime":
		return x.Start.UTC().Format(time.RFC3339)
	case "aws:epochtime":
		return strconv.FormatInt(x.Start.Unix(), 10)
	}
	return ""
}
