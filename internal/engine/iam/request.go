package iam

// Request is what is to be decided: who does what to what, and under which
// circumstances.
type Request struct {
	Action     string     // such as execute-api:Invoke, in any case
	Resource   string     // an ARN
	Principal  *Principal // nil: anonymous
	Attributes []Attribute
}

// Attribute is one key of a request's context. A key that is not there is
// absent; one that comes twice counts the first time.
type Attribute struct {
	Key    string   // in lower case, such as aws:sourceip or aws:principaltag/team
	Value  string   // of a key that has one value
	Values []string // of a key that may have several, if not nil; empty is as good as absent
}

// attribute is an attribute of the request, nil if it is absent.
func (r *Request) attribute(key string) *Attribute {
	for i := range r.Attributes {
		if a := &r.Attributes[i]; a.Key == key {
			if a.Values != nil && len(a.Values) == 0 {
				return nil
			}
			return a
		}
	}
	return nil
}

// count is how many values an attribute has; nil has none.
func (a *Attribute) count() int {
	switch {
	case a == nil:
		return 0
	case a.Values != nil:
		return len(a.Values)
	}
	return 1
}

func (a *Attribute) at(i int) string {
	if a.Values != nil {
		return a.Values[i]
	}
	return a.Value
}

// PrincipalKind says what a principal is.
type PrincipalKind uint8

// The kinds of principals.
const (
	User      PrincipalKind = iota
	Root                    // of an account
	Session                 // of a role
	Federated               // signed in with a provider
	Service                 // of AWS
)

// Principal is who makes a request.
type Principal struct {
	Kind    PrincipalKind
	Account string // 12 digits; empty for a service
	ARN     string // of the user, the root or the session (arn:aws:sts::...:assumed-role/Role/Name)
	Role    string // ARN of the role of a session
	ID      string // AIDA..., or AROA...:name for a session
	Name    string // of a service (lambda.amazonaws.com) or of a provider
}
