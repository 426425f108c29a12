package program

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Explanation is a route as it was compiled, for people and for programs.
type Explanation struct {
	Method   string     `json:"method"`
	Resource string     `json:"resource"`
	Body     string     `json:"body"` // what becomes of the request's body: discard, buffer, stream
	Steps    []StepNote `json:"steps"`
}

// StepNote is one step of an Explanation.
type StepNote struct {
	Name  string `json:"name"`
	Note  string `json:"note,omitempty"`
	Waits bool   `json:"waits,omitempty"` // may wait or work long
}

// StageExplanation is a stage as it was compiled.
type StageExplanation struct {
	API        string        `json:"api"`
	Stage      string        `json:"stage"`
	Deployment string        `json:"deployment"`
	Compiled   string        `json:"compiled"` // RFC 3339
	Routes     []Explanation `json:"routes"`
	// Canary is the deployment that gets a share of the requests.
	Canary *CanaryExplanation `json:"canary,omitempty"`
}

// CanaryExplanation is the canary of a stage.
type CanaryExplanation struct {
	Percent float64 `json:"percentTraffic"`
	StageExplanation
}

// Explain tells what the route does, step by step.
func (r *Route) Explain() Explanation {
	e := Explanation{Method: r.Method, Resource: r.Resource, Body: r.Body.String(), Steps: []StepNote{}}
	for _, list := range [][]Step{r.Steps, r.Finish} {
		for _, s := range list {
			e.Steps = append(e.Steps, StepNote{Name: s.Name, Note: s.Note, Waits: s.Waits})
		}
	}
	return e
}

// Explain tells what the stage does, route by route.
func (s *Stage) Explain() StageExplanation {
	e := StageExplanation{
		API: s.APIID, Stage: s.Name, Deployment: s.DeploymentID,
		Compiled: s.Compiled.UTC().Format("2006-01-02T15:04:05.000Z07:00"), Routes: []Explanation{},
	}
	for _, r := range s.Router.Routes() {
		e.Routes = append(e.Routes, r.Explain())
	}
	if s.Canary != nil {
		e.Canary = &CanaryExplanation{float64(s.CanaryShare) * 100 / AllTraffic, s.Canary.Explain()}
	}
	return e
}

// WriteText writes one step a line: its name and its note.
func (e Explanation) WriteText(w io.Writer) error {
	return table(w, len(e.Steps), func(i int) string {
		return e.Steps[i].Name + "\t" + e.Steps[i].Note
	})
}

// WriteText writes one route a line: method, resource and the notes of its steps.
func (e StageExplanation) WriteText(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s %s deployment %s\n", e.API, e.Stage, e.Deployment); err != nil {
		return err
	}
	err := table(w, len(e.Routes), func(i int) string {
		r := e.Routes[i]
		steps := make([]string, 0, len(r.Steps))
		for _, s := range r.Steps {
			steps = append(steps, strings.TrimSpace(s.Name+" "+s.Note))
		}
		return r.Method + "\t" + r.Resource + "\t" + strings.Join(steps, " > ")
	})
	if err != nil || e.Canary == nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "canary, %g %% of the requests: ", e.Canary.Percent); err != nil {
		return err
	}
	return e.Canary.WriteText(w)
}

// table writes n lines of cells with tabs between them, in columns, without
// white space at the end of a line.
func table(w io.Writer, n int, line func(int) string) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i := range n {
		fmt.Fprintln(t, line(i))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for l := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(l, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// String names the mode for explain.
func (m BodyMode) String() string {
	switch m {
	case BodyBuffer:
		return "buffer"
	case BodyStream:
		return "stream"
	default:
		return "discard"
	}
}
