package cognito

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// Statuses of users.
const (
	unconfirmed = "UNCONFIRMED"
	confirmed   = "CONFIRMED"
	mustChange  = "FORCE_CHANGE_PASSWORD"
	mustReset   = "RESET_REQUIRED"
)

// errNobody says that a pool has no such user.
var errNobody = errors.New("cognito: no such user")

// find finds a user by any name that they sign in with, or by the sub.
func (s *Service) find(tx store.Tx, p *pool, name string) (*api.PoolUser, error) {
	kinds := append([]string{"name"}, p.settings.UsernameAttributes...)
	kinds = append(kinds, p.settings.AliasAttributes...)
	sub := name
	for _, kind := range kinds {
		found, err := store.Get[string](tx, api.PoolNameKey(p.ID, kind, name, p.FoldNames))
		if err == nil {
			sub = found
			break
		}
		if !errors.Is(err, store.ErrMissing) {
			return nil, err
		}
	}
	u, err := store.Get[api.PoolUser](tx, api.PoolUserKey(p.ID, sub))
	if errors.Is(err, store.ErrMissing) {
		return nil, errNobody
	}
	return &u, err
}

// names are the keys that lead to a user.
func (p *pool) names(u *api.PoolUser) []string {
	if u == nil {
		return nil
	}
	all := []string{api.PoolNameKey(p.ID, "name", u.Name, p.FoldNames)}
	for _, kind := range p.settings.UsernameAttributes {
		if v := u.Attributes[kind]; v != "" {
			all = append(all, api.PoolNameKey(p.ID, kind, v, p.FoldNames))
		}
	}
	for _, kind := range p.settings.AliasAttributes {
		// parity: an address is an alias once it is verified
		if v := u.Attributes[kind]; v != "" && (kind == "preferred_username" || u.Attributes[kind+"_verified"] == "true") {
			all = append(all, api.PoolNameKey(p.ID, kind, v, p.FoldNames))
		}
	}
	return all
}

// errTaken says that another user signs in with a name.
var errTaken = errors.New("cognito: another user has that name")

// putUser writes a user and the names that lead to them. was is the user before;
// nil: it is a new one.
func (s *Service) putUser(tx store.Tx, p *pool, was, u *api.PoolUser) error {
	before, after := p.names(was), p.names(u)
	for _, key := range after {
		sub, err := store.Get[string](tx, key)
		if err == nil && sub != u.Sub {
			return errTaken
		}
		if err != nil && !errors.Is(err, store.ErrMissing) {
			return err
		}
		if err != nil {
			if err := store.Put(tx, key, u.Sub); err != nil {
				return err
			}
		}
	}
	for _, key := range before {
		if !slices.Contains(after, key) {
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
	}
	u.Modified = s.now()
	return store.Put(tx, api.PoolUserKey(p.ID, u.Sub), u)
}

// edit changes a user who is known by a name.
func (s *Service) edit(ctx context.Context, poolID, name string, change func(tx store.Tx, p *pool, u *api.PoolUser) error) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, poolID)
		if err != nil {
			return err
		}
		u, err := s.find(tx, p, name)
		if errors.Is(err, errNobody) {
			return noUser()
		}
		if err != nil {
			return err
		}
		was := *u
		was.Attributes = maps.Clone(u.Attributes)
		if err := change(tx, p, u); err != nil {
			return err
		}
		if err := s.putUser(tx, p, &was, u); errors.Is(err, errTaken) {
			return refuse("AliasExistsException", "An account with the given email already exists.")
		} else if err != nil {
			return err
		}
		return nil
	})
}

// known reads a pool and one of its users.
func (s *Service) known(ctx context.Context, poolID, name string) (p *pool, u *api.PoolUser, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		if p, err = s.pool(tx, poolID); err != nil {
			return err
		}
		if u, err = s.find(tx, p, name); errors.Is(err, errNobody) {
			return noUser()
		}
		return err
	})
	return p, u, err
}

// newUser makes a user of a name that was asked for, who is not written yet.
func (s *Service) newUser(p *pool, name string, attributes map[string]string) (*api.PoolUser, error) {
	u := &api.PoolUser{Name: name, Sub: uuid.NewString(), Attributes: attributes, Created: s.now(), Modified: s.now()}
	if by := p.settings.UsernameAttributes; len(by) > 0 {
		var kind string
		switch {
		case slices.Contains(by, "email") && isEmail(name):
			kind = "email"
		case slices.Contains(by, "phone_number") && isPhone(name):
			kind = "phone_number"
		default:
			return nil, invalid("Username should be %s.", map[bool]string{true: "an email", false: "either an email or a phone number"}[len(by) == 1 && by[0] == "email"])
		}
		if v := attributes[kind]; v != "" && v != name {
			return nil, invalid("User attribute %s does not match the username.", kind)
		}
		u.Name, attributes[kind] = u.Sub, name
	} else if slices.Contains(p.settings.AliasAttributes, "email") && isEmail(name) {
		return nil, invalid("Username cannot be of email format, since user pool is configured for email alias.")
	}
	for _, a := range p.settings.SchemaAttributes {
		if on(a.Required) && *a.Name != "sub" && attributes[*a.Name] == "" {
			return nil, invalid("Attributes did not conform to the schema: %s: The attribute %s is required", *a.Name, *a.Name)
		}
	}
	return u, nil
}

// addUser writes a new user.
func (s *Service) addUser(tx store.Tx, poolID string, u *api.PoolUser) error {
	p, err := s.pool(tx, poolID) // anew: its number of users may have changed
	if err != nil {
		return err
	}
	if err := s.putUser(tx, p, nil, u); errors.Is(err, errTaken) {
		if len(p.settings.UsernameAttributes) > 0 {
			return refuse("UsernameExistsException", "An account with the given email already exists.")
		}
		return refuse("UsernameExistsException", "User already exists")
	} else if err != nil {
		return err
	}
	p.UserNumber++
	return s.putPool(tx, p)
}

// dropUser deletes a user; sessions end with them.
func (s *Service) dropUser(ctx context.Context, poolID, name string) error {
	err := s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, poolID)
		if err != nil {
			return err
		}
		u, err := s.find(tx, p, name)
		if errors.Is(err, errNobody) {
			return noUser()
		}
		if err != nil {
			return err
		}
		for _, key := range append(p.names(u), api.PoolUserKey(p.ID, u.Sub)) {
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
		p.UserNumber--
		return s.putPool(tx, p)
	})
	if err == nil {
		s.outbox.drop(poolID, name)
	}
	return err
}

// attributesOf are the attributes of a user in the order of their names; of
// some only, unless only is nil.
func attributesOf(u *api.PoolUser, only []string) []wire.AttributeType {
	all := make([]wire.AttributeType, 0, len(u.Attributes)+1)
	values := maps.Clone(u.Attributes)
	if values == nil {
		values = map[string]string{}
	}
	values["sub"] = u.Sub
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if only == nil || slices.Contains(only, name) {
			all = append(all, wire.AttributeType{Name: name, Value: new(values[name])})
		}
	}
	return all
}

func shownUser(u *api.PoolUser, only []string) *wire.UserType {
	return &wire.UserType{
		Username: &u.Name, Attributes: attributesOf(u, only), UserCreateDate: &u.Created, UserLastModifiedDate: &u.Modified,
		Enabled: new(!u.Disabled), UserStatus: &u.Status,
	}
}

// setAttributes changes attributes. An address that changes is no longer
// verified, unless who changes it says so.
func (p *pool) setAttributes(u *api.PoolUser, changes map[string]string) error {
	for name, value := range changes {
		if a := p.attribute(name); !on(a.Mutable) && u.Attributes[name] != "" && u.Attributes[name] != value {
			return invalid("user.%s: Attribute cannot be updated.", name)
		}
		_, said := changes[name+"_verified"]
		if (name == "email" || name == "phone_number") && u.Attributes[name] != value && !said {
			if u.Attributes[name+"_verified"] != "" {
				u.Attributes[name+"_verified"] = "false"
			}
		}
		if u.Attributes == nil {
			u.Attributes = map[string]string{}
		}
		if u.Attributes[name] = value; value == "" {
			delete(u.Attributes, name) // parity: "to delete an attribute, provide it with a blank value"
		}
	}
	return nil
}

// deleteAttributes takes attributes from a user.
func (p *pool) deleteAttributes(u *api.PoolUser, names []string) error {
	for _, name := range names {
		a := p.attribute(name)
		if a == nil || on(a.Required) || name == "sub" || slices.Contains(p.settings.UsernameAttributes, name) {
			return invalid("user.%s: Attribute cannot be deleted.", name)
		}
		delete(u.Attributes, name)
		if name == "email" || name == "phone_number" {
			delete(u.Attributes, name+"_verified")
		}
	}
	return nil
}
