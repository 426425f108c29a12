package step

import (
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step/journal"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// maxEvent is how long an event of an execution log may get, in bytes.
// parity: spec/rest-data-plane.md 12, "Log event".
const maxEvent = 1024

// Setting is what a stage's settings say of the method: its own, or those for all.
func (s Scope) Setting(all map[string]api.MethodSetting) (setting api.MethodSetting, ok bool) {
	name, ok := s.settingOf(all)
	return all[name], ok
}

// ExecutionLogGroup is the log group of a stage, or of its canary.
// parity: spec/rest-data-plane.md 11.3, 8.3.
func (s Scope) ExecutionLogGroup() string {
	group := "API-Gateway-Execution-Logs_" + s.APIID + "/" + s.Stage
	if s.CanaryRequest == "true" {
		group += "/Canary"
	}
	return group
}

// EventLog is a log group. Events of one request are put at once, so that they
// stay together.
type EventLog interface {
	// Add appends an event to those that PutAll takes.
	Add(events []byte, at time.Time, text []byte) []byte
	// PutAll takes a copy and never waits.
	PutAll(events []byte, count int)
}

// executionLog writes what happened to a request, once all is over: that costs
// the client nothing, and all that is told is still in the exchange.
type executionLog struct {
	to         EventLog
	info       bool   // everything; else failures only
	trace      bool   // fields and bodies too
	authorizer string // id of the method's authorizer, empty if it has none
	keyed      bool   // the method asks for an API key
}

// ExecutionLog is the execution log of a method, as the stage's settings for it
// say: its level and whether data are traced. Lines of one request follow each
// other; those before the integration have the time of the request.
// parity: spec/rest-data-plane.md 11.3.
func (s Scope) ExecutionLog(setting api.MethodSetting, m *api.Method, to EventLog) program.Step {
	if to == nil || setting.LoggingLevel == nil || *setting.LoggingLevel != "INFO" && *setting.LoggingLevel != "ERROR" {
		return program.Step{}
	}
	l := &executionLog{to: to, info: *setting.LoggingLevel == "INFO", trace: setting.DataTraceEnabled}
	if m != nil {
		l.keyed = m.APIKeyRequired
		if m.AuthorizerID != nil {
			l.authorizer = *m.AuthorizerID
		}
	}
	note := *setting.LoggingLevel
	if l.trace {
		note += " with data"
	}
	return program.Step{Name: "execution log", Note: note + " to " + s.ExecutionLogGroup(), Run: l.run}
}

func (l *executionLog) run(x *program.Exchange) error {
	if Unlogged(x) || !l.info && x.Failure == nil && !x.Reply.Failed {
		return nil
	}
	took := x.Took()
	at := x.Start
	var buf, events []byte
	count := 0
	say := journal.Journal(func(format string, args ...any) {
		buf = append(append(append(buf[:0], '('), x.ID[:]...), ") "...)
		text := journal.Line(maxEvent-len(buf)-len(journal.Truncated), format, args...)
		buf = append(buf, text...)
		events = l.to.Add(events, at, buf)
		count++
	})
	if l.info {
		l.before(x, say)
	}
	at = at.Add(took)
	l.after(x, say)
	l.to.PutAll(events, count)
	return nil
}

// before is what happened up to the call of the back end.
func (l *executionLog) before(x *program.Exchange, say journal.Journal) {
	say("Extended Request Id: %s", x.ExtendedID[:])
	if l.authorizer != "" {
		say("Starting authorizer: %s for request: %s", l.authorizer, x.ID[:])
		if f := x.Failure; f != nil && (f.Type == program.Unauthorized || f.Type == program.AccessDenied) {
			say("Unauthorized request: %s", x.ID[:])
			return
		}
		say("Successfully completed authorizer execution")
	}
	if l.keyed {
		l.plan(x, say)
	}
	if !l.begun(x) {
		return
	}
	say.Started(x)
	if root := x.Trace; len(root) > 0 && x.Stage.Sample != nil {
		say("X-ray Tracing ID : %s", x.KeepVariable(program.LogVariable("xrayTraceId")))
	}
	if l.trace {
		say.Request(x, journal.Fields(x.Request.Fields), x.Body)
	}
}

// plan is the check of the API key. parity: spec/rest-data-plane.md 11.3; keys
// are starred but for their end.
func (l *executionLog) plan(x *program.Exchange, say journal.Journal) {
	key := x.KeepVariable(program.LogVariable("identity.apiKey"))
	stage := x.Stage.APIID + "/" + x.Stage.Name
	say("Verifying Usage Plan for request: %s. API Key: %s API Stage: %s", x.ID[:], key, stage)
	if f := x.Failure; f != nil && (f.Type == program.InvalidAPIKey || f.Type == program.QuotaExceeded || f.Type == program.Throttled) {
		return // the reason is said at the end
	}
	if x.Grant != (usage.Grant{}) {
		say("Usage Plan check succeeded for API Key %s and API Stage %s", key, stage)
	}
}

// begun says whether the method itself was reached.
func (l *executionLog) begun(x *program.Exchange) bool {
	if x.Failure == nil {
		return true
	}
	switch x.Failure.Type {
	case program.MissingAuthenticationToken, program.InvalidAPIKey, program.QuotaExceeded, program.Throttled, program.Unauthorized,
		program.AccessDenied, program.AuthorizerFailure, program.AuthorizerConfigurationError, program.InvalidSignature,
		program.ExpiredToken, program.WAFFiltered:
		return false
	default:
		return true
	}
}

// after is the call of the back end and all that came of it.
func (l *executionLog) after(x *program.Exchange, say journal.Journal) {
	if l.info && x.Called() {
		l.call(x, say)
	}
	if x.Reply.Failed && x.Call.Function != "" {
		say.FunctionFailed(x.Reply.Body, x.Reply.RequestID)
	}
	if x.Failure != nil {
		say.Failed(x)
	} else if l.info {
		if l.trace {
			say.Answered(journal.Fields(x.Answer.Fields), l.answerBody(x))
		}
		say.Succeeded()
	}
	say.Completed(x)
	if id := x.KeepVariable(program.LogVariable("awsEndpointRequestId")); l.info && len(id) > 0 {
		say("AWS Integration Endpoint RequestId : %s", id)
	}
}

func (l *executionLog) call(x *program.Exchange, say journal.Journal) {
	uri := journal.CallURI(x)
	function := x.Call.Function != ""
	if l.trace {
		head := journal.Fields(x.Call.Fields)
		if function {
			head = journal.FunctionFields(x, x.Start)
		}
		body := x.Call.Body
		if x.Call.Stream {
			body = x.Body // empty, if it was passed on without anybody having the whole
		}
		say.Endpoint(uri, head, body)
	}
	say.Sending(uri)
	if x.Reply.Response.Status == 0 {
		return // why is said at the end
	}
	say.Received(x.Reply.Response.Status, x.Reply.Latency)
	if !l.trace {
		return
	}
	head := journal.Fields(x.Reply.Response.Fields)
	if function {
		head = journal.FunctionReply(x.Start, x.Reply.RequestID, len(x.Reply.Body), x.Reply.Failed)
	}
	say.Reply(head)
	if !x.Answer.Relay && x.Answer.Stream == nil {
		say.ReplyBody(x.Reply.Body)
	}
}

// answerBody is the body of the answer, or how much of it was passed on.
func (l *executionLog) answerBody(x *program.Exchange) []byte {
	if x.Answer.Relay || x.Answer.Stream != nil {
		return fmt.Appendf(nil, "[Passed on: %d bytes]", x.Sent)
	}
	return x.Answer.Body
}

// BuffersForTrace says whether a request's body must be read whole so that the
// log can show it.
func BuffersForTrace(setting api.MethodSetting) bool {
	return setting.DataTraceEnabled && setting.LoggingLevel != nil && *setting.LoggingLevel == "INFO"
}

// Tracing decides about requests that nobody has decided about: the first of
// each second is traced, and one in twenty of the others.
// parity: services-observability.md 9.5, "active".
func Tracing(first Bucket) func(x *program.Exchange) bool {
	const others = 0.05
	return func(x *program.Exchange) bool { return first.Take() || x.Chance() < others }
}
