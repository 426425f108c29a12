package openapi_test

import (
	"fmt"
	"strconv"

	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/engine/openapi"
)

// anAPI draws an API that a document of a kind can hold.
func anAPI(t *rapid.T, kind string) *openapi.API {
	d := drawer{t}
	a := &openapi.API{
		Title: d.word(), Version: d.maybe(d.text), Description: d.maybe(d.text),
		APIKeySource: d.maybe(d.oneOf("HEADER", "AUTHORIZER")), BinaryMediaTypes: d.words(),
		EndpointAccessMode: d.maybe(d.word), SecurityPolicy: d.maybe(d.word),
	}
	if d.coin() {
		a.MinimumCompressionSize = d.number()
		a.Policy = new(`{"Version":"2012-10-17","Statement":[]}`)
	}
	for i := range d.upTo(3) {
		a.Models = append(a.Models, openapi.NewModel(fmt.Sprint("M", i), nil,
			`{"type":"object","properties":{"x":{"$ref":"https://apigateway.amazonaws.com/restapis/a/models/M0"},"n":{"minimum":`+strconv.Itoa(i)+`}}}`))
		a.Validators = append(a.Validators, openapi.Validator{Name: fmt.Sprint("v", i), Body: d.coin(), Parameters: d.coin()})
	}
	for i := range d.upTo(3) {
		a.Authorizers = append(a.Authorizers, d.authorizer(fmt.Sprint("z", i)))
	}
	if d.coin() {
		a.GatewayResponses = []openapi.GatewayResponse{{Type: "THROTTLED", StatusCode: d.maybe(d.oneOf("429", "500")), Parameters: d.texts(), Templates: d.texts()}}
	}
	for i := range d.upTo(3) {
		p := openapi.Path{Path: "/" + d.word() + strconv.Itoa(i)}
		for _, verb := range []string{"ANY", "GET", "POST"} {
			if d.coin() {
				p.Methods = append(p.Methods, d.method(a, verb, kind))
			}
		}
		a.Paths = append(a.Paths, p)
	}
	return a
}

type drawer struct{ t *rapid.T }

func (d drawer) coin() bool     { return rapid.Bool().Draw(d.t, "coin") }
func (d drawer) upTo(n int) int { return rapid.IntRange(0, n).Draw(d.t, "n") }
func (d drawer) word() string   { return rapid.StringMatching(`[a-z][a-z0-9-]{0,5}`).Draw(d.t, "word") }

func (d drawer) text() string { return rapid.StringMatching(`[ -#%-~\nµ]{1,12}`).Draw(d.t, "text") }

func (d drawer) oneOf(all ...string) func() string {
	return func() string { return rapid.SampledFrom(all).Draw(d.t, "one") }
}

func (d drawer) maybe(draw func() string) *string {
	if d.coin() {
		return nil
	}
	s := draw()
	return &s
}

func (d drawer) number() *int32 {
	n := rapid.Int32Range(50, 1000).Draw(d.t, "number")
	return &n
}

func (d drawer) words() []string {
	var out []string
	for range d.upTo(2) {
		out = append(out, d.word())
	}
	return out
}

func (d drawer) texts() map[string]string {
	out := map[string]string{}
	for range d.upTo(2) {
		out[d.word()] = d.text()
	}
	return out
}

func (d drawer) templates() map[string]*string {
	out := map[string]*string{}
	for range d.upTo(2) {
		out[d.word()] = d.maybe(d.text)
	}
	return out
}

func (d drawer) authorizer(name string) openapi.Authorizer {
	a := openapi.Authorizer{
		Name: name, Type: d.oneOf("TOKEN", "REQUEST", "COGNITO_USER_POOLS")(), AuthType: d.maybe(d.word), URI: d.maybe(d.text),
		Credentials: d.maybe(d.text), Validation: d.maybe(d.text), ProviderARNs: d.words(),
	}
	if d.coin() {
		a.TTLSeconds = d.number()
	}
	sources := []string{"method.request.header.Auth", "method.request.header.a,method.request.header.b", "context.identity.sourceIp"}
	if a.Type != "REQUEST" || d.coin() {
		a.Identity = new(d.oneOf(sources...)())
	}
	return a
}

func (d drawer) method(a *openapi.API, verb, kind string) openapi.Method {
	m := openapi.Method{HTTPMethod: verb, OperationName: d.maybe(d.word), AuthorizationType: "NONE", APIKeyRequired: d.coin()}
	if len(a.Authorizers) > 0 && d.coin() {
		z := a.Authorizers[0]
		m.Authorizer, m.AuthorizationType = &z.Name, "CUSTOM"
		if z.Type == "COGNITO_USER_POOLS" {
			m.AuthorizationType, m.Scopes = z.Type, d.words()
		}
	} else if d.coin() {
		m.AuthorizationType = "AWS_IAM"
	}
	if len(a.Validators) > 0 && d.coin() {
		m.Validator = &a.Validators[0].Name
	}
	m.RequestParameters = map[string]bool{}
	for _, place := range []string{"querystring", "header"} {
		if d.coin() {
			m.RequestParameters["method.request."+place+"."+d.word()] = d.coin()
		}
	}
	model, types := "", []string{"application/json", "text/x"}
	if len(a.Models) > 0 {
		model = a.Models[0].Name
	}
	models := func() map[string]string {
		if model == "" || d.coin() {
			return nil
		}
		return map[string]string{types[0]: model, types[1]: model}
	}
	m.RequestModels = models()
	for _, code := range []string{"200", "404"} {
		if d.coin() {
			r := openapi.Response{StatusCode: code, Models: models()}
			if d.coin() {
				r.Parameters = map[string]bool{"method.response.header." + d.word(): false}
			}
			m.Responses = append(m.Responses, r)
		}
	}
	if d.coin() {
		m.Integration = d.integration()
	}
	return m
}

func (d drawer) integration() *openapi.Integration {
	in := &openapi.Integration{
		Type: d.oneOf("HTTP", "MOCK", "AWS_PROXY")(), HTTPMethod: d.maybe(d.word), URI: d.maybe(d.text), Credentials: d.maybe(d.text),
		RequestParameters: d.texts(), RequestTemplates: d.templates(), PassthroughBehavior: d.maybe(d.oneOf("WHEN_NO_MATCH", "NEVER")),
		ContentHandling: d.maybe(d.oneOf("CONVERT_TO_TEXT")), ConnectionType: d.maybe(d.oneOf("INTERNET", "VPC_LINK")), ConnectionID: d.maybe(d.word),
		IntegrationTarget: d.maybe(d.text), ResponseTransferMode: d.maybe(d.oneOf("STREAM")), CacheNamespace: d.maybe(d.word), CacheKeyParameters: d.words(),
	}
	if d.coin() {
		in.TimeoutMillis, in.InsecureSkipVerify = d.number(), new(d.coin())
	}
	for _, pattern := range []*string{nil, new("4.."), new("(?s).*\nX")} {
		if d.coin() {
			in.Responses = append(in.Responses, openapi.IntegrationResponse{
				SelectionPattern: pattern, StatusCode: d.oneOf("200", "404")(), Parameters: d.texts(), Templates: d.templates(),
				ContentHandling: d.maybe(d.oneOf("CONVERT_TO_BINARY")),
			})
		}
	}
	return in
}
