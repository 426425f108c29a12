package lambda

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	host "github.com/stagedoor/stagedoor/internal/lambda"
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

// Load brings every stored function to the host and takes up the asynchronous
// calls that are waiting. It must have returned before anything else is called.
func (s *Service) Load(ctx context.Context) error {
	if err := s.depot.Prepare(); err != nil {
		return err
	}
	if err := s.loadSecret(ctx); err != nil {
		return fmt.Errorf("load the key of code addresses: %w", err)
	}
	var names []string
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		if s.seen, err = tx.Revision(); err != nil {
			return err
		}
		for fn, err := range store.Scan[api.Function](tx, api.Functions, "") {
			if err != nil {
				return err
			}
			names = append(names, fn.Name)
		}
		return s.loadEvents(tx)
	})
	if err != nil {
		return fmt.Errorf("load functions: %w", err)
	}
	for _, name := range names {
		if err := s.apply(ctx, name); err != nil {
			s.log.Error("function not brought to the host", "function", name, "error", err)
		}
	}
	// Nothing runs yet, so nothing that is not referred to is in use.
	return s.sweepAfter(ctx, 0)
}

func (s *Service) loadSecret(ctx context.Context) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		doc, err := tx.Get(api.CodeSecretKey)
		if errors.Is(err, store.ErrMissing) {
			s.secret = []byte(rand.Text())
			return store.Put(tx, api.CodeSecretKey, s.secret)
		} else if err != nil {
			return err
		}
		return json.Unmarshal(doc, &s.secret)
	})
}

// follow brings what others commit to the host, until ctx is done.
func (s *Service) follow(ctx context.Context) error {
	for changes, err := range s.store.Watch(ctx, s.seen) {
		if err != nil {
			return fmt.Errorf("follow functions: %w", err)
		}
		for name := range s.touched(changes) {
			if err := s.apply(ctx, name); err != nil && ctx.Err() == nil {
				s.log.Error("function not brought to the host", "function", name, "error", err)
			}
		}
	}
	return nil
}

// touched names the functions that changes speak of and that were not brought
// to the host since.
func (s *Service) touched(changes []store.Change) map[string]bool {
	names := map[string]bool{}
	if store.Resync(changes) { // what is not named is gone
		s.index.functions.Range(func(name, _ any) bool {
			if name, ok := name.(string); ok {
				names[name] = true
			}
			return true
		})
	}
	for _, c := range changes {
		parts := api.Split(c.Key)
		if len(parts) < 2 || parts[0]+"/" != api.Functions && parts[0]+"/" != api.FunctionTrees {
			continue
		}
		if e := s.index.function(parts[1]); e == nil || e.seen < c.Revision {
			names[parts[1]] = true
		}
	}
	return names
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
		s.index.urls.Store(u.ID, s.urlTarget(name, u))
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

// definition is a function as the host takes it.
func (s *Service) definition(st *state) host.Definition {
	d := host.Definition{
		Name:     st.fn.Name,
		ARN:      s.here.arn(st.fn.Name, ""),
		Versions: make(map[string]host.Version, len(st.versions)+1),
		Aliases:  make(map[string]host.Alias, len(st.aliases)),
	}
	if st.fn.Reserved != nil {
		n := int(*st.fn.Reserved)
		d.Reserved = &n
	}
	d.Versions[api.Latest] = s.hostVersion(&st.fn.Latest)
	for i := range st.versions {
		d.Versions[st.versions[i].Version] = s.hostVersion(&st.versions[i])
	}
	for _, a := range st.aliases {
		d.Aliases[a.Name] = host.Alias{Name: a.Name, Version: a.Version, Weights: a.Weights}
	}
	return d
}

// hostVersion is a version as the host takes it. Its Revision is made of what
// an environment sees, so that nothing else ends one.
func (s *Service) hostVersion(v *api.FunctionVersion) host.Version {
	h := host.Version{
		Number:        v.Version,
		Runtime:       v.Runtime,
		Handler:       v.Handler,
		CodeDir:       s.codeDir(v.Code),
		Env:           v.Environment,
		MemoryMB:      int(v.Memory),
		Timeout:       time.Duration(v.Timeout) * time.Second,
		EphemeralMB:   int(v.Ephemeral),
		TracingActive: v.TracingMode == "Active",
		LogFormat:     v.Logging.Format,
		LogGroup:      v.Logging.Group,
	}
	for _, l := range v.Layers {
		h.Layers = append(h.Layers, s.codeDir(api.FunctionCode{Sum: l.Sum}))
	}
	// A folder keeps its name when its files change: its sum is what tells.
	text, _ := json.Marshal(struct { //nolint:errchkjson // strings and numbers
		Host host.Version
		Sum  string
	}{h, v.Code.Sum})
	sum := sha256.Sum256(text)
	h.Revision = hex.EncodeToString(sum[:16])
	return h
}

// codeDir is where code lies unpacked.
func (s *Service) codeDir(c api.FunctionCode) string {
	if c.Folder != "" {
		return c.Folder
	}
	sum, err := code.ParseSum(c.Sum)
	if err != nil {
		return "" // no document of ours has such a sum
	}
	return s.depot.Tree(sum)
}

// usedCode is all code that documents refer to.
func usedCode(tx store.Tx) (map[code.Sum]bool, error) {
	live := map[code.Sum]bool{}
	add := func(text string) {
		if sum, err := code.ParseSum(text); err == nil {
			live[sum] = true
		}
	}
	version := func(v *api.FunctionVersion) {
		add(v.Code.Sum)
		for _, l := range v.Layers {
			add(l.Sum)
		}
	}
	for fn, err := range store.Scan[api.Function](tx, api.Functions, "") {
		if err != nil {
			return nil, err
		}
		version(&fn.Latest)
		for v, err := range store.Scan[api.FunctionVersion](tx, api.FunctionVersions(fn.Name), "") {
			if err != nil {
				return nil, err
			}
			version(&v)
		}
	}
	for l, err := range store.Scan[api.LayerVersion](tx, api.AllLayerVersions, "") {
		if err != nil {
			return nil, err
		}
		add(l.Code.Sum)
	}
	return live, nil
}
