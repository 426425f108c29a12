package step

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// utf is what a reader of JSON sees of bytes.
func utf(b []byte) string { return string(program.AppendText(nil, b)) }

func exchange(t testing.TB, fields ...http1.Field) *program.Exchange {
	t.Helper()
	x := programtest.Exchange(t, "GET / HTTP/1.1\r\nHost: h.example\r\n\r\n")
	x.Request.Fields = append(x.Request.Fields, fields...)
	x.Identify()
	x.Route = &program.Route{}
	return x
}

// FuzzProxyEvent: whatever the client sends, the event is JSON, and reading it
// gives back what was sent.
func FuzzProxyEvent(f *testing.F) {
	f.Add("GET", "/a/b", "X-A", "value", "q=1&q=2", "body", "image/png")
	f.Add("POST", "/\xff\"", "user-agent", "\x00\x1f", "%zz=%C3&=&a", "\xff\xfe\x00", "text/plain")
	f.Fuzz(func(t *testing.T, method, path, name, value, query, body, contentType string) {
		scope := Scope{Resource: "/{p+}", ResourceID: "r", Stage: "s", Variables: map[string]string{name: value}, Operation: path, Binary: MediaTypes{"image/png"}}
		x := exchange(t, http1.Field{Name: []byte(name), Value: []byte(value)}, http1.Field{Name: []byte("Content-Type"), Value: []byte(contentType)})
		x.Method, x.Path, x.FullPath, x.Body = []byte(method), []byte(path), []byte(path), []byte(body)
		x.Request.Query = []byte(query)
		x.Params = append(x.Params, program.Param{Name: "p", Value: []byte(path)})
		doc := scope.proxyEvent().make(x)
		var got struct {
			Resource, Path, HTTPMethod      string
			Headers                         map[string]string
			MultiValueHeaders               map[string][]string
			QueryStringParameters           map[string]string
			MultiValueQueryStringParameters map[string][]string
			PathParameters, StageVariables  map[string]string
			RequestContext                  struct{ OperationName, Path, HTTPMethod, DomainName string }
			Body                            *string
			IsBase64Encoded                 bool
		}
		if err := json.Unmarshal(doc, &got); err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		if got.Path != utf([]byte(path)) || got.HTTPMethod != utf([]byte(method)) || got.PathParameters["p"] != utf([]byte(path)) || got.StageVariables[utf([]byte(name))] != utf([]byte(value)) {
			t.Fatalf("path, method, parameter or variable is lost in %s", doc)
		}
		if is := headerOf([]byte(name)); is == other && !strings.EqualFold(name, "host") {
			if all := got.MultiValueHeaders[utf([]byte(name))]; len(all) != 1 || all[0] != utf([]byte(value)) || got.Headers[utf([]byte(name))] != all[0] {
				t.Fatalf("header %q is lost in %s", name, doc)
			}
		}
		count := 0
		for key, all := range got.MultiValueQueryStringParameters {
			count += len(all)
			if got.QueryStringParameters[key] != all[len(all)-1] {
				t.Fatalf("the last %q is not the single one in %s", key, doc)
			}
		}
		if valid := allValid(x.Query()); valid && count != len(x.Query()) {
			t.Fatalf("%d parameters of %d in %s", count, len(x.Query()), doc)
		}
		switch {
		case body == "":
			if got.Body != nil {
				t.Fatalf("a body from nowhere in %s", doc)
			}
		case got.IsBase64Encoded:
			if raw, err := base64.StdEncoding.DecodeString(*got.Body); err != nil || string(raw) != body {
				t.Fatalf("body %q is lost in %s", body, doc)
			}
		case *got.Body != utf([]byte(body)):
			t.Fatalf("body %q is lost in %s", body, doc)
		}
	})
}

// allValid says whether no two names can become one by being repaired.
func allValid(pairs []program.Pair) bool {
	for _, p := range pairs {
		if utf(p.Name) != string(p.Name) {
			return false
		}
	}
	return true
}

// TestGroupPairs holds the two ways of grouping to each other.
func TestGroupPairs(t *testing.T) {
	var pairs []program.Pair
	for i := range 200 {
		pairs = append(pairs, program.Pair{Name: []byte{byte('a' + i*i%7)}})
	}
	many, few := groupPairs(pairs), groups{all: pairs}
	for i := range pairs {
		if many.first(i) != few.first(i) || many.next(i) != few.next(i) || few.first(i) && many.last(i) != few.last(i) {
			t.Fatalf("parameter %d: first %v %v, next %d %d", i, many.first(i), few.first(i), many.next(i), few.next(i))
		}
	}
}

// FuzzLambdaAnswer: whatever a function returns, it becomes an answer that can
// be sent, or a refusal.
func FuzzLambdaAnswer(f *testing.F) {
	for _, s := range []string{
		`{"statusCode":200,"headers":{"A":"b","Connection":"x"},"multiValueHeaders":{"a":["c",1,true,null]},"body":"x\u0000\ud83d\ude00","isBase64Encoded":true}`,
		"{\"statusCode\":\"404\"}\x00\x00\x00\x00\x00\x00\x00\x00rest", `{"headers":{"A":"b\r\nC: d"}}`, `{"body":1e9}`,
	} {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, payload []byte, streamed bool) {
		x := exchange(t, http1.Field{Name: []byte("Accept"), Value: []byte("image/png")})
		r := &answerReader{binary: MediaTypes{"image/png"}, remap: newRemapNames()}
		var err error
		if streamed {
			closed := &closeCounter{Reader: bytes.NewReader(payload)}
			if err = r.stream(x, closed); err != nil && closed.n != 1 {
				t.Fatalf("a stream that failed was closed %d times", closed.n)
			}
		} else {
			err = r.read(x, payload)
		}
		if err != nil {
			refusal, ok := errors.AsType[*program.Refusal](err)
			if !ok || refusal.Type != program.Default5XX && refusal.Type != program.APIConfigurationError {
				t.Fatalf("error %v", err)
			}
			return
		}
		if x.Answer.Status < 200 || x.Answer.Status > 599 {
			t.Fatalf("status %d", x.Answer.Status)
		}
		for _, field := range x.Answer.Fields {
			if !validName(field.Name) || bytes.ContainsAny(field.Value, "\r\n\x00") || headerOf(field.Name).answered() != passed {
				t.Fatalf("field %q: %q", field.Name, field.Value)
			}
		}
	})
}

type closeCounter struct {
	*bytes.Reader
	n int
}

func (c *closeCounter) Close() error { c.n++; return nil }

// FuzzTarget: whatever an integration's URI and the values put into it are,
// what is sent is a target of the host that the definition names, and no value
// adds a segment, a parameter or a way up.
func FuzzTarget(f *testing.F) {
	f.Add("http://h.example/a/{p}/b?c={p}", "..", "x", false)
	f.Add("https://${stageVariables.v}/{p}{q}#f", "a/b?c#d", "h.example:8443", true)
	f.Add("http://h/${p}{p", "%2e%2e", "", true)
	f.Fuzz(func(t *testing.T, uri, value, variable string, raw bool) {
		scope := Scope{Variables: map[string]string{"v": variable}}
		from := source{kind: fromQuery, name: "p"}
		if raw {
			from.kind = fromPath
		}
		target, err := scope.parseTarget(uri, []mapping{{name: []byte("p"), from: from}})
		if err != nil {
			return
		}
		if !validHost(target.host) {
			t.Fatalf("host %q of %q", target.host, uri)
		}
		sent, err := target.append(with(t, value, raw), nil)
		if err != nil {
			return
		}
		for _, c := range sent {
			if c <= ' ' || c >= 0x7f || c == '#' || c == '{' {
				t.Fatalf("%q in %q becomes %q", value, uri, sent)
			}
		}
		if sent[0] != '/' {
			t.Fatalf("%q becomes %q", uri, sent)
		}
		if raw && strings.ContainsAny(value, "/?#") {
			return // not what the router gives a segment's parameter
		}
		neutral, err := target.append(with(t, "x", raw), nil)
		if err != nil || value == "" {
			return
		}
		for _, c := range []byte("/?&=") {
			if bytes.Count(sent, []byte{c}) != bytes.Count(neutral, []byte{c}) && !(raw && bytes.IndexByte([]byte(value), c) >= 0) {
				t.Fatalf("%q in %q becomes %q", value, uri, sent)
			}
		}
		if path, _, _ := bytes.Cut(sent, []byte("?")); target.dynamic && !route.Check(path) {
			t.Fatalf("%q in %q leads out: %q", value, uri, sent)
		}
	})
}

// with is an exchange whose parameter p has the value.
func with(t testing.TB, value string, raw bool) *program.Exchange {
	x := exchange(t)
	if raw {
		x.Params = append(x.Params, program.Param{Name: "p", Value: []byte(value)})
	} else {
		x.Request.Query = appendEncoded([]byte("p="), []byte(value))
	}
	return x
}

// FuzzHeaderMapping: no value gets a line break, or anything that ends a line
// for some reader, into a field of the call or of the answer.
func FuzzHeaderMapping(f *testing.F) {
	f.Add("X-A", "a\r\nB: c")
	f.Add("Host", "h\x00")
	f.Fuzz(func(t *testing.T, name, value string) {
		scope := Scope{}
		m, err := scope.requestMappings(map[string]string{"integration.request.header." + name: "method.request.querystring.p"}, false)
		if err != nil || m.breaks != "" {
			return
		}
		x := with(t, value, false)
		if err := m.setHeaders(x); err != nil {
			refusal, ok := errors.AsType[*program.Refusal](err)
			if !ok || refusal.Type != program.APIConfigurationError || len(x.Call.Fields) != 0 {
				t.Fatalf("%q: %v, fields %q", value, err, x.Call.Fields)
			}
		}
		for _, field := range append(x.Call.Fields, http1.Field{Name: []byte("Host"), Value: x.Call.Host}) {
			if !validName(field.Name) || bytes.ContainsFunc(field.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				t.Fatalf("%q becomes %q: %q", value, field.Name, field.Value)
			}
		}
		r := &response{}
		if err := scope.mapResponse(r, map[string]string{"method.response.header." + name: "integration.response.body.v"}); err != nil {
			return
		}
		doc, err := json.Marshal(map[string]string{"v": value})
		if err != nil {
			t.Fatal(err)
		}
		x.Reply.Body = doc
		if r.status = 200; r.answer(x, nil) != nil {
			return
		}
		for _, field := range x.Answer.Fields {
			if !validName(field.Name) || bytes.ContainsAny(field.Value, "\r\n\x00") || headerOf(field.Name).answered() != passed {
				t.Fatalf("%q becomes %q: %q", value, field.Name, field.Value)
			}
		}
	})
}

// FuzzMockStatus: what is JSON is read as JSON; what is not does no harm.
func FuzzMockStatus(f *testing.F) {
	f.Add([]byte(`{"statusCode": 200, "a": [1, {"b": 'c'}]}`))
	f.Add([]byte(`{statusCode: 200 ,, }x`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		status, ok := mockStatus(doc)
		var want struct {
			StatusCode *float64 `json:"statusCode"`
		}
		var names map[string]json.RawMessage
		if json.Unmarshal(doc, &names) != nil || json.Unmarshal(doc, &want) != nil || bytes.ContainsAny(doc, `\`) || bytes.Count(doc, []byte("tatus")) != 1 || bytes.Count(doc, []byte("{"))+bytes.Count(doc, []byte("[")) > maxLenient {
			return
		}
		if raw, there := names["statusCode"]; there && want.StatusCode != nil {
			n := *want.StatusCode
			integer := n == math.Trunc(n) && n >= 0 && n < 1e9 && !bytes.ContainsAny(raw, ".eE-")
			if integer != ok || ok && float64(status) != n {
				t.Fatalf("mockStatus(%s) = %d, %v", doc, status, ok)
			}
		}
	})
}
