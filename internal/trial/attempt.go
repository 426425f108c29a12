package trial

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step/journal"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// attempt is one trial under way. It follows the exchange and writes the log.
// parity: spec/rest-data-plane.md 11.2
type attempt struct {
	req      *Request
	stage    *program.Stage
	resource string
	region   string
	id       string // of the request
	log      *log
	say      journal.Journal
	exchange *program.Exchange
	relayed  bool   // the body of the last call comes with the answer
	returned []byte // what the last function returned
	result   Result
}

// Begin implements transport.Handler.
func (a *attempt) Begin(x *program.Exchange) {
	a.enter(x)
	a.say.Started(x)
	a.say.Request(x, a.req.Fields, a.req.Body)
}

// enter makes the request.
func (a *attempt) enter(x *program.Exchange) {
	a.exchange, a.say = x, a.log.line
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
	x.Caller = &program.Caller{AccountID: a.stage.Account}
	x.Grant = usage.Shown("test-invoke-api-key-id", "test-invoke-api-key")
	a.match(x)

	a.id = string(x.ID[:])
	a.log.head(a.id)
}

// Calling implements transport.Player.
func (a *attempt) Calling(x *program.Exchange) {
	c := &x.Call
	body := c.Body
	if c.Stream {
		body = a.req.Body
	}
	a.calling(journal.CallURI(x), journal.Fields(c.Fields), body)
}

func (a *attempt) calling(uri string, head []Field, body []byte) {
	a.say.Endpoint(uri, head, body)
	a.say.Sending(uri)
}

// Called implements transport.Player.
func (a *attempt) Called(x *program.Exchange, err error) {
	if err != nil {
		return // Done says so
	}
	r := &x.Reply
	a.say.Received(r.Response.Status, r.Latency)
	a.say.Reply(journal.Fields(r.Response.Fields))
	if a.relayed = x.Call.Buffer == 0; !a.relayed {
		a.say.ReplyBody(r.Body)
	}
}

// Done implements transport.Player.
func (a *attempt) Done(x *program.Exchange, body []byte) {
	a.result.Status, a.result.Body = x.Answer.Status, body
	plain := x.Failure != nil && x.Stage.Responses[x.Failure.Type] == nil
	for _, f := range journal.Fields(x.Answer.Fields) {
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
		a.say.ReplyBody(body)
	}
	if x.Failure != nil {
		a.say.Failed(x)
	} else {
		a.say.Answered(a.result.Fields, body)
		a.say.Succeeded()
	}
	a.say.Completed(x)
}
