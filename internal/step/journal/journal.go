// Package journal words what happens to a request as the execution logs of API
// Gateway do. TestInvokeMethod and the execution logs of stages share it.
// parity: spec/rest-data-plane.md 11.2, 11.3
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Field is a header field.
type Field struct{ Name, Value string }

// Journal gets the lines of one request, one after the other.
type Journal func(format string, args ...any)

// Started is what comes first, before anything is done for the method.
func (say Journal) Started(x *program.Exchange) {
	say("Starting execution for request: %s", x.ID[:])
	say("HTTP Method: %s, Resource Path: %s", x.Method, x.Path)
}

// Request is the request as the method gets it.
func (say Journal) Request(x *program.Exchange, sent []Field, body []byte) {
	say("Method request path: %s", Written(parameters(x)))
	say("Method request query string: %s", Written(queryFields(string(x.Request.Query))))
	say("Method request headers: %s", Written(sent))
	say("Method request body before transformations: %s", Shown(body))
}

// Endpoint is the request to the back end.
func (say Journal) Endpoint(uri string, head []Field, body []byte) {
	say("Endpoint request URI: %s", uri)
	say("Endpoint request headers: %s", Written(head))
	say("Endpoint request body after transformations: %s", Shown(body))
}

// Sending is the call itself.
func (say Journal) Sending(uri string) { say("Sending request to %s", uri) }

// Received is the first of the back end's answer.
func (say Journal) Received(status int, latency time.Duration) {
	say("Received response. Status: %d, Integration latency: %d ms", status, latency.Milliseconds())
}

// Reply is the head of the back end's answer, ReplyBody its body.
func (say Journal) Reply(head []Field) { say("Endpoint response headers: %s", Written(head)) }

// ReplyBody comes after Reply.
func (say Journal) ReplyBody(body []byte) {
	say("Endpoint response body before transformations: %s", Shown(body))
}

// FunctionFailed is a function that says so itself.
func (say Journal) FunctionFailed(payload []byte, requestID string) {
	var e struct {
		ErrorMessage string `json:"errorMessage"`
	}
	_ = json.Unmarshal(payload, &e) // a payload of another form has no message
	say("Lambda execution failed with status 200 due to customer function error: %s. Lambda request id: %s", e.ErrorMessage, requestID)
}

// Throttled is a function that was too busy.
func (say Journal) Throttled(requestID string) {
	say("Lambda invocation failed with status: 429. Lambda request id: %s", requestID)
}

// Answered is the answer that the client gets.
func (say Journal) Answered(head []Field, body []byte) {
	say("Method response body after transformations: %s", Shown(body))
	say("Method response headers: %s", Written(head))
}

// Succeeded comes where nothing has failed.
func (say Journal) Succeeded() { say("Successfully completed execution") }

// Completed comes last.
func (say Journal) Completed(x *program.Exchange) {
	say("Method completed with status: %d", x.Answer.Status)
}

// Failed says why the request failed.
func (say Journal) Failed(x *program.Exchange) {
	f := x.Failure
	if errors.Is(f.Cause, program.ErrFunction) {
		return // FunctionFailed has said it
	}
	if why := f.Reason(x.Route); why != "" {
		say("%s", why)
		return
	}
	say("%s", "Gateway response type: "+string(f.Type)+" with status code: "+strconv.Itoa(x.Answer.Status))
}

// parameters are the path parameters of the request.
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
			value := unescaped(value, url.QueryUnescape)
			out = append(out, Field{unescaped(name, url.QueryUnescape), value})
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

// Fields are header fields as they were sent.
func Fields(all []http1.Field) []Field {
	out := make([]Field, len(all))
	for i, f := range all {
		out[i] = Field{string(f.Name), string(f.Value)}
	}
	return out
}

// CallURI is where the exchange's call goes.
func CallURI(x *program.Exchange) string {
	c := &x.Call
	if c.Function != "" {
		return FunctionURI(c.Function, x.Stage.Region)
	}
	if c.Origin == nil {
		return ""
	}
	return c.Origin.Scheme + "://" + string(c.Host) + string(c.Target)
}

// FunctionURI is where API Gateway would call a function.
func FunctionURI(arn, region string) string {
	if part := strings.SplitN(arn, ":", 5); len(part) == 5 && part[3] != "" {
		region = part[3]
	}
	return "https://lambda." + region + ".amazonaws.com/2015-03-31/functions/" + arn + "/invocations"
}

// FunctionFields are what API Gateway would send along to a function.
// parity: spec/control-plane.md 4; rest-data-plane.md 11.2, 11.3
func FunctionFields(x *program.Exchange, at time.Time) []Field {
	s := x.Stage
	return []Field{
		{"x-amzn-lambda-integration-tag", string(x.ID[:])},
		{"Authorization", ""},
		{"X-Amz-Date", at.UTC().Format("20060102T150405Z")},
		{"x-amzn-apigateway-api-id", s.APIID},
		{"Accept", "application/json"},
		{"User-Agent", "AmazonAPIGateway_" + s.APIID},
		{"X-Amz-Source-Arn", "arn:aws:execute-api:" + s.Region + ":" + s.Account + ":" + s.APIID + "/" + s.Name + "/" + string(x.Method) + x.Route.Resource},
	}
}

// FunctionReply is what Lambda would send along with a function's result; n is
// its length, -1 if it streams.
func FunctionReply(at time.Time, requestID string, n int, failed bool) []Field {
	head := []Field{
		{"Date", at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")},
		{"Content-Type", "application/json"},
		{"Connection", "keep-alive"},
		{"x-amzn-RequestId", requestID},
	}
	if n >= 0 {
		head = append(head, Field{"Content-Length", strconv.Itoa(n)})
	}
	if failed {
		head = append(head, Field{"X-Amz-Function-Error", "Unhandled"})
	}
	return head
}

// Written is a map as the log writes it. What a secret is in is starred, an API
// key but for its end.
// parity: services-observability.md 9.4, "redaction"
func Written(fields []Field) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		value := f.Value
		switch strings.ToLower(f.Name) {
		case "authorization", "x-amz-security-token", "cookie", "set-cookie", "proxy-authorization":
			value = strings.Repeat("*", 32)
		case "x-api-key":
			value = veiled(value)
		}
		b.WriteString(f.Name + "=" + value)
	}
	b.WriteByte('}')
	return b.String()
}

func veiled(key string) string {
	if len(key) < 12 {
		return strings.Repeat("*", 32)
	}
	return strings.Repeat("*", 32) + key[len(key)-6:]
}

// Shown is a body as the log writes it.
func Shown(body []byte) string {
	if !utf8.Valid(body) {
		return "[Binary Data: " + strconv.Itoa(len(body)) + " bytes]"
	}
	return string(body)
}

// Cut is text that is no longer than so many bytes, but for the word that says
// that it was cut.
// parity: spec/rest-data-plane.md 11.2
func Cut(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	for longest > 0 && !utf8.RuneStart(text[longest]) {
		longest--
	}
	return text[:longest] + Truncated
}

// Truncated is at the end of what was cut.
const Truncated = " [TRUNCATED]"

// Line is format with its arguments, cut.
func Line(longest int, format string, args ...any) string {
	return Cut(fmt.Sprintf(format, args...), longest)
}
