package compile

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jsonschema"
	"github.com/stagedoor/stagedoor/internal/engine/openapi"
)

// model is a model that was compiled, or could not be.
type model struct {
	schema *jsonschema.Schema
	err    error
}

// model compiles a model of the API, once for all methods that name it.
func (c *compiler) model(name string) (*jsonschema.Schema, error) {
	if m, ok := c.models[name]; ok {
		return m.schema, m.err
	}
	m := model{err: errors.New("the API has no such model")}
	if text, ok := c.schemaOf(name); ok {
		uri := fmt.Sprintf(openapi.ModelRef, c.snap.API.ID, url.PathEscape(name))
		m.schema, m.err = jsonschema.Compile(uri, text, c.resolve)
	}
	c.models[name] = m
	return m.schema, m.err
}

func (c *compiler) schemaOf(name string) (string, bool) {
	for _, m := range c.snap.Models {
		if m.Name == name {
			return m.Schema, true
		}
	}
	return "", false
}

// resolve is what models find under the URL of a model. Only the API's own are
// deployed with it, so an id of another API in a URL, such as that of the API
// this one was copied from, leads to the model of that name here.
// parity: spec/definitions.md 5.14.
func (c *compiler) resolve(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || !strings.HasPrefix(u.Host, "apigateway.") {
		return "", false
	}
	parts := strings.Split(u.Path, "/")
	if len(parts) != 5 || parts[1] != "restapis" || parts[3] != "models" {
		return "", false
	}
	return c.schemaOf(parts[4])
}

// validator is the method's request validator. known is false if the method
// names one that is not there.
func (c *compiler) validator(m *api.Method) (v api.RequestValidator, known bool) {
	if m.RequestValidatorID == nil || *m.RequestValidatorID == "" {
		return v, true
	}
	for _, v := range c.snap.Validators {
		if v.ID == *m.RequestValidatorID {
			return v, true
		}
	}
	return v, false
}
