package trial

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// attempt is one trial under way. It follows the exchange and writes the log.
// parity: spec/rest-data-plane.md 11.2
type attempt struct {
	req      *Request
	stage    *program.Stage
	resource string
	region   string
	id       string // of the request
	log      *journal
	relayed  bool   // the body of the last call comes with the answer
	returned []byte // what the last function returned
	result   Result
}

// Begin implements transport.Handler.
func (a *attempt) Begin(x *program.Exchange) {
	a.enter(x)
	a.log.line("Starting execution for request: %s", a.id)
	a.log.line("HTTP Method: %s, Resource Path: %s", x.Request.Method, x.Path)
	a.log.line("Method request path: %s", written(parameters(x)))
	a.log.line("Method request query string: %s", written(queryFields(string(x.Request.Query))))
	a.log.line("Method request headers: %s", written(a.req.Fields))
	a.log.line("Method request body before transformations: %s", shown(a.req.Body))
}

// enter makes the request.
func (a *attempt) enter(x *program.Exchange) {
	path, query := target(a.req.Target, a.resource)
	q := &x.Request
	q.Method, q.Path, q.Query, q.Minor, q.KeepAlive = []byte(verb(a.req.Method)), []byte(path), []byte(query), 1, true
	q.Target = q.Path
	if query != "" {
		q.Target = []byte(path + "?" + query)
	}
	q.Host = []byte(a.stage.APIID + ".execute-api." + a.region + ".amazonaws.com")
	for _, f := range a.req.Fields {
		if strings.EqualFold(f.Name, "host") {
			continue // which API is meant is known
		}
		if strings.EqualFold(f.Name, "content-type") {
			f.Value = "application/json" // parity: spec/rest-data-plane.md 11.1
		}
		q.Fields = append(q.Fields, http1.Field{Name: []byte(f.Name), Value: []byte(f.Value)})
	}
	x.Identify()
	x.Stage, x.Path = a.stage, q.Path
	x.FullPath = []byte("/" + StageName + path)
	x.Caller = &program.Caller{APIKey: "test-invoke-api-key", APIKeyID: "test-invoke-api-key-id", AccountID: a.stage.Account}
	a.match(x)

	a.id = string(x.ID[:])
	a.log.head(a.id)
}

func parameters(x *program.Exchange) []Field {
	var out []Field
	for _, p := range x.Params {
		out = append(out, Field{p.Name, unescaped(string(p.Value), url.PathUnescape)})
	}
	return out
}

func queryFields(query string) []Field {
	var out []Field
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			out = append(out, Field{unescaped(name, url.QueryUnescape), unescaped(value, url.QueryUnescape)})
		}
	}
	return out
}

func unescaped(s string, unescape func(string) (string, error)) string {
	if u, err := unescape(s); err == nil {
		return u
	}
	return s
}

func fields(all []http1.Field) []Field {
	out := make([]Field, len(all))
	for i, f := range all {
		out[i] = Field{string(f.Name), string(f.Value)}
	}
	return out
}

// Calling implements transport.Player.
func (a *attempt) Calling(x *program.Exchange) {
	c := &x.Call
	body := c.Body
	if c.Stream {
		body = a.req.Body
	}
	a.calling(c.Origin.Scheme+"://"+string(c.Host)+string(c.Target), fields(c.Fields), body)
}

func (a *attempt) calling(uri string, head []Field, body []byte) {
	a.log.line("Endpoint request URI: %s", uri)
	a.log.line("Endpoint request headers: %s", written(head))
	a.log.line("Endpoint request body after transformations: %s", shown(body))
	a.log.line("Sending request to %s", uri)
}

// Called implements transport.Player.
func (a *attempt) Called(x *program.Exchange, err error) {
	if err != nil {
		return // Done says so
	}
	r := &x.Reply
	a.log.line("Received response. Status: %d, Integration latency: %d ms", r.Response.Status, r.Latency.Milliseconds())
	a.log.line("Endpoint response headers: %s", written(fields(r.Response.Fields)))
	if a.relayed = x.Call.Buffer == 0; !a.relayed {
		a.log.line("Endpoint response body before transformations: %s", shown(r.Body))
	}
}

// Done implements transport.Player.
func (a *attempt) Done(x *program.Exchange, body []byte) {
	a.result.Status, a.result.Body = x.Answer.Status, body
	plain := x.Failure != nil && x.Stage.Responses[x.Failure.Type] == nil
	for _, f := range fields(x.Answer.Fields) {
		switch strings.ToLower(f.Name) {
		case "x-amzn-requestid", "x-amz-apigw-id":
			continue // of the client of a stage. parity: spec/rest-data-plane.md 11.2
		case "content-type":
			if plain {
				continue // recorded
			}
		}
		a.result.Fields = append(a.result.Fields, f)
	}
	if a.relayed && x.Failure == nil {
		a.log.line("Endpoint response body before transformations: %s", shown(body))
	}
	if x.Failure != nil {
		a.log.line("%s", a.reason(x))
	} else {
		a.log.line("Method response body after transformations: %s", shown(body))
		a.log.line("Method response headers: %s", written(a.result.Fields))
		a.log.line("Successfully completed execution")
	}
	a.log.line("Method completed with status: %d", x.Answer.Status)
}

// reason says why a trial failed.
// parity: spec/rest-data-plane.md 11.3, the texts that are known
func (a *attempt) reason(x *program.Exchange) string {
	f := x.Failure
	switch f.Type {
	case program.IntegrationTimeout:
		return "Execution failed due to a timeout error"
	case program.IntegrationFailure:
		return "Execution failed due to a network error communicating with endpoint: " + sentence(f.Cause)
	case program.APIConfigurationError, program.Default5XX, program.Internal:
		text := sentence(f.Cause)
		if f.Cause == nil {
			text = a.refusedFor(f, x.Route)
		}
		return "Execution failed due to configuration error: " + text
	case program.BadRequestBody:
		if f.Detail != "" {
			return "Request body does not match model schema for content type application/json: " + f.Detail
		}
	default:
	}
	return "Gateway response type: " + string(f.Type) + " with status code: " + strconv.Itoa(x.Answer.Status)
}

// refusedFor is why a step refuses every request.
func (a *attempt) refusedFor(f *program.Refusal, r *program.Route) string {
	for _, s := range r.Steps {
		if why, ok := strings.CutPrefix(s.Note, string(f.Type)+": "); ok && s.Name == "refuse" {
			return sentence(errors.New(why))
		}
	}
	return f.Message
}

// sentence is the first line of the innermost error, as a sentence begins.
func sentence(err error) string {
	if err == nil {
		return "Connection is closed"
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	text := []rune(first)
	if len(text) > 0 {
		text[0] = unicode.ToUpper(text[0])
	}
	return string(text)
}
