package openapi

import (
	"fmt"
	"sort"
	"strings"
)

const ext = "x-amazon-apigateway-"

// document is one that is being read.
type document struct {
	root     *object
	v3       bool
	opt      Options
	api      *API
	validate *string            // the root's request validator
	inline   map[string]string  // names of the models made for inline schemas, by their text
	inlined  map[*object]string // the same, of schemas that were seen before
	parts    *parts
	lost     map[string]bool // references that were warned of
	budget   budget
	signers  map[string]*Authorizer // the authorizers, by name
}

// Import reads a document.
func Import(body []byte, opt Options) (*API, error) {
	if len(body) > MaxBytes {
		return nil, fmt.Errorf("%w: the document is larger than %d bytes", ErrInvalid, MaxBytes)
	}
	r := &reader{vars: replacer(opt.Variables)}
	v, err := r.read(body)
	if err != nil {
		return nil, err
	}
	root, ok := v.(*object)
	if !ok {
		return nil, ErrInvalid
	}
	d := &document{root: root, opt: opt, api: &API{}, inline: map[string]string{}, inlined: map[*object]string{}, lost: map[string]bool{}, parts: newParts()}
	d.budget.sizes = map[*object]int{}
	swagger, open := root.text("swagger"), root.text("openapi")
	switch {
	case swagger != nil && (*swagger == "2.0" || *swagger == "2"):
	case open != nil && (*open == "3.0" || strings.HasPrefix(*open, "3.0.")):
		d.v3 = true
	default:
		return nil, fmt.Errorf("%w: neither swagger 2.0 nor openapi 3.0", ErrInvalid)
	}
	d.read()
	if d.budget.exhausted() {
		return nil, errExpanded
	}
	return d.api, nil
}

// replacer puts the values of ${AWS::X} into strings.
func replacer(vars map[string]string) *strings.Replacer {
	pairs := make([]string, 0, 2*len(vars))
	for name, value := range vars {
		pairs = append(pairs, "${"+name+"}", value)
	}
	return strings.NewReplacer(pairs...)
}

func (d *document) read() {
	d.info()
	d.settings()
	d.models()
	d.validators()
	d.authorizers()
	d.gatewayResponses()
	d.paths()
	if !d.opt.IgnoreDocumentation {
		d.documentation()
	}
}

func (d *document) warn(format string, args ...any) {
	d.api.Warnings = append(d.api.Warnings, fmt.Sprintf(format, args...))
}

func (d *document) info() {
	info := d.root.object("info")
	if t := info.text("title"); t != nil {
		d.api.Title = *t
	}
	d.api.Version = info.text("version")
	d.api.Description = info.text("description")
}

// settings are the extensions at the root that set members of the API.
func (d *document) settings() {
	a, root := d.api, d.root
	a.APIKeySource = root.text(ext + "api-key-source")
	a.BinaryMediaTypes = root.texts(ext + "binary-media-types")
	a.MinimumCompressionSize = root.number(ext + "minimum-compression-size")
	if a.MinimumCompressionSize == nil && root.get(ext+"minimum-compression-size") != nil {
		none := int32(-1) // no number; to be refused like one out of range
		a.MinimumCompressionSize = &none
	}
	a.EndpointAccessMode = root.text(ext + "endpoint-access-mode")
	a.SecurityPolicy = root.text(ext + "security-policy")
	if p := root.get(ext + "policy"); p != nil {
		text := jsonText(p)
		a.Policy = &text
	}
	d.validate = root.text(ext + "request-validator")
	d.endpoint(root.object(ext + "endpoint-configuration"))
	for _, s := range root.list("servers") {
		if server, ok := s.(*object); ok {
			d.endpoint(server.object(ext + "endpoint-configuration"))
		}
	}
}

func (d *document) endpoint(o *object) {
	if o == nil {
		return
	}
	if b := o.boolean("disableExecuteApiEndpoint"); b != nil {
		d.api.DisableExecuteEndpoint = b
	}
	d.api.VPCEndpointIDs = append(d.api.VPCEndpointIDs, o.texts("vpcEndpointIds")...)
}

func (d *document) validators() {
	o := d.root.object(ext + "request-validators")
	if o == nil {
		return
	}
	for _, name := range o.names {
		v := o.object(name)
		d.api.Validators = append(d.api.Validators, Validator{
			Name:       name,
			Body:       isTrue(v.boolean("validateRequestBody")),
			Parameters: isTrue(v.boolean("validateRequestParameters")),
		})
	}
}

func (d *document) gatewayResponses() {
	o := d.root.object(ext + "gateway-responses")
	if o == nil {
		return
	}
	for _, kind := range o.names {
		g := o.object(kind)
		d.api.GatewayResponses = append(d.api.GatewayResponses, GatewayResponse{
			Type:       kind,
			StatusCode: g.text("statusCode"),
			Parameters: textMap(g.object("responseParameters")),
			Templates:  textMap(g.object("responseTemplates")),
		})
	}
}

// paths reads every path item, in the order of the document.
func (d *document) paths() {
	prefix := d.basePath()
	paths := d.root.object("paths")
	if paths == nil {
		return
	}
	for _, name := range paths.names {
		item := d.deref(paths.object(name))
		if item == nil {
			continue
		}
		if !strings.HasPrefix(name, "/") { // parity: spec/definitions.md 5.9
			d.warn("Parse issue: attribute paths. Resource %s should start with /", name)
		}
		p := Path{Path: clean(prefix + "/" + name)}
		d.describe(DocumentationPart{Type: "RESOURCE", Path: p.Path}, item, "description", "summary")
		for _, verb := range item.names {
			if method := verbOf(verb); method != "" && !d.budget.exhausted() {
				p.Methods = append(p.Methods, d.operation(item, item.object(verb), p.Path, method))
			}
		}
		sort.SliceStable(p.Methods, func(i, j int) bool { return p.Methods[i].HTTPMethod < p.Methods[j].HTTPMethod })
		d.api.Paths = append(d.api.Paths, p)
	}
}

// verbOf is the HTTP method that a member of a path item stands for, or "".
func verbOf(name string) string {
	switch strings.ToLower(name) {
	case "get", "put", "post", "delete", "options", "head", "patch":
		return strings.ToUpper(name)
	case ext + "any-method":
		return "ANY"
	}
	return ""
}

// clean drops doubled and trailing slashes.
func clean(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

// basePath is what goes before every path.
// parity: spec/definitions.md 5.5
func (d *document) basePath() string {
	base := ""
	if d.v3 {
		base = d.serverPath()
	} else if b := d.root.text("basePath"); b != nil {
		base = *b
	}
	base = strings.Trim(base, "/")
	switch d.opt.BasePath {
	case BasePathPrepend:
	case BasePathSplit:
		_, base, _ = strings.Cut(base, "/")
	default:
		return ""
	}
	if base == "" {
		return ""
	}
	return "/" + base
}

func (d *document) serverPath() string {
	servers := d.root.list("servers")
	for _, s := range servers {
		server, _ := s.(*object)
		if v := server.object("variables").object("basePath").text("default"); v != nil {
			return *v
		}
	}
	if len(servers) == 0 {
		return ""
	}
	server, _ := servers[0].(*object)
	u := server.text("url")
	if u == nil {
		return ""
	}
	path := *u
	if _, after, ok := strings.Cut(path, "://"); ok {
		_, path, _ = strings.Cut(after, "/")
	}
	return path
}

func isTrue(b *bool) bool { return b != nil && *b }

func textMap(o *object) map[string]string {
	if o == nil {
		return nil
	}
	m := make(map[string]string, len(o.names))
	for _, name := range o.names {
		if s := o.text(name); s != nil {
			m[name] = *s
		}
	}
	return m
}

// templates keeps an empty template apart from none: AWS shows it as null.
func templates(o *object) map[string]*string {
	if o == nil {
		return nil
	}
	m := make(map[string]*string, len(o.names))
	for _, name := range o.names {
		m[name] = o.text(name)
	}
	return m
}
