package compile

import (
	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/accesslog"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/metrics"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step"
)

// LogGroup is one log group.
type LogGroup interface {
	step.Lines
	step.EventLog
}

// Ledger is where what requests came to is written down. Its parts may be nil.
type Ledger struct {
	// Metrics counts all requests.
	Metrics *metrics.Set
	// Group is a log group by its name.
	Group func(name string) LogGroup
	// Firehose is a delivery stream by its name.
	Firehose func(name string) step.Lines
	// Access gets the access lines of all stages, whatever they say themselves.
	Access step.Lines
}

// finish is what takes note of a request once its answer is out; m is nil for
// requests that no method is for.
func (c *compiler) finish(scope step.Scope, m *api.Method) []program.Step {
	setting, _ := scope.Setting(c.stage.MethodSettings)
	steps := []program.Step{c.measure(scope, setting, m)}
	steps = append(steps, c.accessLogs()...)
	if c.env.Ledger.Group != nil {
		steps = append(steps, scope.ExecutionLog(setting, m, c.env.Ledger.Group(scope.ExecutionLogGroup())))
	}
	return program.Compact(steps...)
}

// measure counts the requests of a method. A canary's are counted by
// themselves. parity: spec/rest-data-plane.md 8.3.
func (c *compiler) measure(scope step.Scope, setting api.MethodSetting, m *api.Method) program.Step {
	if c.env.Ledger.Metrics == nil {
		return program.Step{}
	}
	series := metrics.Series{APIID: scope.APIID, Stage: scope.Stage}
	if scope.CanaryRequest == "true" {
		series.Stage += "/Canary"
	}
	note := "by stage"
	if m != nil {
		series.Method, series.Resource = scope.Method, scope.Resource
		if setting.MetricsEnabled {
			note = "by method"
		}
	}
	return step.Measure(c.env.Ledger.Metrics.Recorder(series, c.snap.API.Name, m != nil && setting.MetricsEnabled), note)
}

// accessLogs write the stage's access log, and the operator's. They are the
// same for all methods.
func (c *compiler) accessLogs() []program.Step {
	if c.access != nil {
		return c.access
	}
	c.access = []program.Step{} // not nil: they were made
	ledger := &c.env.Ledger
	format, arn := "", ""
	if a := c.stage.AccessLog; a != nil && a.Format != nil {
		format = *a.Format
		if a.DestinationARN != nil {
			arn = *a.DestinationARN
		}
	}
	if to := ledger.destination(arn); to != nil {
		c.access = append(c.access, step.AccessLog(step.CompileAccessFormat(format), arn, false, to))
	}
	if ledger.Access != nil {
		note := "the operator's, in the stage's format"
		if format == "" {
			format, note = step.DefaultAccessFormat, "the operator's"
		}
		c.access = append(c.access, step.AccessLog(step.CompileAccessFormat(format), note, true, ledger.Access))
	}
	return c.access
}

// destination is where a stage's access log goes; nil: nowhere.
func (l *Ledger) destination(arn string) step.Lines {
	if name, ok := accesslog.LogGroup(arn); ok && l.Group != nil {
		return l.Group(name)
	}
	if name, ok := accesslog.DeliveryStream(arn); ok && l.Firehose != nil {
		return l.Firehose(name)
	}
	return nil
}

// tells says whether somebody will be told of a variable of some name, or of
// one below it if the name ends in a dot.
func (c *compiler) tells(name string) bool {
	a := c.stage.AccessLog
	return a != nil && a.Format != nil && accesslog.Mentions(*a.Format, name)
}

// phase is a step whose outcome is noted as that of a phase, where the access
// log tells of those; then are phases that went well if it did.
func (c *compiler) phase(s program.Step, p program.Phase, then ...program.Phase) program.Step {
	if !c.tells("waf.") && !c.tells("authenticate.") && !c.tells("authorizer.") && !c.tells("authorize.") && !c.tells("wafResponseCode") {
		return s
	}
	return s.Timed(p, then...)
}

// identified is the step that finds out who is calling, as the phases that it is.
// parity: services-observability.md 9.3.1, "Order of phases".
func (p *pipeline) identified(s program.Step) program.Step {
	switch p.method.AuthorizationType {
	case "AWS_IAM":
		return p.phase(s, program.PhaseAuthenticate, program.PhaseAuthorize)
	case "CUSTOM":
		return p.phase(s, program.PhaseAuthorizer, program.PhaseAuthorize)
	}
	return p.phase(s, program.PhaseAuthorizer)
}

// tracing decides about the requests of a stage that nobody has decided about.
func (c *compiler) tracing() func(x *program.Exchange) bool {
	if !c.stage.TracingEnabled {
		return nil
	}
	return step.Tracing(c.env.Buckets.Gate("trace "+c.snap.API.ID+"/"+c.stage.Name, limit.New(1, 1)))
}
