package sam

import (
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// Keys of API definitions.
const (
	keyIntegration = "x-amazon-apigateway-integration"
	keyAnyMethod   = "x-amazon-apigateway-any-method"
	keyAuthorizer  = "x-amazon-apigateway-authorizer"
	keyAuthType    = "x-amazon-apigateway-authtype"
	keyEndpoint    = "x-amazon-apigateway-endpoint-configuration"
)

var openAPI3 = regexp.MustCompile(`^3(\.\d)(\.\d)?$`)

func swaggerSkeleton() *Value {
	return obj("swagger", "2.0", "info", obj("version", "1.0", "title", ref("AWS::StackName")), "paths", doc.NewMap())
}

func openAPISkeleton() *Value {
	return obj("openapi", "3.0.1", "info", obj("version", "1.0", "title", ref("AWS::StackName")), "paths", doc.NewMap())
}

// isSwagger reports whether a definition is one that SAM can edit for a REST API.
func isSwagger(d *Value) bool {
	return d.Get("paths").Is(doc.Map) && (truthy(d.Get("swagger")) || openAPI3.MatchString(d.Get("openapi").Text()))
}

// isOpenAPI reports the same for an HTTP API.
func isOpenAPI(d *Value) bool {
	return d.Get("paths").Is(doc.Map) && openAPI3.MatchString(d.Get("openapi").Text())
}

// editor edits the definition of an API in place. Trouble with the definition
// goes to fail; methods that cannot be found are passed over then.
type editor struct {
	doc    *Value
	fail   func(at *Value, format string, args ...any)
	charge func(at *Value, bytes int) bool // before something is written once more
}

// spend charges for writing values once more.
func (e *editor) spend(at *Value, values ...*Value) bool {
	bytes := 0
	for _, v := range values {
		bytes += v.Size()
	}
	return e.charge(at, bytes)
}

// editor makes an editor whose problems are the resource's.
func (j *job) editor(d *Value) *editor {
	return &editor{doc: d, charge: j.charge, fail: func(at *Value, format string, args ...any) {
		j.failed = true
		j.invalid(at, format, args...)
	}}
}

func (e *editor) paths() *Value { return e.doc.Get("paths") }

// branches are the values that may count: both of a Fn::If, else v alone.
func branches(v *Value) []*Value {
	arg := v.Get("Fn::If")
	if arg == nil {
		return []*Value{v}
	}
	var all []*Value
	for i, it := range arg.Items() {
		if i > 0 && !isNoValue(it) {
			all = append(all, it)
		}
	}
	return all
}

// normalMethod is a method as definitions name it.
func normalMethod(method string) string {
	method = strings.ToLower(method)
	if method == "any" {
		return keyAnyMethod
	}
	return method
}

// items are the path items of a path; those that are no maps are problems.
func (e *editor) items(path string) []*Value {
	var all []*Value
	for _, it := range branches(e.paths().Get(path)) {
		if !it.Is(doc.Map) {
			e.fail(it, "Value of '%s' path must be a dictionary according to Swagger spec.", path)
			continue
		}
		all = append(all, it)
	}
	return all
}

// definitions are the definitions of a method of a path that have an
// integration, or all of them.
func (e *editor) definitions(path, method string, withoutIntegration bool) []*Value {
	var all []*Value
	for _, item := range e.items(path) {
		for _, d := range branches(item.Get(normalMethod(method))) {
			if !d.Is(doc.Map) {
				e.fail(item, "Definition of method '%s' for path '%s' should be a map.", method, path)
				continue
			}
			if withoutIntegration || truthy(d.Get(keyIntegration)) {
				all = append(all, d)
			}
		}
	}
	return all
}

// eachMethod calls f for the methods of a path that have an integration.
func (e *editor) eachMethod(path string, f func(method string, definition *Value)) {
	for _, item := range e.items(path) {
		for i, name := range item.Keys() {
			switch name {
			case "summary", "description", "parameters":
				continue
			}
			for _, d := range branches(item.Nth(i)) {
				if !d.Is(doc.Map) {
					e.fail(item, "Definition of method '%s' for path '%s' should be a map.", name, path)
					continue
				}
				if truthy(d.Get(keyIntegration)) {
					f(normalMethod(name), d)
				}
			}
		}
	}
}

// hasIntegration reports whether all branches of a method of a path have one.
func (e *editor) hasIntegration(path, method string) bool {
	item := e.paths().Get(path)
	if item == nil {
		return false
	}
	for _, b := range branches(item) {
		has := false
		for _, d := range branches(b.Get(normalMethod(method))) {
			has = has || truthy(d.Get(keyIntegration))
		}
		if !has {
			return false
		}
	}
	return true
}

// addPath adds a path and an empty method, where they are missing.
func (e *editor) addPath(path, method string) {
	paths := e.paths()
	if !paths.Has(path) {
		paths.Set(path, doc.NewMap())
	}
	if !paths.Get(path).Is(doc.Map) {
		e.fail(paths, "Value of '%s' path must be a dictionary according to Swagger spec.", path)
		return
	}
	for _, item := range e.items(path) {
		if given(item.Get(normalMethod(method))) == nil {
			item.Set(normalMethod(method), doc.NewMap())
		}
	}
}

// integration is an integration to be written into a definition.
type integration struct {
	path, method string
	condition    string // of the function; may be empty
	value        *Value // the integration, but for its uri
	uri          *Value
	responses    *Value // of the method, if it has none
}

// addIntegration writes an integration. With a condition the method and its
// uri only count where that holds. finish may add to the method before.
func (e *editor) addIntegration(in integration, finish func(definition *Value)) {
	method := normalMethod(in.method)
	e.addPath(in.path, method)
	for _, item := range e.items(in.path) {
		d := item.Get(method)
		if !d.Is(doc.Map) {
			e.fail(item, "Definition of method '%s' for path '%s' should be a map.", method, in.path)
			continue
		}
		value := in.value.Clone()
		uri := in.uri.Clone()
		if in.condition != "" {
			uri = when(in.condition, uri, nil)
		}
		d.Set(keyIntegration, value.Set("uri", uri))
		if finish != nil {
			finish(d)
		}
		if !d.Has("responses") {
			d.Set("responses", in.responses.Clone())
		}
		if in.condition != "" {
			item.Set(method, when(in.condition, d, nil))
		}
	}
}

// setTimeout sets the timeout of a method's integration.
func (e *editor) setTimeout(path, method string, timeout *Value) {
	for _, d := range e.definitions(path, method, false) {
		d.Get(keyIntegration).Set("timeoutInMillis", timeout)
	}
}

// security is the list of security requirements of a method.
func (e *editor) security(d *Value, path, method string) *Value {
	s := d.Get("security")
	if s == nil {
		return list()
	}
	if !s.Is(doc.List) {
		e.fail(s, "Type of security for path %s method %s must be a list", path, method)
		return list()
	}
	for _, it := range s.Items() {
		if !it.Is(doc.Map) {
			e.fail(it, "%s in Security for path %s method %s is not a valid dictionary.", it.JSON(), path, method)
			return list()
		}
	}
	return s
}

// names reports whether a security requirement names one of some schemes.
func names(requirement *Value, schemes ...string) bool {
	return slices.ContainsFunc(schemes, requirement.Has)
}

var (
	pathVariable     = regexp.MustCompile(`\{([a-zA-Z0-9._-]+|[a-zA-Z0-9._-]+\+|proxy\+)\}`)
	httpPathVariable = regexp.MustCompile(`\{([a-zA-Z0-9._-]+|proxy\+)\}`)
	trailingSlash    = regexp.MustCompile(`^(.+)/$`)
)
