package step

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jsonschema"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Models finds and compiles a model of the API by its name.
type Models func(name string) (*jsonschema.Schema, error)

// validator is a request validator with what a method declares, compiled.
// parity: spec/rest-data-plane.md 5.1.
type validator struct {
	required []parameter
	bodies   []bodyModel
}

// parameter is a request parameter that must be there.
type parameter struct {
	in, name string // "header", "X-Tenant"
}

// bodyModel is the model of the bodies of one media type.
type bodyModel struct {
	media  string // "$default": whatever has no model of its own
	model  string
	schema *jsonschema.Schema // nil: it could not be compiled
	broken *program.Refusal   // then
}

// ValidatesBody says whether a method's bodies are held to models.
func ValidatesBody(m *api.Method, v api.RequestValidator) bool {
	return v.ValidateBody && len(m.RequestModels) > 0
}

// Validate holds requests to what the method declares, as far as the validator
// looks at it: the parameters it requires first, then the body's model. A
// model that cannot be compiled makes the requests it is for fail with
// API_CONFIGURATION_ERROR, and no others.
func Validate(m *api.Method, v api.RequestValidator, models Models) program.Step {
	c := &validator{}
	if v.ValidateParameters {
		c.required = requiredParameters(m.RequestParameters)
	}
	if ValidatesBody(m, v) {
		for _, media := range slices.Sorted(maps.Keys(m.RequestModels)) {
			b := bodyModel{media: media, model: m.RequestModels[media]}
			var err error
			if b.schema, err = models(b.model); err != nil {
				b.broken = program.APIConfigurationError.Refuse(fmt.Errorf("model %s: %w", b.model, err))
			}
			c.bodies = append(c.bodies, b)
		}
	}
	if len(c.required) == 0 && len(c.bodies) == 0 {
		return program.Step{}
	}
	return program.Step{Name: "validate", Note: c.note(), Run: c.run, Waits: len(c.bodies) > 0, Quick: c.quick}
}

// requiredParameters are the required ones of method.request.{in}.{name}, in
// the order in which AWS names what is missing: that of the whole keys.
// parity: spec/rest-data-plane.md 5.1, "sorted by full key".
func requiredParameters(declared map[string]bool) (list []parameter) {
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		in, name, ok := strings.Cut(strings.TrimPrefix(key, "method.request."), ".")
		if declared[key] && ok {
			list = append(list, parameter{strings.TrimPrefix(in, "multivalue"), name})
		}
	}
	return list
}

// note lists what is looked at, for explain.
func (c *validator) note() string {
	var parts []string
	for _, p := range c.required {
		parts = append(parts, p.in+"."+p.name)
	}
	for i := range c.bodies {
		b := &c.bodies[i]
		note := "body " + b.media + " as " + b.model
		if b.broken != nil {
			note += " (" + b.broken.Cause.Error() + ")"
		}
		parts = append(parts, note)
	}
	return strings.Join(parts, ", ")
}

// quickBody is up to which size a body is checked on a driver's loop, in
// bytes: 16 KB take about 60 us.
const quickBody = 16 << 10

// quick says whether the check of this request takes no time worth a
// goroutine.
func (c *validator) quick(x *program.Exchange) bool {
	b := c.bodyOf(x)
	return b == nil || b.schema == nil || len(x.Body) <= quickBody && !b.schema.Slow()
}

func (c *validator) run(x *program.Exchange) error {
	if err := c.parameters(x); err != nil {
		return err
	}
	b := c.bodyOf(x)
	if b == nil {
		return nil // parity: a type without a model is not validated
	}
	if b.broken != nil {
		return b.broken
	}
	if err := b.schema.Validate(x.Body); err != nil {
		// The reasons repeat parts of the body, which no log may have: they
		// are no Cause.
		return &program.Refusal{Type: program.BadRequestBody, Detail: err.Error(), Cause: errNotModel}
	}
	return nil
}

var errNotModel = errors.New("the body does not match its model")

func (c *validator) parameters(x *program.Exchange) error {
	var missing []string
	for _, p := range c.required {
		if !p.given(x) {
			missing = append(missing, p.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &program.Refusal{
		Type:    program.BadRequestParameters,
		Message: "Missing required request parameters: [" + strings.Join(missing, ", ") + "]",
	}
}

// given says whether the request has the parameter, with a value that is more
// than white space. Of a parameter given several times one value will do.
func (p parameter) given(x *program.Exchange) bool {
	switch p.in {
	case "path":
		v, _ := x.Param(p.name)
		return !blank(v)
	case "querystring":
		for _, q := range x.Query() {
			if string(q.Name) == p.name && !blank(q.Value) {
				return true
			}
		}
	case "header":
		for _, f := range x.Request.Fields {
			if same(x, f.Name, p.name) && !blank(f.Value) && !headerOf(f.Name).unseen() {
				return true
			}
		}
	}
	return false
}

// blank says whether a value, decoded or not, is nothing but spaces.
func blank(value []byte) bool {
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == ' ' || '\t' <= value[i] && value[i] <= '\r':
		case i+2 < len(value) && string(value[i:i+3]) == "%20":
			i += 2
		default:
			return false
		}
	}
	return true
}

// bodyOf is the model for the request's media type, nil if there is none.
func (c *validator) bodyOf(x *program.Exchange) (fallback *bodyModel) {
	if len(c.bodies) == 0 {
		return nil
	}
	media := mediaType(x.Header("content-type"))
	for i := range c.bodies {
		b := &c.bodies[i]
		if equalFold(media, b.media) {
			return b
		}
		if b.media == "$default" {
			fallback = b
		}
	}
	return fallback
}
