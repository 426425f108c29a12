package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
)

// apiSource is an API as the store has it, and what became of it.
type apiSource struct {
	id       string
	tags     map[string]string // those that change its limits
	gone     bool
	stages   map[string]*stageSource
	compiled int // stages that were compiled for it
}

// stageSource is one stage: its document, and the program made of it.
type stageSource struct {
	doc     []byte // as the store has it
	tags    map[string]string
	stage   api.Stage
	client  *api.ClientCertificate // that its back ends are shown; nil: none
	snap    *snapshot.REST         // only while it is to be compiled
	canary  *snapshot.REST         // of its canary, if that gets requests; as long as snap
	program *program.Stage         // the last one that compiled; nil: none ever did
	err     error                  // why doc is not what program was made of
}

// load reads the APIs that changed. A stage whose document is what it was
// keeps its program: the snapshot of a deployment never changes.
func (f *follower) load(ctx context.Context, dirty map[string]bool, all bool) (map[string]*apiSource, error) {
	sources := map[string]*apiSource{}
	err := f.g.cfg.Store.View(ctx, func(tx store.Tx) error {
		clear(sources)
		if all {
			var err error
			if dirty, err = f.everything(tx, sources); err != nil {
				return err
			}
		}
		for id := range dirty {
			s, err := f.loadAPI(tx, id)
			if err != nil {
				return err
			}
			sources[id] = s
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load stages: %w", err)
	}
	return sources, nil
}

// everything is what must be looked at when anything may have changed: the APIs
// that have stages, and those that are in the table. All others go into sources
// as they are: of a hundred thousand APIs that nobody deployed none is read.
func (f *follower) everything(tx store.Tx, sources map[string]*apiSource) (map[string]bool, error) {
	dirty, err := staged(tx)
	if err != nil {
		return nil, err
	}
	for id := range f.built {
		dirty[id] = true
	}
	for item, err := range tx.Scan(api.RestAPIs, "") {
		if err != nil {
			return nil, err
		}
		if id := api.Split(item.Key)[1]; !dirty[id] {
			sources[id] = &apiSource{id: id}
		}
	}
	return dirty, nil
}

// staged lists the APIs that have stages. It goes over the keys of all APIs in
// one scan, and past what is large and comes before an API's stages in one leap.
func staged(tx store.Tx) (map[string]bool, error) {
	found := map[string]bool{}
	const few = 8 // keys of one API that are read rather than leapt over
	for after, more := "", true; more; {
		more = false
		var current string
		rows := 0
		for item, err := range tx.Scan(api.Trees, after) {
			if err != nil {
				return nil, err
			}
			id, kind := api.TreeOf(item.Key)
			if rows++; id != current {
				current, rows = id, 0
			}
			if kind == "stage" {
				found[api.Split(id)[0]] = true
			}
			if kind < "stage" && (rows >= few || kind == "snapshot" || kind == "method") {
				after, more = api.Trees+id+"/stage/", true
				break
			}
		}
	}
	return found, nil
}

func (f *follower) loadAPI(tx store.Tx, id string) (*apiSource, error) {
	s := &apiSource{id: id, stages: map[string]*stageSource{}}
	a, err := store.Get[api.RestAPI](tx, api.RestAPIKey(id))
	if errors.Is(err, store.ErrMissing) {
		s.gone = true
		return s, nil
	} else if err != nil {
		return nil, err
	}
	s.tags = limitTags(a.Tags)
	before := f.built[id]
	for item, err := range tx.Scan(api.Stages(id), "") {
		if err != nil {
			return nil, err
		}
		one := &stageSource{doc: bytes.Clone(item.Doc), tags: s.tags}
		parts := api.Split(item.Key)
		name := parts[len(parts)-1]
		s.stages[name] = one
		if before != nil && before.stages[name] != nil {
			old := before.stages[name]
			one.program = old.program
			if bytes.Equal(old.doc, one.doc) && maps.Equal(old.tags, one.tags) {
				s.stages[name] = old
				continue
			}
		}
	}
	for name, one := range s.stages {
		if before != nil && before.stages[name] == one {
			continue
		}
		one.read(tx, id)
	}
	return s, nil
}

// limitTags are the tags that change an API's limits.
func limitTags(all map[string]string) map[string]string {
	var found map[string]string
	for name, value := range all {
		if strings.HasPrefix(name, api.LimitTag) {
			if found == nil {
				found = map[string]string{}
			}
			found[name] = value
		}
	}
	return found
}

// read decodes the stage, its deployment's snapshot and what else it names.
func (s *stageSource) read(tx store.Tx, id string) {
	if err := json.Unmarshal(s.doc, &s.stage); err != nil {
		s.err = fmt.Errorf("decode stage: %w", err)
		return
	}
	snap, err := store.Get[snapshot.REST](tx, api.SnapshotKey(id, s.stage.DeploymentID))
	if err != nil {
		s.err = fmt.Errorf("read deployment %q: %w", s.stage.DeploymentID, err)
		return
	}
	if id := s.stage.ClientCertificateID; id != nil && *id != "" {
		cert, err := store.Get[api.ClientCertificate](tx, api.ClientCertificateKey(*id))
		if err != nil {
			s.err = fmt.Errorf("read client certificate %q: %w", *id, err)
			return
		}
		s.client = &cert
	}
	if c := s.stage.Canary; c != nil && c.PercentTraffic > 0 {
		canary, err := store.Get[snapshot.REST](tx, api.SnapshotKey(id, c.DeploymentID))
		if err != nil {
			s.err = fmt.Errorf("read the canary's deployment %q: %w", c.DeploymentID, err)
			return
		}
		s.canary = &canary
	}
	s.snap = &snap
}

// api is the table's entry.
func (s *apiSource) api() *program.API {
	a := &program.API{ID: s.id, Kind: "REST"}
	if len(s.stages) > 0 {
		a.Stages = make(map[string]*program.Stage, len(s.stages))
	}
	for name, one := range s.stages {
		if one.program != nil {
			a.Stages[name] = one.program
		}
	}
	return a
}

// compileAll compiles what was loaded, as many stages at a time as there are cores.
func (f *follower) compileAll(sources map[string]*apiSource) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)))
	for _, s := range sources {
		for _, one := range s.stages {
			if one.snap == nil {
				continue
			}
			s.compiled++
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				one.compile(&f.g.cfg)
			})
		}
	}
	wg.Wait()
	f.report(sources)
}

// compile makes the program. What fails leaves the old one.
func (s *stageSource) compile(cfg *Config) {
	defer func() {
		s.snap, s.canary, s.client = nil, nil, nil
		if p := recover(); p != nil {
			s.err = fmt.Errorf("compile stage %q: panic: %v\n%s", s.stage.Name, p, debug.Stack())
		}
	}()
	env := cfg.Env
	env.Tags = s.tags
	if _, problems := env.Limits.For(s.snap.API.EndpointType, s.tags); len(problems) > 0 {
		cfg.Log.Warn("tags of an API do not say what its limits are", "api", s.snap.API.ID, "error", errors.Join(problems...))
	}
	var err error
	if s.client != nil && cfg.Identify != nil {
		if env.ClientOrigins, err = cfg.Identify(s.client); err != nil {
			s.err = err
			return
		}
	}
	made, err := compile.REST(env, *s.snap, s.stage)
	if err != nil {
		s.err = err
		return
	}
	if s.canary != nil {
		if made.Canary, err = compile.Canary(env, *s.canary, s.stage); err != nil {
			s.err = err
			return
		}
		made.CanaryShare = program.CanaryShare(s.stage.Canary.PercentTraffic)
	}
	s.program = made
}
