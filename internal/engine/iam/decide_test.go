package iam

import (
	"strings"
	"testing"
)

const (
	ours   = "111122223333"
	theirs = "444455556666"
)

// says is a policy with an effect; nil for none.
func says(t *testing.T, e Effect, kind Kind, principal string) *Policy {
	t.Helper()
	effect, action := "Allow", "execute-api:Invoke"
	switch e {
	case NoPolicy:
		return nil
	case Silent:
		action = "s3:*"
	case Deny:
		effect = "Deny"
	default:
	}
	who := ""
	if kind == Resource {
		who = `"Principal":` + principal + `,`
	}
	return parse(t, version(`{"Effect":"`+effect+`",`+who+`"Action":"`+action+`","Resource":"*"}`), kind)
}

func invoke(who *Principal) *Request {
	return &Request{Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:eu-central-1:" + ours + ":api1/prod/GET/pets", Principal: who}
}

var (
	ann     = &Principal{Kind: User, Account: ours, ARN: "arn:aws:iam::" + ours + ":user/dev/ann", ID: "AIDAIOSFODNN7EXAMPLE"}
	session = &Principal{
		Kind: Session, Account: ours, ARN: "arn:aws:sts::" + ours + ":assumed-role/deploy/ci", Role: "arn:aws:iam::" + ours + ":role/x/deploy", ID: "AROAIOSFODNN7EXAMPLE:ci",
	}
	root     = &Principal{Kind: Root, Account: ours, ARN: "arn:aws:iam::" + ours + ":root", ID: ours}
	stranger = &Principal{Kind: User, Account: theirs, ARN: "arn:aws:iam::" + theirs + ":user/eve", ID: "AIDAEXAMPLE7NNDOSFOI"}
	events   = &Principal{Kind: Service, Name: "events.amazonaws.com"}
)

// TestTables holds each cell of API Gateway's two tables, and Decide to both.
func TestTables(t *testing.T) {
	const a, i, e = Allowed, ImplicitDeny, ExplicitDeny
	effects := []Effect{Allow, Silent, Deny}
	for row, want := range []struct{ same, cross [4]Outcome }{ // columns: Allow, Silent, Deny, NoPolicy
		{[4]Outcome{a, a, e, a}, [4]Outcome{a, i, e, i}},
		{[4]Outcome{a, i, e, i}, [4]Outcome{i, i, e, i}},
		{[4]Outcome{e, e, e, e}, [4]Outcome{e, e, e, e}},
	} {
		for column, resource := range []Effect{Allow, Silent, Deny, NoPolicy} {
			caller := effects[row]
			if got := SameAccount(caller, resource); got != want.same[column] {
				t.Errorf("SameAccount(%v, %v) = %v, want %v", caller, resource, got, want.same[column])
			}
			if got := CrossAccount(caller, resource); got != want.cross[column] {
				t.Errorf("CrossAccount(%v, %v) = %v, want %v", caller, resource, got, want.cross[column])
			}
			p := Policies{Identity: []*Policy{says(t, caller, Identity, "")}, Owner: ours}
			p.Resource = says(t, resource, Resource, `"*"`)
			if got := p.Decide(invoke(ann)).Outcome; got != want.same[column] {
				t.Errorf("Decide for ann, %v and %v: %v, want %v", caller, resource, got, want.same[column])
			}
			if got := p.Decide(invoke(stranger)).Outcome; got != want.cross[column] {
				t.Errorf("Decide for a stranger, %v and %v: %v, want %v", caller, resource, got, want.cross[column])
			}
		}
	}
	for resource, want := range map[Effect]Outcome{NoPolicy: a, Silent: i, Allow: a, Deny: e} {
		if got := Alone(resource); got != want {
			t.Errorf("Alone(%v) = %v, want %v", resource, got, want)
		}
		for _, caller := range []Effect{NoPolicy, Silent} {
			if SameAccount(caller, resource) != SameAccount(Silent, resource) || CrossAccount(caller, resource) != CrossAccount(Silent, resource) {
				t.Errorf("who has no policy is not silent")
			}
		}
	}
}

// TestPrincipals names callers in resource policies.
func TestPrincipals(t *testing.T) {
	all := map[string]*Principal{"anonymous": nil, "ann": ann, "session": session, "root": root, "stranger": stranger, "events": events}
	allowed := func(element string) string {
		p := parse(t, version(`{"Effect":"Allow",`+element+`,"Action":"*","Resource":"*"}`), Resource)
		var names []string
		for _, name := range []string{"anonymous", "ann", "session", "root", "stranger", "events"} {
			if v := p.Evaluate(invoke(all[name])); v.Effect == Allow {
				names = append(names, name+map[reach]string{account: "'s account", everyone: "", role: "'s role", directly: "!"}[v.reach])
			}
		}
		return strings.Join(names, " ")
	}
	const every = "anonymous ann session root stranger events"
	for element, want := range map[string]string{
		`"Principal":"*"`:                                          every,
		`"Principal":{"AWS":"*"}`:                                  every,
		`"Principal":{"AWS":"` + ours + `"}`:                       "ann's account session's account root!",
		`"Principal":{"AWS":"` + root.ARN + `"}`:                   "ann's account session's account root!",
		`"Principal":{"AWS":["*","` + ann.ARN + `"]}`:              "anonymous ann! session root stranger events",
		`"Principal":{"AWS":["*","` + theirs + `"]}`:               every,
		`"Principal":{"AWS":"` + ann.ARN + `"}`:                    "ann!",
		`"Principal":{"AWS":"` + ann.ID + `"}`:                     "ann!",
		`"Principal":{"AWS":"arn:aws:iam::` + ours + `:user/ann"}`: "",
		`"Principal":{"AWS":"` + session.Role + `"}`:               "session's role",
		`"Principal":{"AWS":"AROAIOSFODNN7EXAMPLE"}`:               "session's role",
		`"Principal":{"AWS":"` + session.ARN + `"}`:                "session!",
		`"Principal":{"AWS":"` + session.ARN + `2"}`:               "",
		`"Principal":{"Service":"events.amazonaws.com"}`:           "events!",
		`"Principal":{"Service":"Events.amazonaws.com"}`:           "",
		`"Principal":{"Federated":"events.amazonaws.com"}`:         "",
		`"NotPrincipal":"*"`:                                       "",
		`"NotPrincipal":{"AWS":"` + theirs + `"}`:                  "anonymous ann session root events",
		`"NotPrincipal":{"AWS":"` + ann.ARN + `"}`:                 "anonymous session root stranger events",
		`"NotPrincipal":{"Service":"events.amazonaws.com"}`:        "anonymous ann session root stranger",
	} {
		if got := allowed(element); got != want {
			t.Errorf("%s allows %q, want %q", element, got, want)
		}
	}
	denied := func(element string) string {
		p := parse(t, version(`{"Effect":"Deny",`+element+`,"Action":"*","Resource":"*"}`), Resource)
		var names []string
		for _, name := range []string{"anonymous", "ann", "session", "root", "stranger", "events"} {
			if p.Evaluate(invoke(all[name])).Effect == Deny {
				names = append(names, name)
			}
		}
		return strings.Join(names, " ")
	}
	for element, want := range map[string]string{
		`"Principal":{"AWS":"` + ours + `"}`:                                                   "ann session root",
		`"Principal":{"AWS":"` + session.Role + `"}`:                                           "session",
		`"NotPrincipal":"*"`:                                                                   "",
		`"NotPrincipal":{"AWS":"` + ann.ARN + `"}`:                                             every,
		`"NotPrincipal":{"AWS":["` + ann.ARN + `","` + ours + `"]}`:                            "anonymous session stranger events",
		`"NotPrincipal":{"AWS":["` + session.ARN + `","` + ours + `"]}`:                        "anonymous ann session stranger events",
		`"NotPrincipal":{"AWS":["` + session.ARN + `","` + session.Role + `","` + ours + `"]}`: "anonymous ann stranger events",
		`"NotPrincipal":{"Service":"events.amazonaws.com"}`:                                    "anonymous ann session root stranger",
	} {
		if got := denied(element); got != want {
			t.Errorf("%s denies %q, want %q", element, got, want)
		}
	}
	web := &Principal{Kind: Federated, Name: "accounts.google.com"}
	trust := parse(t, version(`{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"}`), Trust)
	r := &Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: session.Role, Principal: web}
	if got := (&Policies{Resource: trust, Owner: ours}).Decide(r).Outcome; got != Allowed {
		t.Errorf("a provider that a role trusts: %v", got)
	}
	web.Account = ours
	delegated := parse(t, version(`{"Effect":"Allow","Principal":{"AWS":"`+ours+`"},"Action":"sts:*"}`), Trust)
	if got := (&Policies{Resource: delegated, Owner: ours}).Decide(r).Outcome; got != ImplicitDeny {
		t.Errorf("a provider of an account that a role trusts: %v", got)
	}
	web.Name = "accounts.example.com"
	if got := (&Policies{Resource: trust, Owner: ours}).Decide(r).Outcome; got != ImplicitDeny {
		t.Errorf("a provider that a role does not trust: %v", got)
	}
}

// TestDecide combines policies of all kinds.
func TestDecide(t *testing.T) {
	const named, direct, byAccount = `{"AWS":"arn:aws:iam::` + ours + `:role/x/deploy"}`, `{"AWS":["arn:aws:iam::` + ours + `:user/dev/ann","arn:aws:sts::` + ours + `:assumed-role/deploy/ci"]}`, `{"AWS":["` + ours + `","` + theirs + `"]}`
	type given struct{ identity, resource, boundary, session, control Effect }
	for _, tt := range []struct {
		name      string
		who       *Principal
		given     given
		principal string
		want      string // outcome and source
	}{
		{"nothing", ann, given{}, `"*"`, "implicitDeny identity-based policy"},
		{"identity", ann, given{identity: Allow}, `"*"`, "allowed identity-based policy"},
		{"identity within a boundary", ann, given{identity: Allow, boundary: Allow}, `"*"`, "allowed identity-based policy"},
		{"boundary alone", ann, given{boundary: Allow}, `"*"`, "implicitDeny identity-based policy"},
		{"identity beyond the boundary", ann, given{identity: Allow, boundary: Silent}, `"*"`, "implicitDeny permissions boundary"},
		{"boundary that denies", ann, given{identity: Allow, boundary: Deny, resource: Allow}, direct, "explicitDeny permissions boundary"},
		{"session within", session, given{identity: Allow, session: Allow}, `"*"`, "allowed identity-based policy"},
		{"session beyond", session, given{identity: Allow, session: Silent}, `"*"`, "implicitDeny session policy"},
		{"session that denies", session, given{identity: Allow, session: Deny}, `"*"`, "explicitDeny session policy"},
		{"organization within", ann, given{identity: Allow, control: Allow}, `"*"`, "allowed identity-based policy"},
		{"organization beyond", ann, given{identity: Allow, control: Silent, resource: Allow}, direct, "implicitDeny service control policy"},
		{"organization that denies", root, given{control: Deny}, `"*"`, "explicitDeny service control policy"},

		{"user named, boundary silent", ann, given{resource: Allow, boundary: Silent}, direct, "allowed resource-based policy"},
		{"session named, session policy silent", session, given{resource: Allow, session: Silent, boundary: Silent}, direct, "allowed resource-based policy"},
		{"role named", session, given{resource: Allow}, named, "allowed resource-based policy"},
		{"role named, session policy silent", session, given{resource: Allow, session: Silent}, named, "implicitDeny session policy"},
		{"role named, boundary silent", session, given{resource: Allow, boundary: Silent}, named, "implicitDeny permissions boundary"},
		{"everyone, boundary silent", ann, given{resource: Allow, boundary: Silent}, `"*"`, "implicitDeny permissions boundary"},
		{"own account named", ann, given{resource: Allow}, byAccount, "implicitDeny identity-based policy"},
		{"own account named, identity", ann, given{resource: Allow, identity: Allow}, byAccount, "allowed identity-based policy"},

		{"root", root, given{}, `"*"`, "allowed identity-based policy"},
		{"root denied by the resource", root, given{resource: Deny}, `"*"`, "explicitDeny resource-based policy"},
		{"identity that denies", ann, given{identity: Deny, resource: Allow}, direct, "explicitDeny identity-based policy"},

		{"another account", stranger, given{identity: Allow, resource: Allow}, byAccount, "allowed resource-based policy"},
		{"another account, identity alone", stranger, given{identity: Allow}, `"*"`, "implicitDeny resource-based policy"},
		{"another account, resource alone", stranger, given{resource: Allow}, `"*"`, "implicitDeny identity-based policy"},
		{"another account, boundary", stranger, given{identity: Allow, resource: Allow, boundary: Silent}, `"*"`, "implicitDeny permissions boundary"},

		{"anonymous", nil, given{resource: Allow}, `"*"`, "allowed resource-based policy"},
		{"anonymous where an account is named", nil, given{resource: Allow}, byAccount, "implicitDeny resource-based policy"},
		{"anonymous without a policy", nil, given{}, `"*"`, "implicitDeny resource-based policy"},
		{"anonymous denied", nil, given{resource: Deny}, `"*"`, "explicitDeny resource-based policy"},
		{"service", events, given{resource: Allow}, `{"Service":"events.amazonaws.com"}`, "allowed resource-based policy"},
		{"another service", events, given{resource: Allow}, `{"Service":"sns.amazonaws.com"}`, "implicitDeny resource-based policy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := Policies{Resource: says(t, tt.given.resource, Resource, tt.principal), Boundary: says(t, tt.given.boundary, Identity, ""), Owner: ours}
			for to, e := range map[*[]*Policy]Effect{&p.Identity: tt.given.identity, &p.Session: tt.given.session, &p.Control: tt.given.control} {
				if policy := says(t, e, Identity, ""); policy != nil {
					*to = append(*to, says(t, Silent, Identity, ""), policy)
				}
			}
			d := p.Decide(invoke(tt.who))
			if got := d.Outcome.String() + " " + d.Source.name(); got != tt.want {
				t.Errorf("Decide = %s, want %s", got, tt.want)
			}
			listed := d.Source != FromBoundary && d.Source != FromResource
			if want := d.Outcome != ImplicitDeny && tt.who != root; want && (d.Statement != 0 || listed && d.Policy != 1 || !listed && d.Policy != 0) {
				t.Errorf("statement %d of policy %d decides, want 0 of %v", d.Statement, d.Policy, listed)
			}
		})
	}
}

// TestDenials holds the words of denials.
func TestDenials(t *testing.T) {
	arn := "arn:aws:execute-api:eu-central-1:********3333:api1/prod/GET/pets"
	start := func(who string) string {
		return "User: " + who + " is not authorized to perform: execute-api:Invoke on resource: " + arn
	}
	for _, tt := range []struct {
		d    Decision
		who  *Principal
		w    Wording
		want string
	}{
		{Decision{Source: FromResource}, nil, Brief, start("anonymous")},
		{Decision{Source: FromResource}, nil, Reasoned, start("anonymous") + " because no resource-based policy allows the execute-api:Invoke action"},
		{Decision{Source: FromResource, Outcome: ExplicitDeny}, nil, Brief, start("anonymous") + " with an explicit deny"},
		{Decision{Source: FromResource, Outcome: ExplicitDeny}, ann, Reasoned, start(ann.ARN) + " with an explicit deny in a resource-based policy"},
		{Decision{Source: FromIdentity, Outcome: ExplicitDeny}, ann, Reasoned, start(ann.ARN) + " with an explicit deny in an identity-based policy"},
		{Decision{Source: FromBoundary, Outcome: ExplicitDeny}, ann, Reasoned, start(ann.ARN) + " with an explicit deny in a permissions boundary"},
		{Decision{Source: FromSession}, session, Reasoned, start(session.ARN) + " because no session policy allows the execute-api:Invoke action"},
		{Decision{Source: FromControl}, events, Reasoned, start(events.Name) + " because no service control policy allows the execute-api:Invoke action"},
	} {
		if got := tt.d.Denial(invoke(tt.who), tt.w); got != tt.want {
			t.Errorf("Denial = %q, want %q", got, tt.want)
		}
	}
	const text = "User is not authorized to access this resource"
	for _, tt := range []struct {
		o    Outcome
		w    Wording
		want string
	}{
		{ImplicitDeny, Brief, text},
		{ImplicitDeny, Reasoned, text},
		{ExplicitDeny, Brief, text + " with an explicit deny"},
		{ExplicitDeny, Reasoned, text + " with an explicit deny in an identity-based policy"},
	} {
		if got := AuthorizerDenial(tt.o, tt.w); got != tt.want {
			t.Errorf("AuthorizerDenial = %q, want %q", got, tt.want)
		}
	}
	for in, want := range map[string]string{
		"arn:aws:apigateway:eu-central-1::/restapis": "arn:aws:apigateway:eu-central-1::/restapis", "x": "x", "arn:a:b:c:111122223333:d:e": "arn:a:b:c:********3333:d:e",
	} {
		if got := MaskAccount(in); got != want {
			t.Errorf("MaskAccount(%q) = %q, want %q", in, got, want)
		}
	}
}
