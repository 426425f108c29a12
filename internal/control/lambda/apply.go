package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// state is everything that the store knows of one function.
type state struct {
	fn       api.Function
	versions []api.FunctionVersion
	aliases  []api.FunctionAlias
	policies map[string]api.FunctionPolicy // by qualifier
	asyncs   map[string]api.FunctionAsync  // by qualifier
	urls     []api.FunctionURL
}

// index is what is asked on every call, kept in memory: functions by name and
// function URLs by id. A reader waits for nobody.
type index struct {
	functions sync.Map // string -> *entry
	urls      sync.Map // string -> URL
}

// entry is one function in the index. It does not change.
type entry struct {
	seen   store.Revision
	grants map[string][]grant
	asyncs map[string]api.FunctionAsync
	urls   []string // ids
	// deadLetter is where asynchronous calls go that are given up.
	deadLetter *string
}

func (x *index) function(name string) *entry {
	v, ok := x.functions.Load(name)
	if !ok {
		return nil
	}
	e, _ := v.(*entry)
	return e
}

// apply makes the host and the index agree with the store about one function.
// It reads the state itself, so that of two calls at a time the later one has
// the later state, whoever committed first.
func (s *Service) apply(ctx context.Context, name string) error {
	s.applying.Lock()
	defer s.applying.Unlock()
	var st state
	e := &entry{}
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		if e.seen, err = tx.Revision(); err != nil {
			return err
		}
		st, err = readState(tx, name)
		return err
	})
	old := s.index.function(name)
	switch {
	case errors.Is(err, store.ErrMissing):
		s.index.functions.Delete(name)
		s.dropURLs(old, nil)
		if old != nil {
			s.host.Remove(name)
		}
		return nil
	case err != nil:
		return fmt.Errorf("read function %q: %w", name, err)
	}
	if err := s.host.Define(s.definition(&st)); err != nil {
		return fmt.Errorf("define function %q: %w", name, err)
	}
	e.asyncs, e.deadLetter = st.asyncs, st.fn.Latest.DeadLetterARN
	e.grants = make(map[string][]grant, len(st.policies))
	for qualifier, p := range st.policies {
		e.grants[qualifier] = newGrants(p)
	}
	for _, u := range st.urls {
		e.urls = append(e.urls, u.ID)
		s.index.urls.Store(u.ID, s.urlTarget(name, u, st.policies[orLatest(u.Qualifier)]))
	}
	s.index.functions.Store(name, e)
	s.dropURLs(old, e)
	return nil
}

// dropURLs forgets the URLs that old had and now has not.
func (s *Service) dropURLs(old, now *entry) {
	if old == nil {
		return
	}
	for _, id := range old.urls {
		if now == nil || !slices.Contains(now.urls, id) {
			s.index.urls.Delete(id)
		}
	}
}

func readState(tx store.Tx, name string) (st state, err error) {
	if st.fn, err = store.Get[api.Function](tx, api.FunctionKey(name)); err != nil {
		return st, err
	}
	if st.versions, err = store.All[api.FunctionVersion](tx, api.FunctionVersions(name)); err != nil {
		return st, err
	}
	if st.aliases, err = store.All[api.FunctionAlias](tx, api.FunctionAliases(name)); err != nil {
		return st, err
	}
	if st.urls, err = store.All[api.FunctionURL](tx, api.FunctionURLs(name)); err != nil {
		return st, err
	}
	if st.policies, err = byQualifier[api.FunctionPolicy](tx, api.FunctionPolicies(name)); err != nil {
		return st, err
	}
	st.asyncs, err = byQualifier[api.FunctionAsync](tx, api.FunctionAsyncs(name))
	return st, err
}

// byQualifier reads documents whose last segment of the key is a qualifier.
func byQualifier[T any](tx store.Tx, prefix string) (map[string]T, error) {
	all := map[string]T{}
	for item, err := range tx.Scan(prefix, "") {
		if err != nil {
			return nil, err
		}
		var v T
		if err := json.Unmarshal(item.Doc, &v); err != nil {
			return nil, fmt.Errorf("decode %s: %w", item.Key, err)
		}
		parts := api.Split(item.Key)
		all[parts[len(parts)-1]] = v
	}
	return all, nil
}
