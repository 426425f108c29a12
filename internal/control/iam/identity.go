package iam

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// kind is what tells roles, users and groups apart where they are alike.
type kind[T any] struct {
	noun     string // as in "The role with name x cannot be found."
	title    string // as in "Role with name x already exists."
	key      func(name string) string
	identity func(*T) *api.Identity
	inline   int // most characters of all inline policies together, white space not counted
}

// parity: IAM User Guide, "IAM and AWS STS quotas", for the sizes
func roles() kind[api.Role] {
	return kind[api.Role]{"role", "Role", api.RoleKey, func(r *api.Role) *api.Identity { return &r.Identity }, 10240}
}

func users() kind[api.User] {
	return kind[api.User]{"user", "User", api.UserKey, func(u *api.User) *api.Identity { return &u.Identity }, 2048}
}

func groups() kind[api.Group] {
	return kind[api.Group]{"group", "Group", api.GroupKey, func(g *api.Group) *api.Identity { return &g.Identity }, 5120}
}

// get reads one identity.
func (k kind[T]) get(tx store.Tx, name string) (T, error) {
	v, err := store.Get[T](tx, k.key(name))
	if errors.Is(err, store.ErrMissing) {
		return v, missing("The %s with name %s cannot be found.", k.noun, name)
	}
	return v, err
}

// read reads one identity in a view of its own.
func (k kind[T]) read(ctx context.Context, s *Service, name string) (v T, err error) {
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		v, err = k.get(tx, name)
		return err
	})
	return v, err
}

// create writes a new identity.
func (k kind[T]) create(tx store.Tx, v *T) error {
	id := k.identity(v)
	if _, err := tx.Get(k.key(id.Name)); err == nil {
		return taken("%s with name %s already exists.", k.title, id.Name)
	} else if !errors.Is(err, store.ErrMissing) {
		return err
	}
	return store.Put(tx, k.key(id.Name), v)
}

// edit reads one identity, changes and writes it.
func (k kind[T]) edit(ctx context.Context, s *Service, name string, change func(tx store.Tx, v *T) error) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		v, err := k.get(tx, name)
		if err != nil {
			return err
		}
		if err := change(tx, &v); err != nil {
			return err
		}
		return store.Put(tx, k.key(name), v)
	})
}

// remove deletes an identity that nothing hangs on any more, with its use of a
// boundary.
func (k kind[T]) remove(tx store.Tx, v *T) error {
	id := k.identity(v)
	switch {
	case len(id.Attached) > 0:
		return conflict("Cannot delete entity, must detach all policies first.")
	case len(id.Inline) > 0:
		return conflict("Cannot delete entity, must delete policies first.")
	}
	if id.Boundary != nil {
		if err := tx.Delete(api.PolicyUseKey(*id.Boundary, true, k.key(id.Name))); err != nil {
			return err
		}
	}
	return tx.Delete(k.key(id.Name))
}

// arn is the ARN of a resource of this account, such as role/path/name.
func (s *Service) arn(resource, path, name string) string {
	return "arn:" + s.cfg.Partition + ":iam::" + s.cfg.Account + ":" + resource + path + name
}

// pathOr is the path that was asked for, or the default.
func pathOr(p *string) string {
	if p == nil {
		return "/"
	}
	return *p
}

// newID makes a unique id: a prefix that tells what it is of, and 17 random
// characters.
//
// parity: IAM User Guide, "Unique identifiers"
func newID(prefix string) string {
	return prefix + rand.Text()[:17]
}

// encoded is a document as answers have it: percent-encoded.
//
// parity: the model's note on policy documents, RFC 3986
func encoded(document string) *string {
	text := strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
	return &text
}
