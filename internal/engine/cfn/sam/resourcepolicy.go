package sam

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const keyPolicy = "x-amazon-apigateway-policy"

// addResourcePolicy adds the statements of a ResourcePolicy for one path.
func (e *editor) addResourcePolicy(policy *Value, path string, stage *Value) {
	if !policy.Is(doc.Map) {
		e.fail(policy, "Resource Policy is not a valid dictionary.")
		return
	}
	d := ensure(e.doc, keyPolicy)
	// Every path looks through the statements before it.
	const look = 16
	if !e.spend(policy, policy) || !e.charge(policy, look*d.Get("Statement").Len()) {
		return
	}
	resources := e.methodResources(path, stage)
	for _, l := range []struct{ key, effect string }{{"AwsAccountWhitelist", "Allow"}, {"AwsAccountBlacklist", "Deny"}} {
		if accounts := given(policy.Get(l.key)); truthy(accounts) {
			addStatements(d, false, statement(l.effect, resources, obj("AWS", asList(accounts))))
		}
	}
	for _, l := range []struct{ key, condition string }{{"IpRangeWhitelist", "NotIpAddress"}, {"IpRangeBlacklist", "IpAddress"}} {
		if ranges := given(policy.Get(l.key)); truthy(ranges) {
			addDenial(d, resources, obj(l.condition, obj("aws:SourceIp", asList(ranges))))
		}
	}
	e.addVPC(d, policy, "Blacklist", "StringEquals", resources)
	e.addVPC(d, policy, "Whitelist", "StringNotEquals", resources)
}

// addVPC adds the statements about VPCs and their endpoints.
func (e *editor) addVPC(d, policy *Value, kind, condition string, resources *Value) {
	vpcs, endpoints := list(), list()
	for _, it := range policy.Get("SourceVpc" + kind).Items() {
		s, ok := it.Str()
		switch {
		case !ok:
			e.fail(it, "SourceVpc%s must be a list of strings. Use IntrinsicVpc%s instead for values that use Intrinsic Functions", kind, kind)
		case strings.HasPrefix(s, "vpce-"):
			endpoints.Append(it)
		case strings.HasPrefix(s, "vpc-"):
			vpcs.Append(it)
		}
	}
	vpcs = concat(vpcs, policy.Get("IntrinsicVpc"+kind))
	endpoints = concat(endpoints, policy.Get("IntrinsicVpce"+kind))
	if vpcs.Len()+endpoints.Len() == 0 {
		return
	}
	what := doc.NewMap()
	if vpcs.Len() > 0 {
		what.Set("aws:SourceVpc", vpcs)
	}
	if endpoints.Len() > 0 {
		what.Set("aws:SourceVpce", endpoints)
	}
	addDenial(d, resources, obj(condition, what))
}

func statement(effect string, resources, principal *Value) *Value {
	return obj("Effect", effect, "Action", "execute-api:Invoke", "Resource", resources.Clone(), "Principal", principal)
}

// addDenial allows everyone and denies those of a condition.
func addDenial(d, resources, condition *Value) {
	addStatements(d, true,
		statement("Allow", resources, text("*")),
		statement("Deny", resources, text("*")).Set("Condition", condition))
}

// addStatements adds statements to a policy; with unique only those that it
// does not hold.
func addStatements(d *Value, unique bool, statements ...*Value) {
	d.SetText("Version", "2012-10-17")
	before := given(d.Get("Statement"))
	if before == nil {
		if !unique && len(statements) == 1 {
			d.Set("Statement", statements[0])
		} else {
			d.Set("Statement", list(statements...))
		}
		return
	}
	all := asList(before)
	for _, s := range statements {
		if unique {
			appendNew(all, s)
		} else {
			all.Append(s)
		}
	}
	d.Set("Statement", all)
}

// addCustomStatements adds statements as they are written.
func (e *editor) addCustomStatements(statements *Value) {
	d := ensure(e.doc, keyPolicy)
	d.SetText("Version", "2012-10-17")
	before := given(d.Get("Statement"))
	if before == nil {
		d.Set("Statement", statements.Clone())
		return
	}
	all := asList(before)
	for _, s := range asList(statements).Items() {
		appendNew(all, s.Clone())
	}
	d.Set("Statement", all)
}

// methodResources are the resources of a policy for the methods of a path.
func (e *editor) methodResources(path string, stage *Value) *Value {
	l := list()
	in := pathVariable.ReplaceAllString(path, "*")
	for _, item := range e.items(path) {
		for _, m := range item.Keys() {
			if !e.spend(item, stage) {
				return l
			}
			method := strings.ToUpper(m)
			if normalMethod(m) == keyAnyMethod {
				method = "*"
			}
			l.Append(sub("execute-api:/${__Stage__}/"+method+in, "__Stage__", stage.Clone()))
		}
	}
	return l
}
