package identity

import (
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
)

// entity is a user, a group or a role with its policies compiled. It does not
// change once it is in a Book: another takes its place.
type entity struct {
	api.Identity
	arn        string
	inline     []*iam.Policy
	groups     []string    // of a user: keys of their documents
	trust      *iam.Policy // of a role
	maxSession int32       // of a role, in seconds
}

// entity compiles what users, groups and roles have in common.
func (b *Book) entity(kind string, id api.Identity) *entity {
	e := &entity{Identity: id, arn: "arn:" + b.cfg.Partition + ":iam::" + b.cfg.Account + ":" + kind + id.Path + id.Name}
	for _, name := range slices.Sorted(maps.Keys(id.Inline)) {
		e.inline = append(e.inline, compiled(id.Inline[name], iam.Identity))
	}
	return e
}

func (b *Book) user(doc api.User) *entity {
	e := b.entity("user", doc.Identity)
	for _, g := range doc.Groups {
		e.groups = append(e.groups, api.GroupKey(g))
	}
	return e
}

func (b *Book) role(doc api.Role) *entity {
	e := b.entity("role", doc.Identity)
	e.trust, e.maxSession = compiled(doc.TrustPolicy, iam.Trust), doc.MaxSession
	return e
}

// compiled is a document as a policy. One that cannot be compiled, because it
// is older than the grammar that it would be held to now, denies everything.
func compiled(document string, kind iam.Kind) *iam.Policy {
	p, err := iam.Parse([]byte(document), kind)
	if err != nil {
		return denyAll(kind)
	}
	return p
}

func denyAll(kind iam.Kind) *iam.Policy {
	text := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`
	if kind == iam.Trust {
		text = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Principal":"*"}}`
	}
	p, err := iam.Parse([]byte(text), kind)
	if err != nil {
		return &iam.Policy{} // allows nothing
	}
	return p
}

// managed is a managed policy by its ARN. One that nobody knows the text of
// allows nothing: a policy of AWS's that is not known here, or one whose
// document is not read yet.
func (b *Book) managed(arn string) *iam.Policy {
	if p := b.policies[arn]; p != nil {
		return p
	}
	if b.cfg.Known != nil {
		if text, ok := b.cfg.Known(arn); ok {
			p := compiled(text, iam.Identity)
			b.policies[arn] = p
			return p
		}
	}
	return &iam.Policy{}
}

// gather is all identity policies of an entity and of those it belongs to.
func (b *Book) gather(e *entity) (all []*iam.Policy) {
	all = append(all, e.inline...)
	for _, arn := range e.Attached {
		all = append(all, b.managed(arn))
	}
	for _, key := range e.groups {
		if g := b.groups[key]; g != nil {
			all = append(all, b.gather(g)...)
		}
	}
	return all
}

// boundary is the boundary of an entity's permissions; nil: there is none.
func (b *Book) boundary(e *entity) *iam.Policy {
	if e.Boundary == nil {
		return nil
	}
	return b.managed(*e.Boundary)
}

// ARN is the ARN of a user, group or role by its name, whatever its path; ok is
// false if there is none. kind is user, group or role.
func (b *Book) ARN(kind, name string) (arn string, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var e *entity
	switch kind {
	case "user":
		e = b.users[api.UserKey(name)]
	case "group":
		e = b.groups[api.GroupKey(name)]
	case "role":
		e = b.roles[api.RoleKey(name)]
	}
	if e == nil {
		return "", false
	}
	return e.arn, true
}

// roleByARN is a role by its ARN, path included; nil if there is none. The
// caller holds the lock.
func (b *Book) roleByARN(arn string) *entity {
	e := b.roles[api.RoleKey(arn[strings.LastIndexByte(arn, '/')+1:])]
	if e == nil || e.arn != arn {
		return nil
	}
	return e
}
