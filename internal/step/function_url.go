package step

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/payload2"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
)

// FunctionURL is an address of a function, as it is served.
type FunctionURL struct {
	ID          string // first label of the host
	FunctionARN string
	Open        bool // anybody may call it: no signature is asked for, and the function's policy allows it
	Signed      bool // who calls must have signed the request, and be allowed to by their own policies or Policy
	Policy      *iam.Policy
	Stream      bool // InvokeMode RESPONSE_STREAM
	CORS        *api.FunctionCORS
}

// urlTimeout is how long a function behind a URL may take: as long as a
// function may.
const urlTimeout = 15 * time.Minute

// ServeFunctionURL calls a function with the event of format 2.0 and sends
// what it returns. AuthorizeFunctionURL comes before it.
func ServeFunctionURL(u FunctionURL, host Functions) program.Step {
	if !u.Open && !u.Signed {
		return RefuseStep(&program.Refusal{Type: program.AccessDenied, Message: "Forbidden"}, "the URL is not open to everybody")
	}
	return program.Step{Name: "integrate", Note: "function url " + u.FunctionARN, Waits: true, Run: func(x *program.Exchange) error {
		if u.preflight(x) {
			return nil
		}
		x.ShowTrace = true
		ctx, done := context.WithTimeout(x.Context(), urlTimeout)
		result, err := host.Invoke(ctx, u.FunctionARN, u.event(x), u.Stream)
		if err != nil {
			done()
			return urlFailure(err)
		}
		if result.Stream != nil {
			err = urlStream(x, result, done)
		} else {
			done()
			err = urlAnswer(x, result)
		}
		if err == nil {
			u.allow(x)
		}
		return err
	}}
}

// event is the request as the function sees it. A function URL keeps the
// encoding of the path.
// parity: spec/http-websocket-domains.md A5.
func (u *FunctionURL) event(x *program.Exchange) []byte {
	e := payload2.Event{
		RouteKey: "$default", Stage: "$default", Path: x.Path, Query: x.Request.Query,
		Body: x.Body, Binary: !payload2.TextBody(x.Header("content-type")),
		AccountID: payload2.Anonymous, APIID: u.ID, Domain: string(x.DomainName()), Method: x.Method, Protocol: "HTTP/1.1",
		SourceIP: string(x.AppendSourceIP(nil)), UserAgent: x.Header("user-agent"), RequestID: string(x.ID[:]), Time: x.Start,
	}
	if u.Signed {
		e.AccountID, e.Authorizer = x.Caller.AccountID, signerOf(x.Caller)
	}
	way := forwardedOf(x)
	for _, f := range x.Request.Fields {
		switch is := header(f.Known()); {
		case is == hContentLength, inEvent(is) && is != hKeepAlive && is != hProxyConnection:
			e.Fields = append(e.Fields, payload2.Field{Name: f.Name, Value: f.Value})
		}
	}
	e.Fields = append(e.Fields,
		payload2.Field{Name: nameTrace, Value: way.trace}, payload2.Field{Name: nameForwardedFor, Value: way.ip},
		payload2.Field{Name: nameForwardedPort, Value: way.port}, payload2.Field{Name: nameForwardedProto, Value: way.proto})
	return e.Append(nil)
}

// urlFailure is the answer to a call that came to nothing.
func urlFailure(err error) error {
	var busy *lambda.Throttled
	switch {
	case errors.As(err, &busy):
		return &program.Refusal{Type: program.Throttled, Message: "Rate Exceeded.", Cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return program.IntegrationTimeout.Refuse(err)
	}
	return badURLAnswer(err)
}

func badURLAnswer(cause error) error {
	return &program.Refusal{Type: program.Default5XX, Status: 502, Message: "Internal Server Error", Cause: cause}
}

// urlAnswer sends a buffered answer.
func urlAnswer(x *program.Exchange, result *lambda.Result) error {
	if result.FunctionError != "" {
		return badURLAnswer(errFailed)
	}
	doc, err := wholeValue(result.Payload) // bounds the depth, which the reader does not
	if err != nil {
		return badURLAnswer(err)
	}
	got, err := payload2.Parse(doc)
	if err != nil {
		return badURLAnswer(err)
	}
	if got.Status < 200 || got.Status > 599 {
		return badURLAnswer(errMalformed)
	}
	x.Answer.Status, x.Answer.Body = got.Status, got.Body
	for _, f := range got.Fields {
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: f.Name, Value: f.Value})
	}
	return nil
}

// urlStream sends a streamed answer, whose prelude is optional here.
func urlStream(x *program.Exchange, result *lambda.Result, done context.CancelFunc) error {
	s := &endingStream{ReadCloser: result.Stream, done: done}
	if result.StreamContentType == lambda.HTTPIntegration {
		reader := &answerReader{remap: newRemapNames()}
		if err := reader.stream(x, s); err != nil {
			return badURLAnswer(err)
		}
		return nil
	}
	kind := result.StreamContentType
	if kind == "" || !validValue(kind) {
		kind = "application/octet-stream"
	}
	x.Answer.Status, x.Answer.Stream = 200, s
	x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: nameContentType, Value: x.Keep(kind)})
	return nil
}

// preflight answers the browser's question before a request, if the URL has rules for it.
func (u *FunctionURL) preflight(x *program.Exchange) bool {
	if !u.asksFirst(x) {
		return false
	}
	x.Answer.Status = 200
	if u.allow(x) {
		setAnswer(x, "Access-Control-Allow-Methods", strings.Join(u.CORS.AllowMethods, ","))
		setAnswer(x, "Access-Control-Allow-Headers", strings.Join(u.CORS.AllowHeaders, ","))
		if u.CORS.MaxAge != nil {
			setAnswer(x, "Access-Control-Max-Age", strconv.Itoa(int(*u.CORS.MaxAge)))
		}
	}
	return true
}

// asksFirst says whether a request is such a question.
func (u *FunctionURL) asksFirst(x *program.Exchange) bool {
	return u.CORS != nil && string(x.Method) == "OPTIONS" && x.Header("origin") != nil && x.Header("access-control-request-method") != nil
}

// allow adds what tells a browser that the answer is meant for the page that
// asked. It comes over what the function says.
func (u *FunctionURL) allow(x *program.Exchange) bool {
	origin := string(x.Header("origin"))
	if u.CORS == nil || origin == "" {
		return false
	}
	switch {
	case slices.Contains(u.CORS.AllowOrigins, origin):
		setAnswer(x, "Vary", "Origin")
	case slices.Contains(u.CORS.AllowOrigins, "*"):
		origin = "*"
	default:
		return false
	}
	setAnswer(x, "Access-Control-Allow-Origin", origin)
	setAnswer(x, "Access-Control-Expose-Headers", strings.Join(u.CORS.ExposeHeaders, ","))
	if u.CORS.AllowCredentials != nil && *u.CORS.AllowCredentials {
		setAnswer(x, "Access-Control-Allow-Credentials", "true")
	}
	return true
}

// setAnswer sets a field of the answer; an empty or impossible value sets nothing.
func setAnswer(x *program.Exchange, name, value string) {
	if value != "" && validValue(value) {
		x.Answer.Fields = setField(x.Answer.Fields, []byte(name), x.Keep(value))
	}
}
