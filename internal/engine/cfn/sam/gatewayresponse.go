package sam

import (
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

var statusCode = regexp.MustCompile(`^[0-9]{1,3}$`)

// addGatewayResponses writes gateway responses into the definition.
func (r *rest) addGatewayResponses() {
	responses := r.get("GatewayResponses")
	if !truthy(responses) {
		return
	}
	if !truthy(r.body) {
		r.fail(responses, "GatewayResponses works only with inline Swagger specified in 'DefinitionBody' property.")
		return
	}
	for i, name := range responses.Keys() {
		if !r.validGatewayResponse(name, responses.Nth(i)) {
			return
		}
	}
	if !r.editable("", "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid Swagger definition.") {
		return
	}
	all := ensure(r.body, "x-amazon-apigateway-gateway-responses")
	for i, name := range responses.Keys() {
		v := responses.Nth(i)
		out := obj("responseParameters", r.gatewayParameters(v.Get("ResponseParameters")))
		templates := v.Get("ResponseTemplates")
		if !truthy(templates) {
			templates = doc.NewMap()
		}
		out.Set("responseTemplates", templates)
		if code := v.Get("StatusCode"); truthy(code) {
			out.SetText("statusCode", code.Text())
		}
		all.Set(name, out)
	}
}

func (r *rest) validGatewayResponse(name string, v *Value) bool {
	if isIntrinsic(v) {
		r.fail(v, "Unable to set GatewayResponses attribute because intrinsic functions are not supported for this field.")
		return false
	}
	if !v.Is(doc.Map) {
		r.fail(v, "Invalid property type '%s' for GatewayResponses. Expected an object of type 'GatewayResponse'.", pythonType(v))
		return false
	}
	for _, k := range v.Keys() {
		if !slices.Contains([]string{"ResponseParameters", "ResponseTemplates", "StatusCode"}, k) {
			r.fail(v, "Invalid property '%s' in 'GatewayResponses' property '%s'.", k, name)
			return false
		}
	}
	parameters := v.Get("ResponseParameters")
	if truthy(parameters) && !r.expect(parameters, doc.Map, "GatewayResponses."+name+".ResponseParameters") {
		return false
	}
	for _, k := range parameters.Keys() {
		if !slices.Contains([]string{"Headers", "Paths", "QueryStrings"}, k) {
			r.fail(parameters, "Invalid gateway response parameter '%s'", k)
			return false
		}
	}
	if code := v.Get("StatusCode"); truthy(code) && !statusCode.MatchString(code.Text()) {
		r.fail(code, "Property 'StatusCode' must be numeric")
		return false
	}
	return true
}

// pythonType is the name of a value's type as the translator's messages have it.
func pythonType(v *Value) string {
	switch v.Kind() {
	case doc.String:
		return "str"
	case doc.Bool:
		return "bool"
	case doc.Number:
		if strings.ContainsAny(v.Text(), ".eE") {
			return "float"
		}
		return "int"
	case doc.List:
		return "list"
	case doc.Map:
		return "dict"
	default:
		return "NoneType"
	}
}

// gatewayParameters gives parameters of gateway responses their full names.
func (r *rest) gatewayParameters(v *Value) *Value {
	m := doc.NewMap()
	for _, p := range []struct{ key, prefix string }{{"Headers", "header."}, {"Paths", "path."}, {"QueryStrings", "querystring."}} {
		values := v.Get(p.key)
		if values == nil || !r.expect(values, doc.Map, "ResponseParameters."+p.key) {
			continue
		}
		for i, k := range values.Keys() {
			m.Set("gatewayresponse."+p.prefix+k, values.Nth(i))
		}
	}
	return m
}
