package control_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
	"github.com/stagedoor/stagedoor/internal/wire/restjson"
)

const createBody = `{"name":"pets","description":"a store of pets","endpointConfiguration":{"types":["REGIONAL"]},` +
	`"minimumCompressionSize":1024,"binaryMediaTypes":["image/png","application/octet-stream"],"tags":{"team":"a","stage":"prod"}}`

// nobody takes an answer and forgets it.
type nobody struct{ h http.Header }

func (n nobody) Header() http.Header         { return n.h }
func (n nobody) Write(b []byte) (int, error) { return len(b), nil }
func (n nobody) WriteHeader(int)             {}

// BenchmarkCreateRestApi is a typical call, from the request to the answer.
func BenchmarkCreateRestApi(b *testing.B) {
	s := newServer(b, control.Config{Services: (&echo{}).services()})
	serve(b, s, "POST", "/restapis", "apigateway", []byte(createBody))
}

// BenchmarkInvoke is a call of a function with 1 KB in and out.
func BenchmarkInvoke(b *testing.B) {
	s := newServer(b, control.Config{Services: (&echo{}).services()})
	serve(b, s, "POST", "/2015-03-31/functions/f/invocations", "lambda", bytes.Repeat([]byte("x"), 1024))
}

func serve(b *testing.B, s *control.Server, method, target, service string, body []byte) {
	b.Helper()
	reader := bytes.NewReader(body)
	r := httptest.NewRequestWithContext(b.Context(), method, target, nil)
	r.Header.Set("Authorization", signature(service))
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = int64(len(body))
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		r.Body = readCloser{reader}
		s.ServeHTTP(nobody{http.Header{}}, r)
	}
}

// BenchmarkCodec is the part of a call that is spent in tables.
func BenchmarkCodec(b *testing.B) {
	table := apigateway.Table()
	c, check := restjson.New(table), wire.NewChecker(table)
	op := table.Operation("CreateRestApi")
	r := &wire.Request{Method: "POST", Path: "/restapis", Header: http.Header{}, Body: []byte(createBody)}
	b.Run("match", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Match("PUT", "/restapis/abc/resources/def/methods/GET/integration", "")
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in := apigateway.CreateRestApiInput{}
			if err := c.Decode(r, op, &in, &wire.Trail{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	in := &apigateway.CreateRestApiInput{}
	if err := c.Decode(r, op, in, &wire.Trail{}); err != nil {
		b.Fatal(err)
	}
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := check.Check(op, in, &wire.Trail{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	out, err := (&echo{}).CreateRestApi(context.Background(), in)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Encode(r, op, out); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkNew is what start costs: nothing is made of the tables yet.
func BenchmarkNew(b *testing.B) {
	e := &echo{}
	b.ReportAllocs()
	for b.Loop() {
		newServer(b, control.Config{Services: e.services()})
	}
}

// BenchmarkFirstCall is what the first call to the largest REST service costs
// on top: its routes.
func BenchmarkFirstCall(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		restjson.New(lambda.Table())
	}
}
