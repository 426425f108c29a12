package smithytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// builder makes the table of one service.
type builder struct {
	t        testing.TB
	suite    *Suite
	protocol wire.Protocol
	service  *wire.Service
	index    map[string]uint16
}

// Service makes the table of the service with that id; operation is added to
// it, for the tests that belong to no service.
func (s *Suite) Service(t testing.TB, id, operation string) *wire.Service {
	t.Helper()
	b := &builder{t: t, suite: s, index: map[string]uint16{}, service: &wire.Service{Dialect: wire.DialectSmithy, Name: local(id)}}
	b.protocol = map[string]wire.Protocol{
		"restJson1": wire.RestJSON, "awsJson1_0": wire.AWSJSON10, "awsJson1_1": wire.AWSJSON11, "awsQuery": wire.AWSQuery,
	}[s.name()]
	b.service.Protocols = []wire.Protocol{b.protocol}
	ids := []string{operation}
	if sh := s.model[id]; sh != nil {
		ids = sh.Operations
		b.service.Version = sh.Version
		b.service.Target = local(id)
		b.service.Namespace, _, _ = strings.Cut(id, "#")
		b.service.QueryErrors = sh.Traits.has("aws.protocols#awsQueryCompatible")
		var ns struct{ URI string }
		_ = json.Unmarshal(sh.Traits["smithy.api#xmlNamespace"], &ns)
		b.service.XMLNS = ns.URI
	}
	for _, op := range ids {
		b.operation(op)
	}
	for id, sh := range s.model {
		if sh.Traits.has("smithy.api#error") {
			b.shape(id)
		}
	}
	slices.SortFunc(b.service.Operations, func(x, y wire.Operation) int { return strings.Compare(x.Name, y.Name) })
	return b.service
}

// name is the protocol's short name.
func (s *Suite) name() string { return local(s.Protocol) }

// Index finds the shape of that id in a service made by Service.
func Index(t testing.TB, s *wire.Service, id string) uint16 {
	t.Helper()
	for i := range s.Shapes {
		if s.Shapes[i].Name == local(id) {
			return uint16(i)
		}
	}
	t.Fatalf("no shape %s", id)
	return 0
}

func (b *builder) operation(id string) {
	sh := b.suite.model[id]
	op := wire.Operation{Name: local(id), Input: b.shape(sh.Input), Output: b.shape(sh.Output)}
	op.NoInput, op.NoOutput = unit(sh.Input), unit(sh.Output)
	if b.protocol == wire.AWSQuery {
		op.Wrapper = op.Name + "Result"
	}
	var http struct {
		Method, URI string
		Code        uint16
	}
	_ = json.Unmarshal(sh.Traits["smithy.api#http"], &http)
	op.Method, op.URI, op.Status = http.Method, http.URI, http.Code
	b.service.Operations = append(b.service.Operations, op)
}

func unit(id string) bool { return id == "" || local(id) == "Unit" }

// shape gives the row of the shape of that id; the empty id is a structure
// with nothing in it.
func (b *builder) shape(id string) uint16 {
	if i, ok := b.index[id]; ok {
		return i
	}
	i := uint16(len(b.service.Shapes))
	b.index[id] = i
	b.service.Shapes = append(b.service.Shapes, wire.Shape{Name: local(id)})
	sh := b.suite.model[id]
	if sh == nil {
		sh = prelude(id)
	}
	row := wire.Shape{Name: local(id)}
	b.fill(&row, sh)
	b.service.Shapes[i] = row
	return i
}

// prelude are the shapes that every model has.
func prelude(id string) *shape {
	name := strings.TrimPrefix(local(id), "Primitive")
	if unit(id) {
		return &shape{Type: "structure"}
	}
	return &shape{Type: strings.ToLower(name)}
}

func (b *builder) fill(row *wire.Shape, sh *shape) {
	switch sh.Type {
	case "structure", "union":
		if sh.Type == "union" {
			row.Flags |= wire.Union
		}
	case "list", "set":
		row.Kind = wire.List
	case "map":
		row.Kind = wire.Map
	case "enum":
		row.Kind = wire.String
	case "intEnum":
		row.Kind = wire.Integer
		row.Flags |= wire.IntEnum
	default:
		row.Kind = kinds(b.t, sh.Type)
	}
	b.enum(row, sh)
	b.facts(row, sh.Traits)
	if sh.Type == "enum" || sh.Type == "intEnum" {
		return
	}
	for _, m := range sh.Members {
		row.Members = append(row.Members, b.member(sh, m))
	}
}

func kinds(t testing.TB, name string) wire.Kind {
	k, ok := map[string]wire.Kind{
		"string": wire.String, "boolean": wire.Boolean, "byte": wire.Byte, "short": wire.Short, "integer": wire.Integer,
		"long": wire.Long, "float": wire.Float, "double": wire.Double, "blob": wire.Blob, "timestamp": wire.Timestamp,
		"document": wire.Document,
	}[name]
	if !ok {
		t.Fatalf("unknown type %q", name)
	}
	return k
}

// enum lists the values that a message shows: internal ones stay out.
func (b *builder) enum(row *wire.Shape, sh *shape) {
	for _, m := range sh.Members {
		if raw, ok := m.Traits["smithy.api#enumValue"]; ok && !m.Traits.has("smithy.api#internal") {
			row.Enum = append(row.Enum, strings.Trim(string(raw), `"`))
		}
	}
	var old []struct {
		Value string
		Tags  []string
	}
	_ = json.Unmarshal(sh.Traits["smithy.api#enum"], &old)
	for _, e := range old {
		if !slices.Contains(e.Tags, "internal") {
			row.Enum = append(row.Enum, e.Value)
		}
	}
}

// facts puts the traits that constrain a value into its row.
func (b *builder) facts(row *wire.Shape, t traits) {
	for trait, flag := range map[string]wire.Flag{
		"sparse": wire.Sparse, "uniqueItems": wire.Unique, "sensitive": wire.Sensitive,
	} {
		if t.has("smithy.api#" + trait) {
			row.Flags |= flag
		}
	}
	if t.has("smithy.api#streaming") {
		row.Flags |= wire.Streaming
		if row.Has(wire.Union) {
			row.Flags |= wire.EventStream
		}
	}
	row.Time = timeFormat(t)
	row.Media = t.text("smithy.api#mediaType")
	if row.Kind == wire.Document {
		row.Media = ""
	}
	row.Rule = b.rule(row.Rule, t)
	if t.has("smithy.api#error") {
		row.Error = b.fault(t)
	}
}

func timeFormat(t traits) wire.TimeFormat {
	return map[string]wire.TimeFormat{
		"date-time": wire.DateTime, "http-date": wire.HTTPDate, "epoch-seconds": wire.EpochSeconds,
	}[t.text("smithy.api#timestampFormat")]
}

func (b *builder) rule(old *wire.Rule, t traits) *wire.Rule {
	r := wire.Rule{}
	if old != nil {
		r = *old
	}
	var bounds struct{ Min, Max *float64 }
	_ = json.Unmarshal(t["smithy.api#length"], &bounds)
	_ = json.Unmarshal(t["smithy.api#range"], &bounds)
	if bounds.Min != nil || bounds.Max != nil {
		r.Has = 0
	}
	if bounds.Min != nil {
		r.Has |= wire.HasMin
		r.Min = *bounds.Min
	}
	if bounds.Max != nil {
		r.Has |= wire.HasMax
		r.Max = *bounds.Max
	}
	if p := t.text("smithy.api#pattern"); p != "" {
		r.Pattern = p
	}
	if r == (wire.Rule{}) {
		return nil
	}
	return &r
}

func (b *builder) fault(t traits) *wire.Fault {
	f := &wire.Fault{Server: t.text("smithy.api#error") == "server"}
	_ = json.Unmarshal(t["smithy.api#httpError"], &f.Status)
	var query struct {
		Code             string `json:"code"`
		HTTPResponseCode uint16 `json:"httpResponseCode"`
	}
	if json.Unmarshal(t["aws.protocols#awsQueryError"], &query) == nil && query.Code != "" {
		f.Code = query.Code
		if b.protocol == wire.AWSQuery {
			f.Status = query.HTTPResponseCode
		}
	}
	return f
}

// member makes the row of a member. One that has constraints of its own gets a
// shape of its own.
func (b *builder) member(owner *shape, m member) wire.Member {
	row := wire.Member{Name: m.name, Wire: m.name, Shape: b.shape(m.Target), Time: timeFormat(m.Traits)}
	if m.Traits.has("smithy.api#length") || m.Traits.has("smithy.api#range") || m.Traits.has("smithy.api#pattern") {
		id := fmt.Sprintf("%s$%s", owner.id, m.name)
		i := uint16(len(b.service.Shapes))
		own := b.service.Shapes[row.Shape]
		own.Name = local(id)
		own.Rule = b.rule(own.Rule, m.Traits)
		b.service.Shapes = append(b.service.Shapes, own)
		row.Shape = i
	}
	for trait, flag := range map[string]wire.Trait{
		"required": wire.Required, "xmlFlattened": wire.Flattened, "eventPayload": wire.EventPayload, "eventHeader": wire.EventHeader,
	} {
		if m.Traits.has("smithy.api#" + trait) {
			row.Flags |= flag
		}
	}
	if raw, ok := m.Traits["smithy.api#default"]; ok && string(raw) != "null" && !m.Traits.has("smithy.api#clientOptional") {
		row.Default = string(raw)
	}
	switch b.protocol {
	case wire.RestJSON:
		b.place(&row, m.Traits)
	case wire.AWSQuery:
		b.xml(&row, m.Traits)
	default: // awsJson has no names of its own
	}
	return row
}

func (b *builder) place(row *wire.Member, t traits) {
	if name := t.text("smithy.api#jsonName"); name != "" {
		row.Wire = name
	}
	for trait, at := range map[string]wire.Location{
		"httpLabel": wire.InLabel, "httpQuery": wire.InQuery, "httpQueryParams": wire.InQueryMap, "httpHeader": wire.InHeader,
		"httpPrefixHeaders": wire.InHeaderPrefix, "httpPayload": wire.InPayload, "httpResponseCode": wire.InStatus,
	} {
		if !t.has("smithy.api#" + trait) {
			continue
		}
		row.At = at
		if name := t.text("smithy.api#" + trait); name != "" || at == wire.InHeaderPrefix {
			row.Wire = name
		}
	}
}

func (b *builder) xml(row *wire.Member, t traits) {
	if name := t.text("smithy.api#xmlName"); name != "" {
		row.Wire = name
	}
	var ns struct{ Prefix, URI string }
	if json.Unmarshal(t["smithy.api#xmlNamespace"], &ns) == nil && ns.URI != "" {
		row.XMLNS = ns.URI
		if ns.Prefix != "" {
			row.XMLNS = ns.Prefix + "=" + ns.URI
		}
	}
}
