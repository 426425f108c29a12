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
	return accesslog.Compile(format, func(name string) (accesslog.Variable[*program.Exchange], bool) {
		v := program.LogVariable(name)
		return accesslog.Variable[*program.Exchange](v), name == "error.messageString" // quoted and escaped already
	})
}

// AccessLog writes a line for each request to the destinations. all says that
// they get those as well that API Gateway never logs.
// parity: spec/rest-data-plane.md 1.6.
func AccessLog(format *AccessFormat, note string, all bool, to ...Lines) program.Step {
	if len(to) == 0 {
		return program.Step{}
	}
	write := func(x *program.Exchange, dst []byte) []byte { return format.Append(dst, x) }
	return program.Step{Name: "access log", Note: note, Run: func(x *program.Exchange) error {
		if !all && Unlogged(x) {
			return nil
		}
		line := x.KeepVariable(write)
		for _, l := range to {
			l.Put(x.Start, line)
		}
		return nil
	}}
}

// Unlogged says whether API Gateway keeps a request out of its logs and
// metrics: one that was too large, or that failed within the gateway itself.
// parity: spec/rest-data-plane.md 1.6, services-observability.md 9.1.
func Unlogged(x *program.Exchange) bool {
	return x.Failure != nil && (x.Failure.Type == program.RequestTooLarge || x.Failure.Type == program.Internal)
}
