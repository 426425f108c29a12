package iam

import (
	"slices"
	"strings"
)

// reach says how a resource policy names who it allows, from the widest to the
// narrowest. The narrower, the more it does alone.
// parity: spec/security.md 2.2 and 2.6
type reach uint8

const (
	nobody   reach = iota
	account        // the whole account: it decides itself whom of its own it lets
	everyone       // "*"
	role           // all sessions of a role
	directly       // this user, session, root, service
)

// principals is a Principal or NotPrincipal element.
type principals struct {
	everyone  bool
	accounts  []string // ids of accounts
	names     []string // ARNs and unique ids
	services  []string
	federated []string
}

// principal reads who a statement speaks of.
func (c *compiler) principal(o object, st *statement) error {
	if c.kind == Identity || c.kind == Returned {
		if o.has("Principal") || o.has("NotPrincipal") {
			return malformed("Policy document should not specify a principal.")
		}
		return nil
	}
	v, not, err := either(o, "Principal", "NotPrincipal", "Missing required field Principal")
	if err != nil {
		return err
	}
	st.notPrinc = not
	st.principals = &principals{}
	if v == "*" {
		st.principals.everyone = true
		return nil
	}
	kinds, ok := v.(object)
	if !ok || len(kinds) == 0 {
		return malformed(badPrincipal)
	}
	for kind, who := range kinds {
		all, ok := texts(who)
		if !ok || len(all) == 0 || slices.Contains(all, "") || !st.principals.add(kind, all) {
			return malformed(badPrincipal)
		}
	}
	return nil
}

// add takes the principals of one kind.
func (p *principals) add(kind string, all []string) bool {
	switch kind {
	case "AWS":
		for _, name := range all {
			if !p.addAWS(name) {
				return false
			}
		}
	case "Service":
		p.services = append(p.services, all...)
	case "Federated":
		p.federated = append(p.federated, all...)
	case "CanonicalUser": // of S3: nobody is called so here
	default:
		return false
	}
	return true
}

// addAWS takes an account, an ARN, a unique id or "*". Wildcards within a name
// are none.
func (p *principals) addAWS(name string) bool {
	switch {
	case name == "*":
		p.everyone = true
	case isAccount(name):
		p.accounts = append(p.accounts, name)
	case strings.HasPrefix(name, "arn:"):
		arn := splitARN(name)
		if !arn.ok || arn.rest == "" || strings.ContainsAny(name, "*?") || arn.fields[2] != "iam" && arn.fields[2] != "sts" || !isAccount(arn.fields[4]) {
			return false
		}
		if arn.rest == "root" {
			p.accounts = append(p.accounts, arn.fields[4])
		} else {
			p.names = append(p.names, name)
		}
	case len(name) >= 16 && strings.HasPrefix(name, "A") && !strings.ContainsFunc(name, notID):
		p.names = append(p.names, name) // what AWS keeps of a principal: its unique id
	default:
		return false
	}
	return true
}

func notID(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }

func isAccount(s string) bool {
	return len(s) == 12 && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// match says how the element names a principal; nil is anonymous.
func (p *principals) match(who *Principal) reach {
	best := nobody
	if p.everyone {
		best = everyone
	}
	if who == nil {
		return best
	}
	switch who.Kind {
	case Service:
		if slices.Contains(p.services, who.Name) {
			return directly
		}
		return best
	case Federated:
		if slices.Contains(p.federated, who.Name) {
			return directly
		}
	default:
	}
	if named(p.names, who.ARN) || named(p.names, who.ID) {
		return directly
	}
	inAccount := slices.Contains(p.accounts, who.Account)
	switch {
	case inAccount && who.Kind == Root:
		return directly
	case named(p.names, who.Role) || named(p.names, roleID(who.ID)):
		return role
	case best == nobody && inAccount:
		return account
	}
	return best
}

// named reports whether a name, if there is one, is in a list.
func named(list []string, name string) bool { return name != "" && slices.Contains(list, name) }

// roleID is the id of the role in the id of its session.
func roleID(id string) string {
	role, _, _ := strings.Cut(id, ":")
	return role
}

// spares reports whether a NotPrincipal element names somebody whole: the
// account, the role and the session, or the account and the user. Less names
// somebody in part.
// parity: IAM User Guide, "AWS JSON policy elements: NotPrincipal"
func (p *principals) spares(who *Principal) bool {
	switch {
	case p.everyone:
		return true
	case who == nil:
		return false
	case who.Kind == Service:
		return slices.Contains(p.services, who.Name)
	case who.Kind == Federated && slices.Contains(p.federated, who.Name):
		return true
	case !slices.Contains(p.accounts, who.Account):
		return false
	case who.Kind == Root:
		return true
	case who.Kind == Session && !named(p.names, who.Role) && !named(p.names, roleID(who.ID)):
		return false
	}
	return named(p.names, who.ARN) || named(p.names, who.ID)
}

// applies says how a statement speaks of a principal. What NotPrincipal names
// in part is denied with the rest and not allowed with it.
func (st *statement) applies(who *Principal, denies bool) reach {
	switch {
	case st.principals == nil:
		return directly
	case !st.notPrinc:
		return st.principals.match(who)
	case denies && !st.principals.spares(who):
		return everyone
	case !denies && st.principals.match(who) == nobody:
		return everyone
	}
	return nobody
}
