package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/store"
)

// source is one kind of documents that a book is made of.
type source struct {
	prefix store.Key
	// take takes up a document; nil: it is gone.
	take func(b *Book, key store.Key, doc []byte) error
}

// sources are all kinds of them.
func sources() []source {
	return []source{
		{api.ManagedPolicies, (*Book).takePolicy},
		{api.Groups, (*Book).takeGroup},
		{api.Roles, (*Book).takeRole},
		{api.Users, (*Book).takeUser},
		{api.AccessKeys, (*Book).takeKey},
		{api.Sessions, (*Book).takeSession},
		{api.OIDCProviders, (*Book).takeIssuer},
	}
}

// Follows reports whether a document is one that Refresh reads.
func (b *Book) Follows(key store.Key) bool { return sourceOf(key) != nil }

func sourceOf(key store.Key) *source {
	for _, s := range sources() {
		if strings.HasPrefix(key, s.prefix) {
			return &s
		}
	}
	return nil
}

// Refresh takes up the documents that were changed, or all of them.
func (b *Book) Refresh(tx store.Tx, changed []store.Key, all bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if all {
		return b.load(tx)
	}
	for _, key := range changed {
		s := sourceOf(key)
		if s == nil {
			continue
		}
		doc, err := tx.Get(key)
		if errors.Is(err, store.ErrMissing) {
			doc, err = nil, nil
		}
		if err == nil {
			err = s.take(b, key, doc)
		}
		if err != nil {
			return fmt.Errorf("refresh %s: %w", key, err)
		}
	}
	return nil
}

func (b *Book) load(tx store.Tx) error {
	b.clear()
	for _, s := range sources() {
		for item, err := range tx.Scan(s.prefix, "") {
			if err == nil {
				err = s.take(b, item.Key, item.Doc)
			}
			if err != nil {
				return fmt.Errorf("load %s: %w", s.prefix, err)
			}
		}
	}
	return nil
}

// forget drops what was made of a document that has changed.
func (b *Book) forget() { b.found = map[string]*Identity{} }

// taken decodes a document and puts it where it belongs.
func taken[D, V any](into map[string]V, key store.Key, doc []byte, made func(D) V) error {
	if doc == nil {
		delete(into, key)
		return nil
	}
	var d D
	if err := json.Unmarshal(doc, &d); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	into[key] = made(d)
	return nil
}

func (b *Book) takeUser(key store.Key, doc []byte) error {
	b.forget()
	return taken(b.users, key, doc, b.user)
}

func (b *Book) takeGroup(key store.Key, doc []byte) error {
	b.forget()
	return taken(b.groups, key, doc, func(d api.Group) *entity { return b.entity("group", d.Identity) })
}

func (b *Book) takeRole(key store.Key, doc []byte) error {
	b.forget()
	return taken(b.roles, key, doc, b.role)
}

func (b *Book) takePolicy(key store.Key, doc []byte) error {
	b.forget()
	if arn, known := b.arns[key]; known {
		delete(b.policies, arn)
		delete(b.arns, key)
	}
	if doc == nil {
		return nil
	}
	var p api.ManagedPolicy
	if err := json.Unmarshal(doc, &p); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	b.arns[key], b.policies[p.ARN] = p.ARN, denyAll(iam.Identity)
	for _, v := range p.Versions {
		if v.ID == p.Default {
			b.policies[p.ARN] = compiled(v.Document, iam.Identity)
		}
	}
	return nil
}

func (b *Book) takeKey(key store.Key, doc []byte) error {
	id := lastSegment(key)
	delete(b.found, id)
	if doc == nil {
		delete(b.keys, id)
		return nil
	}
	return taken(b.keys, id, doc, func(k api.AccessKey) api.AccessKey { return k })
}

func (b *Book) takeSession(key store.Key, doc []byte) error {
	id := lastSegment(key)
	delete(b.found, id)
	if doc == nil {
		delete(b.sessions, id)
		return nil
	}
	return taken(b.sessions, id, doc, func(s api.Session) api.Session { return s })
}

func (b *Book) takeIssuer(key store.Key, doc []byte) error {
	return taken(b.issuers, key, doc, func(p api.OIDCProvider) api.OIDCProvider { return p })
}

func lastSegment(key store.Key) string {
	parts := api.Split(key)
	return parts[len(parts)-1]
}
