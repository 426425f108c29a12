package gateway

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
)

// Status is what the gateway serves and what it does not.
type Status struct {
	Ready    bool      `json:"ready"` // what there was at start is compiled
	APIs     int       `json:"apis"`
	Stages   int       `json:"stages"`
	Failures []Failure `json:"failures,omitempty"` // by API, then stage
}

// Failure is a stage that could not be compiled as it now is.
type Failure struct {
	API        string    `json:"api"`
	Stage      string    `json:"stage"`
	Deployment string    `json:"deployment"`        // the one that failed
	Serving    string    `json:"serving,omitempty"` // the one that is served instead; empty: none
	Error      string    `json:"error"`
	At         time.Time `json:"at"`
}

// statuses are the failures that stand, by API and stage.
type statuses struct {
	mu     sync.Mutex
	failed map[string]Failure
}

// report notes and logs which stages failed, and forgets those that no longer do.
func (f *follower) report(sources map[string]*apiSource) {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	for id, s := range sources {
		maps.DeleteFunc(f.state.failed, func(_ string, was Failure) bool {
			one := s.stages[was.Stage]
			return was.API == id && (s.gone || one == nil || one.err == nil)
		})
		for name, one := range s.stages {
			if one.err == nil || f.built[id] != nil && f.built[id].stages[name] == one {
				continue
			}
			failure := Failure{API: id, Stage: name, Deployment: one.stage.DeploymentID, Error: one.err.Error(), At: time.Now()}
			if one.program != nil {
				failure.Serving = one.program.DeploymentID
			}
			f.state.failed[id+"/"+name] = failure
			f.g.cfg.Log.Error("a stage does not compile", "api", id, "stage", name,
				"deployment", failure.Deployment, "serving", failure.Serving, "error", one.err)
		}
	}
}

// Status tells what is served.
func (g *Gateway) Status() Status {
	t := g.Table()
	s := Status{Ready: isClosed(g.ready)}
	for a := range t.apis.all {
		s.APIs++
		s.Stages += len(a.Stages)
	}
	g.follow.state.mu.Lock()
	defer g.follow.state.mu.Unlock()
	s.Failures = slices.SortedFunc(maps.Values(g.follow.state.failed), func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.API, b.API), cmp.Compare(a.Stage, b.Stage))
	})
	return s
}

// ErrNoStage says that nothing of that name is served.
var ErrNoStage = errors.New("no such stage is served")

// Explain tells how a stage was compiled.
func (g *Gateway) Explain(api, stage string) (program.StageExplanation, error) {
	s := g.Table().Stage(api, stage)
	if s == nil {
		return program.StageExplanation{}, ErrNoStage
	}
	return s.Explain(), nil
}

// ExplainRoute tells how the route was compiled that a request with the method
// and the path below the stage takes.
func (g *Gateway) ExplainRoute(api, stage, method, path string) (program.Explanation, error) {
	s := g.Table().Stage(api, stage)
	if s == nil {
		return program.Explanation{}, ErrNoStage
	}
	r, _ := s.Router.Match([]byte(method), []byte(path), nil)
	return r.Explain(), nil
}
