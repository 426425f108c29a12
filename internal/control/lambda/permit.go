package lambda

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
)

// request is what a policy is asked about.
type request struct {
	principal     string // apigateway.amazonaws.com, an IAM ARN, or * for a stranger
	action        string // lambda:InvokeFunction
	sourceARN     string // on whose behalf; empty: not said
	sourceAccount string // empty: not said
	urlAuth       string // lambda:FunctionUrlAuthType; empty: not by a function URL
}

// grant is a statement of a policy, made ready to be asked often.
type grant struct {
	principal  api.GrantPrincipal
	action     string
	conditions []condition
}

// condition is one key of a statement's Condition.
type condition struct {
	key   string // in lower case
	holds func(value string) bool
}

// newGrants makes the statements of a policy ready.
func newGrants(policy api.FunctionPolicy) []grant {
	grants := make([]grant, 0, len(policy.Statements))
	for _, s := range policy.Statements {
		if s.Effect == "Allow" {
			grants = append(grants, grant{s.Principal, s.Action, newConditions(s.Condition)})
		}
	}
	return grants
}

func newConditions(c *api.GrantCondition) []condition {
	if c == nil {
		return nil
	}
	var all []condition
	add := func(values map[string]string, operator func(want string) func(string) bool) {
		for key, want := range values {
			all = append(all, condition{strings.ToLower(key), operator(want)})
		}
	}
	equals := func(want string) func(string) bool { return func(v string) bool { return v == want } }
	like := func(want string) func(string) bool { return func(v string) bool { return glob(want, v) } }
	// ArnEquals and ArnLike are the same to IAM.
	arn := func(want string) func(string) bool { return newARNPattern(want).match }
	add(c.Bool, equals)
	add(c.StringEquals, equals)
	add(c.StringLike, like)
	add(c.ArnEquals, arn)
	add(c.ArnLike, arn)
	return all
}

// allows says whether one of the statements allows r. A function's policy
// holds no Deny.
func allows(grants []grant, r *request) bool {
	for i := range grants {
		if grants[i].allows(r) {
			return true
		}
	}
	return false
}

func (g *grant) allows(r *request) bool {
	if !matchAction(g.action, r.action) || !matchPrincipal(g.principal, r.principal) {
		return false
	}
	for _, c := range g.conditions {
		value := r.value(c.key)
		if value == "" || !c.holds(value) {
			return false // a key that is not there fulfils no condition
		}
	}
	return true
}

// value is what r says under a condition key; empty: nothing.
func (r *request) value(key string) string {
	switch key {
	case "aws:sourcearn":
		return r.sourceARN
	case "aws:sourceaccount":
		return r.sourceAccount
	case "lambda:functionurlauthtype":
		return r.urlAuth
	case "lambda:invokedviafunctionurl":
		if r.urlAuth != "" {
			return "true"
		}
		return "false"
	default:
		return ""
	}
}

func matchAction(want, have string) bool {
	return want == "*" || want == "lambda:*" || strings.EqualFold(want, have)
}

func matchPrincipal(p api.GrantPrincipal, have string) bool {
	switch {
	case p.Kind == "":
		return p.Value == "*"
	case p.Value == have:
		return true
	case p.Kind == "AWS":
		return p.Value == "*" || rootOf(p.Value, have)
	default:
		return false
	}
}

// rootOf says whether have is an IAM or STS principal of the account whose
// root user want is: "the account" in a policy.
func rootOf(want, have string) bool {
	account, found := strings.CutSuffix(want, ":root")
	if !found {
		return false
	}
	w, h := strings.SplitN(account, ":", 6), strings.SplitN(have, ":", 6)
	return len(w) == 5 && len(h) == 6 && w[1] == h[1] && w[4] == h[4] && (h[2] == "iam" || h[2] == "sts")
}
