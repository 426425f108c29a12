package sam

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// implicit makes the API that events without an API of their own get.
type implicit struct {
	*transformer
	id, typ    string
	eventType  string
	idProperty string // by which an event names its API
	existing   *Value // a resource of the template with the logical id

	conditions map[string]*routes // by API
	deletion   []string           // policies of the functions of the implicit API
	replace    []string
}

// routes are the conditions of the methods of an API's paths: "" for none.
type routes struct {
	paths []string
	under map[string][]string
}

func (r *routes) add(path, condition string) {
	if !slices.Contains(r.paths, path) {
		r.paths = append(r.paths, path)
	}
	r.under[path] = append(r.under[path], condition)
}

// implicitAPIs adds the implicit REST and HTTP APIs, and the paths of all
// events to the definitions that are SAM's own.
func (t *transformer) implicitAPIs() {
	for _, im := range []*implicit{
		{id: "ServerlessRestApi", typ: typeAPI, eventType: "Api", idProperty: "RestApiId"},
		{id: "ServerlessHttpApi", typ: typeHTTPAPI, eventType: "HttpApi", idProperty: "ApiId"},
	} {
		im.transformer, im.conditions = t, map[string]*routes{}
		im.existing = t.source.Get(im.id).Clone()
		t.source.Set(im.id, im.resource())
		t.each(im.function, typeFunction, typeStateMachine)
		im.setAttributes()
		im.conditionalPaths()
		if t.source.Find(im.id, "Properties", "DefinitionBody", "paths").Len() == 0 {
			t.source.Set(im.id, im.existing)
		}
	}
}

// resource is the implicit API with an empty definition.
func (im *implicit) resource() *Value {
	p := obj("DefinitionBody", openAPISkeleton(), managed, true)
	if im.typ == typeAPI {
		p = obj("StageName", "Prod", "DefinitionBody", swaggerSkeleton(), managed, true)
	}
	return obj("Type", im.typ, "Properties", p)
}

// function takes up the events of a function or state machine.
func (im *implicit) function(id string, r *Value) {
	events := r.Find("Properties", "Events")
	for i, name := range events.Keys() {
		e := events.Nth(i)
		if e.Get("Type").Text() != im.eventType {
			continue
		}
		p := e.Get("Properties")
		if im.typ == typeAPI && !truthy(p) {
			continue
		}
		if p == nil {
			p = properties(e)
		}
		if !p.Is(doc.Map) {
			im.failEvent(id, name, p, "Properties should be a map.")
			continue
		}
		im.event(id, name, r, p)
	}
}

func (im *implicit) failEvent(id, name string, at *Value, message string) {
	im.fail(at.Pos(), "Resources."+id+".Properties.Events."+name, "Resource with id ["+id+"] is invalid. Event with id ["+name+"] is invalid. "+message)
}

// event takes up one event.
func (im *implicit) event(id, name string, r, p *Value) {
	im.tags(r, p)
	if !p.Has(im.idProperty) {
		p.Set(im.idProperty, ref(im.id))
	}
	if im.typ == typeHTTPAPI && !truthy(p.Get("Path")) && !truthy(p.Get("Method")) {
		p.SetText("Path", defaultRoute)
		p.SetText("Method", keyAnyMethod)
	}
	for _, key := range []string{"Path", "Method"} {
		switch v := given(p.Get(key)); {
		case v == nil:
			im.failEvent(id, name, p, "Property '"+key+"' is required.")
			return
		case !v.Is(doc.String):
			im.failEvent(id, name, v, "Property '"+key+"' should be a string.")
			return
		}
	}
	api, ok := apiID(p.Get(im.idProperty)).Str()
	target := im.source.Get(api)
	if !ok || target == nil || im.typ == typeAPI && target.Get("Type").Text() == typeHTTPAPI {
		at := p.Get(im.idProperty)
		if apiID(at).Is(doc.Map) || ok {
			im.failEvent(id, name, at, im.idProperty+" must be a valid reference to an '"+im.typ+"' resource in same template.")
		} else {
			im.failEvent(id, name, at, "Property '"+im.idProperty+"' should be a string.")
		}
		return
	}
	im.route(api, r, p, target)
}

// route adds the path and method of an event to the API's definition.
func (im *implicit) route(api string, r, p, target *Value) {
	path, method, condition := p.Get("Path").Text(), p.Get("Method").Text(), r.Get("Condition").Text()
	if im.conditions[api] == nil {
		im.conditions[api] = &routes{under: map[string][]string{}}
	}
	im.conditions[api].add(path, condition)
	if api == im.id {
		im.deletion = append(im.deletion, r.Get("DeletionPolicy").Text())
		im.replace = append(im.replace, r.Get("UpdateReplacePolicy").Text())
	}
	tp := properties(target)
	body := tp.Get("DefinitionBody")
	valid := isSwagger(body)
	if im.typ == typeHTTPAPI {
		valid = isOpenAPI(body)
	}
	if valid && truthy(tp.Get(managed)) {
		(&editor{doc: body, fail: im.invalid, charge: im.charge}).addPath(path, method)
	}
	if settings := p.Get("RouteSettings"); settings != nil && im.typ == typeHTTPAPI {
		im.routeSettings(tp, path, method, condition, settings)
	}
}

// routeSettings adds the settings of an event's route to those of the API.
func (im *implicit) routeSettings(api *Value, path, method, condition string, settings *Value) {
	route := strings.ToUpper(method) + " " + path
	if method == keyAnyMethod {
		route = path
	}
	if condition != "" {
		settings = when(condition, settings, nil)
	}
	all := ensure(api, "RouteSettings")
	all.Set(route, merged(all.Get(route), settings))
}

// tags gives the implicit API the tags of a function that passes its own on.
func (im *implicit) tags(r, p *Value) {
	if p.Has(im.idProperty) {
		return
	}
	section := strings.TrimPrefix(r.Get("Type").Text(), typePrefix)
	find := func(key string) *Value {
		if v := r.Find("Properties", key); truthy(v) {
			return v
		}
		return im.root.Find("Globals", section, key)
	}
	tags := find("Tags")
	if !truthy(tags) || !truthy(find("PropagateTags")) {
		return
	}
	api := im.source.Find(im.id, "Properties")
	api.Set("Tags", merged(api.Get("Tags"), tags))
	api.Set("PropagateTags", doc.NewBool(true))
}

// setAttributes gives the implicit API the condition and policies that its
// functions have in common.
func (im *implicit) setAttributes() {
	api := im.source.Get(im.id)
	if r := im.conditions[im.id]; r != nil {
		var all []string
		for _, path := range r.paths {
			all = append(all, r.under[path]...)
		}
		if c := im.common(all, im.id+"Condition"); c != "" {
			api.SetText("Condition", c)
		}
	}
	for _, policy := range []string{"Retain", "Delete"} {
		if slices.Contains(im.deletion, policy) {
			api.SetText("DeletionPolicy", policy)
			break
		}
	}
	for _, policy := range []string{"Retain", "Snapshot", "Delete"} {
		if slices.Contains(im.replace, policy) {
			api.SetText("UpdateReplacePolicy", policy)
			break
		}
	}
}

// common is a condition that holds when any of some does, made under name if
// there are several; "" if one of them is always true.
func (im *implicit) common(all []string, name string) string {
	all = slices.Compact(slices.Sorted(slices.Values(all)))
	switch {
	case len(all) == 0, slices.Contains(all, ""):
		return ""
	case len(all) == 1:
		return all[0]
	}
	im.combine(all, name)
	return name
}

// combine adds a condition that holds when any of some does. A Fn::Or takes
// ten at most, so there may be numbered ones in between.
func (t *transformer) combine(all []string, name string) {
	const most = 10
	slices.Sort(all)
	between := (len(all) - 2) / (most - 1)
	for len(all) > 1 {
		now := name
		if between > 0 {
			now += strconv.Itoa(between)
			between--
		}
		n := min(most, len(all))
		t.conditionsSection().Set(now, anyOf(all[:n]))
		all = append(slices.Clone(all[n:]), now)
	}
}

// conditionalPaths puts the paths of definitions that are SAM's own under the
// conditions of their functions.
func (im *implicit) conditionalPaths() {
	im.each(func(id string, r *Value) {
		p := properties(r)
		known := im.conditions[id]
		if !truthy(p.Get(managed)) || known == nil {
			return
		}
		paths := p.Find("DefinitionBody", "paths")
		for _, path := range slices.Clone(paths.Keys()) {
			name := id + strings.NewReplacer("/", "SLASH", "{", "OB", "}", "CB").Replace(path) + "PathCondition"
			if c := im.common(known.under[path], name); c != "" {
				paths.Set(path, when(c, paths.Get(path), nil))
			}
		}
	}, im.typ)
}
