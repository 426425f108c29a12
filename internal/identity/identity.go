package identity

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
)

// Identity is the holder of an access key, with all that its policies say. It
// is shared and never written to. A nil Identity is anonymous.
type Identity struct {
	AccessKey string
	Principal iam.Principal // Principal.ID is aws:userid
	Type      string        // aws:PrincipalType: User, AssumedRole, FederatedUser, Account
	User      string        // name of the user; empty for others
	Temporary bool          // the key is of a session

	credential sigv4.Credential
	policies   iam.Policies      // without those of a resource
	keys       []string          // what the policies ask of a request
	attributes map[string]string // of the principal: condition keys in lower case
}

// Attribute is the value of a condition key that tells of the principal, by its
// name in lower case; ok is false for one that does not, or is absent.
// parity: spec/security.md 2.5
func (id *Identity) Attribute(key string) (value string, ok bool) {
	if id == nil {
		if key == "aws:principaltype" {
			return "Anonymous", true
		}
		return "", false
	}
	value, ok = id.attributes[key]
	return value, ok
}

// Question is what is to be decided of an identity.
type Question struct {
	Action   string
	Resource string      // an ARN
	Policy   *iam.Policy // of the resource; nil: it has none
	Owner    string      // the account that the resource belongs to; empty: the caller's

	// Circumstance gives an attribute of the request by its key in lower case;
	// those of the principal are known. ok is false for one that is absent.
	Circumstance func(key string) (a iam.Attribute, ok bool)
}

// Decide decides about a question. The request is what the decision was made
// of, for its text.
func (id *Identity) Decide(q *Question) (iam.Decision, iam.Request) {
	r := iam.Request{Action: q.Action, Resource: q.Resource}
	var policies iam.Policies
	var own []string
	if id != nil {
		r.Principal, policies, own = &id.Principal, id.policies, id.keys
	}
	policies.Resource, policies.Owner = q.Policy, q.Owner
	var others []string
	if q.Policy != nil {
		others = q.Policy.Keys()
	}
	for _, keys := range [2][]string{own, others} {
		for _, key := range keys {
			if a, ok := id.attribute(key, q); ok {
				r.Attributes = append(r.Attributes, a)
			}
		}
	}
	return policies.Decide(&r), r
}

func (id *Identity) attribute(key string, q *Question) (iam.Attribute, bool) {
	if value, ok := id.Attribute(key); ok {
		return iam.Attribute{Key: key, Value: value}, true
	}
	if q.Circumstance == nil || strings.HasPrefix(key, "aws:principal") {
		return iam.Attribute{}, false // nobody but the book says who somebody is
	}
	return q.Circumstance(key)
}

// Keys are the condition keys that the identity's policies ask for.
func (id *Identity) Keys() []string {
	if id == nil {
		return nil
	}
	return id.keys
}

// resolve makes the identity of an access key; nil: nobody has it, or it must
// not be used. The caller holds the lock.
func (b *Book) resolve(accessKey string) *Identity {
	if k, ok := b.keys[accessKey]; ok {
		u := b.users[api.UserKey(k.User)]
		if !k.Active || u == nil {
			return nil
		}
		return b.finish(b.userIdentity(u, sigv4.Credential{Secret: k.Secret}), accessKey)
	}
	s, ok := b.sessions[accessKey]
	if !ok {
		return nil
	}
	id := b.session(&s, sigv4.Credential{Secret: s.Secret, Token: []byte(s.Token), Expires: s.ExpiresDate})
	if id == nil {
		return nil
	}
	id.Temporary = true
	id.attributes["aws:tokenissuetime"] = s.IssuedDate.UTC().Format(time.RFC3339)
	id.attributes["aws:multifactorauthpresent"] = "false"
	if s.SourceIdentity != "" {
		id.attributes["aws:sourceidentity"] = s.SourceIdentity
	}
	for k, v := range s.Tags {
		id.attributes["aws:principaltag/"+strings.ToLower(k)] = v
	}
	b.limit(id, &s)
	return b.finish(id, accessKey)
}

// limit adds the policies of a session.
func (b *Book) limit(id *Identity, s *api.Session) {
	for _, text := range s.Policies {
		id.policies.Session = append(id.policies.Session, compiled(text, iam.Identity))
	}
	for _, arn := range s.PolicyARNs {
		id.policies.Session = append(id.policies.Session, b.managed(arn))
	}
	if s.Kind == KindFederated && len(id.policies.Session) == 0 {
		// parity: GetFederationToken, "if you do not pass a policy, the session
		// has no permissions" but those of resource policies
		id.policies.Session = []*iam.Policy{{}}
	}
}

// session is who a session stands for; nil if they are no more.
func (b *Book) session(s *api.Session, key sigv4.Credential) *Identity {
	sts := "arn:" + b.cfg.Partition + ":sts::" + b.cfg.Account + ":"
	switch s.Kind {
	case KindRole:
		r := b.roles[api.RoleKey(s.Holder)]
		if r == nil || r.ID != s.HolderID {
			return nil
		}
		id := b.base("AssumedRole", r, key)
		id.Principal = iam.Principal{
			Kind: iam.Session, Account: b.cfg.Account, Role: r.arn, ID: r.ID + ":" + s.Name,
			ARN: sts + "assumed-role/" + r.Name + "/" + s.Name,
		}
		return id
	case KindUser, KindFederated:
		u := b.users[api.UserKey(s.Holder)]
		if u == nil || u.ID != s.HolderID {
			return nil
		}
		id := b.userIdentity(u, key)
		if s.Kind == KindFederated {
			id.Type, id.User = "FederatedUser", ""
			delete(id.attributes, "aws:username")
			id.Principal = iam.Principal{
				Kind: iam.Session, Account: b.cfg.Account, ID: b.cfg.Account + ":" + s.Name, ARN: sts + "federated-user/" + s.Name,
			}
		}
		return id
	case KindRoot:
		return b.rootIdentity(key)
	}
	return nil
}

func (b *Book) userIdentity(u *entity, key sigv4.Credential) *Identity {
	id := b.base("User", u, key)
	id.User = u.Name
	id.attributes["aws:username"] = u.Name
	id.Principal = iam.Principal{Kind: iam.User, Account: b.cfg.Account, ARN: u.arn, ID: u.ID}
	return id
}

// base is what identities have from the user or role behind them.
func (b *Book) base(kind string, e *entity, key sigv4.Credential) *Identity {
	id := &Identity{Type: kind, credential: key, attributes: map[string]string{}}
	id.policies = iam.Policies{Identity: b.gather(e), Boundary: b.boundary(e)}
	for k, v := range e.Tags {
		id.attributes["aws:principaltag/"+strings.ToLower(k)] = v
	}
	return id
}

// rootIdentity is the account itself.
func (b *Book) rootIdentity(key sigv4.Credential) *Identity {
	arn := "arn:" + b.cfg.Partition + ":iam::" + b.cfg.Account + ":root"
	id := &Identity{
		Type: "Account", credential: key, attributes: map[string]string{},
		Principal: iam.Principal{Kind: iam.Root, Account: b.cfg.Account, ARN: arn, ID: b.cfg.Account},
	}
	return b.finish(id, "")
}

// finish fills in what follows from the rest.
func (b *Book) finish(id *Identity, accessKey string) *Identity {
	id.AccessKey = accessKey
	p := &id.Principal
	id.attributes["aws:principalarn"] = p.ARN
	if p.Role != "" {
		id.attributes["aws:principalarn"] = p.Role // parity: spec/security.md 2.5, the role and not its session
	}
	id.attributes["aws:principalaccount"] = p.Account
	id.attributes["aws:principaltype"] = id.Type
	id.attributes["aws:userid"] = p.ID
	asked := map[string]bool{}
	for _, some := range [][]*iam.Policy{id.policies.Identity, {id.policies.Boundary}, id.policies.Session} {
		for _, policy := range some {
			if policy == nil {
				continue
			}
			for _, key := range policy.Keys() {
				asked[key] = true
			}
		}
	}
	id.keys = slices.Sorted(maps.Keys(asked))
	return id
}

// Circumstances is an attribute that every request has, by its key in lower
// case: the time, the region and the account.
// parity: spec/security.md 2.5
func Circumstances(key string, now time.Time, region, account string) (value string, ok bool) {
	switch key {
	case "aws:currenttime":
		return now.UTC().Format(time.RFC3339), true
	case "aws:epochtime":
		return strconv.FormatInt(now.Unix(), 10), true
	case "aws:requestedregion":
		return region, true
	case "aws:resourceaccount":
		return account, true
	}
	return "", false
}
