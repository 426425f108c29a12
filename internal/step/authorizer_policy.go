package step

import (
	"strconv"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	signer "github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/program"
)

// decide is what an authorizer's policy says about calling a method.
// parity: spec/security.md 4.4.
func decide(x *program.Exchange, p *iam.Policy, arn []byte) iam.Effect {
	effect, _ := evaluate(x, p, arn)
	return effect
}

// doorway is what the VPC endpoint of a request says of itself.
func doorway(x *program.Exchange, key string) string {
	switch {
	case x.Door == nil:
		return ""
	case key == "aws:sourcevpce":
		return x.Door.ID
	case key == "aws:sourcevpc":
		return x.Door.VPC
	}
	return string(x.AppendSourceIP(nil))
}

// circumstance is the value of a condition key, by its name in lower case;
// empty if the request has none.
// parity: spec/security.md 3.3, those that all authorization types have.
func circumstance(x *program.Exchange, key string) string {
	switch key {
	case "aws:sourceip":
		if x.Door != nil {
			return "" // parity: spec/security.md 2.5, not through a VPC endpoint
		}
		return string(x.AppendSourceIP(nil))
	case "aws:vpcsourceip", "aws:sourcevpce", "aws:sourcevpc":
		return doorway(x, key)
	case "aws:requestedregion", "aws:resourceaccount":
		if x.Stage == nil {
			return ""
		}
		value, _ := signer.Circumstances(key, x.Start, x.Stage.Region, x.Stage.Account)
		return value
	case "aws:principaltype":
		return "Anonymous" // of others their identity tells
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
