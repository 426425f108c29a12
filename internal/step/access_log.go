package step

import (
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/accesslog"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Lines is where lines of a log go. It takes a copy and never waits.
type Lines interface {
	Put(at time.Time, line []byte)
}

// inPlace is Lines that have a line written where it stays, so that it is
// written once. of is handed to write, which appends the line to dst. Lines of
// different lanes seldom meet.
type inPlace interface {
	PutOf(lane uint32, of any, write func(of any, dst []byte) []byte)
}

// DefaultAccessFormat is the format of stages that have none, for those who run
// stagedoor.
const DefaultAccessFormat = `{"time":"$context.requestTime","epoch":$context.requestTimeEpoch,"requestId":"$context.requestId",` +
	`"api":"$context.apiId","stage":"$context.stage","ip":"$context.identity.sourceIp","method":"$context.httpMethod",` +
	`"path":"$context.path","resource":"$context.resourcePath","protocol":"$context.protocol","status":$context.status,` +
	`"length":$context.responseLength,"latency":$context.responseLatency,"integrationLatency":"$context.integrationLatency",` +
	`"integrationStatus":"$context.integrationStatus","apiKeyId":"$context.identity.apiKeyId","error":"$context.error.responseType",` +
	`"userAgent":"$context.identity.userAgent"}`

// AccessFormat is a compiled access-log format.
type AccessFormat = accesslog.Format[*program.Exchange]

// CompileAccessFormat compiles the format of an access log.
func CompileAccessFormat(format string) *AccessFormat {
	return accesslog.Compile(format, func(name string) accesslog.Variable[*program.Exchange] {
		if fixed := program.FixedInLogs(name); fixed != "" {
			return accesslog.Variable[*program.Exchange]{Fixed: fixed}
		}
		v := accesslog.Variable[*program.Exchange]{Append: program.LogVariable(name)}
		if short := program.ShortInLogs(name); short != nil {
			v.Short = short
		}
		v.Verbatim = name == "error.messageString" || program.PlainInLogs(name) // that one is quoted and escaped already
		return v
	})
}

// AccessLog writes a line for each request to the destinations. all says that
// they get those as well that API Gateway never logs.
// parity: spec/rest-data-plane.md 1.6.
func AccessLog(format *AccessFormat, note string, all bool, to ...Lines) program.Step {
	if len(to) == 0 {
		return program.Step{}
	}
	step := program.Step{Name: "access log", Note: note}
	if direct, ok := to[0].(inPlace); ok && len(to) == 1 {
		write := func(of any, dst []byte) []byte {
			x, _ := of.(*program.Exchange) // always: nothing else is handed over
			return format.Append(dst, x)
		}
		step.Run = func(x *program.Exchange) error {
			if all || !Unlogged(x) {
				direct.PutOf(x.Lane, x, write)
			}
			return nil
		}
		return step
	}
	write := func(x *program.Exchange, dst []byte) []byte { return format.Append(dst, x) }
	step.Run = func(x *program.Exchange) error {
		if !all && Unlogged(x) {
			return nil
		}
		line := x.KeepVariable(write)
		for _, l := range to {
			l.Put(x.Start, line)
		}
		return nil
	}
	return step
}

// Unlogged says whether API Gateway keeps a request out of its logs and
// metrics: one that was too large, or that failed within the gateway itself.
// parity: spec/rest-data-plane.md 1.6, services-observability.md 9.1.
func Unlogged(x *program.Exchange) bool {
	return x.Failure != nil && (x.Failure.Type == program.RequestTooLarge || x.Failure.Type == program.Internal)
}
