package apigateway_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
)

// doc is a document as it is drawn.
type doc = map[string]any

// author draws OpenAPI documents that can be taken in.
type author struct {
	t  *rapid.T
	v3 bool
}

func (a author) coin() bool        { return rapid.Bool().Draw(a.t, "coin") }
func (a author) upTo(n int) int    { return rapid.IntRange(0, n).Draw(a.t, "n") }
func (a author) text() string      { return rapid.StringMatching(`[ -~µ\n]{1,12}`).Draw(a.t, "text") }
func (a author) of(all ...any) any { return rapid.SampledFrom(all).Draw(a.t, "one") }

// maybe sets a member or leaves it out.
func (a author) maybe(d doc, name string, draw func() any) {
	if a.coin() {
		d[name] = draw()
	}
}

const invocation = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations"

func (a author) ref(model string) doc {
	if a.v3 {
		return doc{"$ref": "#/components/schemas/" + model}
	}
	return doc{"$ref": "#/definitions/" + model}
}

func (a author) document() doc {
	d := doc{"info": doc{"title": "t", "version": "2", "description": a.text()}, "paths": a.paths()}
	const ext = "x-amazon-apigateway-"
	a.maybe(d, ext+"api-key-source", func() any { return a.of("HEADER", "AUTHORIZER") })
	a.maybe(d, ext+"binary-media-types", func() any { return []string{"image/png", "*/*"}[:1+a.upTo(1)] })
	a.maybe(d, ext+"minimum-compression-size", func() any { return a.upTo(1000) })
	a.maybe(d, ext+"policy", func() any {
		return doc{"Version": "2012-10-17", "Statement": []doc{{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": a.of("execute-api:/*", "*")}}}
	})
	a.maybe(d, ext+"gateway-responses", func() any {
		return doc{"THROTTLED": doc{"statusCode": a.of(429, "430"), "responseTemplates": doc{"application/json": a.text()}}, "DEFAULT_5XX": doc{"responseParameters": doc{"gatewayresponse.header.X": "'x'"}}}
	})
	a.maybe(d, ext+"endpoint-access-mode", func() any { return a.of("BASIC", "STRICT") })
	d[ext+"request-validators"] = doc{"all": doc{"validateRequestBody": true, "validateRequestParameters": a.coin()}, "none": doc{}}
	a.maybe(d, ext+"request-validator", func() any { return a.of("all", "none") })
	a.maybe(d, "security", func() any { return a.security() })
	schemas := doc{"Pet": a.object(2), "Owner": a.object(1)}
	schemes := doc{
		"key":  doc{"type": "apiKey", "in": "header", "name": "x-api-key"},
		"sig":  doc{"type": "apiKey", "in": "header", "name": "Authorization", ext + "authtype": "awsSigv4"},
		"tok":  a.scheme(doc{"type": "token", "authorizerUri": invocation, "identityValidationExpression": "^x"}),
		"req":  a.scheme(doc{"type": "request", "authorizerUri": invocation, "identitySource": "method.request.header.A,context.identity.sourceIp"}),
		"pool": a.scheme(doc{"type": "cognito_user_pools", "providerARNs": []string{"arn:aws:cognito-idp:us-east-1:1:userpool/p"}}),
	}
	if a.v3 {
		d["openapi"], d["components"] = "3.0.1", doc{"schemas": schemas, "securitySchemes": schemes}
		a.maybe(d, "servers", func() any { return []doc{{"url": "https://h/base"}} })
		return d
	}
	d["swagger"], d["definitions"], d["securityDefinitions"] = "2.0", schemas, schemes
	a.maybe(d, "basePath", func() any { return "/base" })
	return d
}

func (a author) scheme(authorizer doc) doc {
	a.maybe(authorizer, "authorizerResultTtlInSeconds", func() any { return a.of(0, 300, "60") })
	s := doc{"type": "apiKey", "in": "header", "name": "Auth", "x-amazon-apigateway-authorizer": authorizer}
	a.maybe(s, "x-amazon-apigateway-authtype", func() any { return a.of("custom", "oauth2") })
	return s
}

func (a author) security() []doc {
	out := []doc{}
	for range a.upTo(2) {
		out = append(out, a.of(doc{"key": []string{}}, doc{"sig": []string{}}, doc{"tok": []string{}}, doc{"req": []string{}}, doc{"pool": []string{"a/b"}}).(doc))
	}
	return out
}

func (a author) schema(depth int) doc {
	switch kind := a.upTo(4); {
	case depth == 0 || kind == 0:
		s := doc{"type": a.of("string", "integer", "number", "boolean")}
		a.maybe(s, "enum", func() any { return []any{"a", 1, nil} })
		a.maybe(s, "description", func() any { return a.text() })
		return s
	case kind == 1:
		return doc{"type": "array", "items": a.schema(depth - 1)}
	case kind == 2:
		return a.ref(a.of("Pet", "Owner").(string))
	}
	return a.object(depth - 1)
}

func (a author) object(depth int) doc {
	s := doc{"type": "object", "properties": doc{"name": a.schema(depth), "type": a.schema(depth), "$ref": a.schema(depth)}}
	a.maybe(s, "required", func() any { return []string{"name"} })
	a.maybe(s, "additionalProperties", func() any { return a.of(false, doc{"type": "string"}) })
	return s
}

func (a author) paths() doc {
	out := doc{}
	for _, path := range []string{"/", "/pets", "/pets/{id}", "/pets/{id}/x", "/{proxy+}", "/a/b/c/"} {
		if !a.coin() {
			continue
		}
		item := doc{}
		for _, verb := range []string{"get", "post", "x-amazon-apigateway-any-method"} {
			a.maybe(item, verb, func() any { return a.operation(path) })
		}
		out[path] = item
	}
	out["/always"] = doc{"get": a.operation("/always")}
	return out
}

func (a author) operation(path string) doc {
	op := doc{"x-amazon-apigateway-integration": a.integration()}
	a.maybe(op, "operationId", func() any { return rapid.StringMatching(`[a-z]{1,5}`).Draw(a.t, "id") })
	a.maybe(op, "summary", func() any { return a.text() })
	a.maybe(op, "security", func() any { return a.security() })
	a.maybe(op, "x-amazon-apigateway-request-validator", func() any { return a.of("all", "none") })
	a.maybe(op, "x-amazon-apigateway-auth", func() any { return doc{"type": a.of("NONE", "aws_iam")} })
	params := []doc{}
	param := func(in, name string) {
		p := doc{"in": in, "name": name, "description": a.text()}
		a.maybe(p, "required", func() any { return a.coin() })
		params = append(params, p)
	}
	if strings.Contains(path, "{id}") {
		param("path", "id")
	}
	if a.coin() {
		param("query", "q")
		param("header", "H")
	}
	body := a.of(a.ref("Pet"), a.schema(1))
	answer := doc{"description": a.text()}
	if a.v3 {
		a.maybe(op, "requestBody", func() any { return doc{"content": doc{"application/json": doc{"schema": body}}} })
		a.maybe(answer, "headers", func() any { return doc{"X-H": doc{"schema": doc{"type": "string"}}} })
		a.maybe(answer, "content", func() any { return doc{"application/json": doc{"schema": body}} })
	} else {
		if a.coin() {
			params = append(params, doc{"in": "body", "name": "b", "schema": body})
		}
		a.maybe(answer, "headers", func() any { return doc{"X-H": doc{"type": "string"}} })
		a.maybe(answer, "schema", func() any { return body })
	}
	op["parameters"] = params
	a.maybe(op, "responses", func() any { return doc{"200": answer, "default": doc{"description": "d"}} })
	return op
}

func (a author) integration() doc {
	in := a.of(
		doc{"type": "mock"},
		doc{"type": "HTTP", "httpMethod": "GET", "uri": "https://example.com/x"},
		doc{"type": "http_proxy", "httpMethod": "ANY", "uri": "http://${stageVariables.h}/x", "connectionType": "VPC_LINK", "connectionId": "l"},
		doc{"type": "aws_proxy", "httpMethod": "POST", "uri": invocation, "credentials": "arn:aws:iam::1:role/r"},
		doc{"type": "aws", "httpMethod": "POST", "uri": "arn:aws:apigateway:${AWS::Region}:s3:path/b/k", "credentials": "arn:aws:iam::${AWS::AccountId}:role/r"},
	).(doc)
	in = maps.Clone(in)
	a.maybe(in, "timeoutInMillis", func() any { return 50 + a.upTo(1000) })
	a.maybe(in, "passthroughBehavior", func() any { return a.of("when_no_match", "NEVER", "when_no_templates") })
	a.maybe(in, "requestTemplates", func() any { return doc{"application/json": a.text(), "text/x": a.of("", nil)} })
	a.maybe(in, "cacheNamespace", func() any { return "ns" })
	a.maybe(in, "contentHandling", func() any { return "CONVERT_TO_TEXT" })
	a.maybe(in, "tlsConfig", func() any { return doc{"insecureSkipVerification": a.coin()} })
	a.maybe(in, "requestParameters", func() any {
		return doc{"integration.request.header.A": "'a'", "integration.request.querystring.b": "stageVariables.b"}
	})
	a.maybe(in, "responses", func() any {
		return doc{"default": doc{"statusCode": a.of(200, "201"), "responseTemplates": doc{"application/json": a.of(a.text(), "", nil)}}, "5\\d{2}": doc{"statusCode": "500", "contentHandling": "CONVERT_TO_BINARY"}}
	})
	return in
}

// TestDrawnFixedPoint: whatever the document, what is exported of it is
// imported as what is exported the same, in both kinds and notations, and by
// overwriting an API that had other things.
func TestDrawnFixedPoint(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := author{rt, rapid.Bool().Draw(rt, "v3")}
		text, err := json.Marshal(a.document())
		if err != nil {
			rt.Fatal(err)
		}
		st := memory(t)
		s := apigateway.New(st, apigateway.Config{Now: func() time.Time { return start }})
		kind, accepts := rapid.SampledFrom([]string{"oas30", "swagger"}).Draw(rt, "kind"), rapid.SampledFrom([]string{"application/json", "application/yaml"}).Draw(rt, "accepts")
		write := func(id string) string {
			whole := export(t, s, id, kind, accepts, "integrations,authorizers,apigateway")
			before, _, _ := strings.Cut(whole, "x-amazon-apigateway-documentation")
			return before
		}
		publish := func(doc []byte) string {
			id, err := tryDeploy(t, s, doc)
			if err != nil {
				rt.Fatalf("import: %v\n%s", err, doc)
			}
			return id
		}
		first := write(publish(text))
		second := write(publish([]byte(first)))
		if diff := cmp.Diff(first, second); diff != "" {
			rt.Fatalf("the second export (-first +second):\n%s\nof\n%s", diff, text)
		}
		other := publish([]byte(strings.Replace(everythingDocument, "version: v1, ", "", 1)))
		if err := overwrite(t, s, other, []byte(first)); err != nil {
			rt.Fatalf("overwrite: %v\n%s", err, first)
		}
		if diff := cmp.Diff(first, write(other)); diff != "" {
			rt.Fatalf("the export of the overwritten API (-first +it):\n%s\nof\n%s", diff, text)
		}
	})
}
