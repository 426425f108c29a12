package main

import (
	"fmt"
	"strconv"
	"strings"
)

// rest reports whether members of the service's messages have places: only
// REST protocols use the method, the URI and headers.
func (s *schema) rest() bool { return s.meta.Protocol == "rest-json" }

// constName is the name of a shape's row. Some models have two shapes that
// differ only in the case of the first letter.
func constName(shape string) string {
	if goName(shape) != shape {
		return "s_" + shape
	}
	return "s" + shape
}

// writeShapes writes the schema table and the names of its rows.
func (s *schema) writeShapes(w *writer) error {
	w.p("// The rows of shapes.\nconst (\n")
	for i, name := range s.names {
		if i == 0 {
			w.p("%s uint16 = iota\n", constName(name))
			continue
		}
		w.p("%s\n", constName(name))
	}
	w.p(")\n\n")
	w.p("var shapes = []wire.Shape{\n")
	for _, name := range s.names {
		row, err := s.shapeRow(name)
		if err != nil {
			return fmt.Errorf("shape %s: %w", name, err)
		}
		w.p("%s: %s,\n", constName(name), row)
	}
	w.p("}\n")
	return nil
}

func (s *schema) shapeRow(name string) (string, error) {
	sh := s.shapes[name]
	f := fields{}
	f.text("Name", name)
	switch sh.Type {
	case "structure":
		if sh.Document {
			f.raw("Kind", "wire.Document")
		}
	case "list":
		f.raw("Kind", "wire.List")
	case "map":
		f.raw("Kind", "wire.Map")
	default:
		sc, ok := scalar(sh.Type)
		if !ok {
			return "", fmt.Errorf("unknown type %q", sh.Type)
		}
		f.raw("Kind", sc.kind)
	}
	f.raw("Flags", flags(map[string]bool{
		"wire.Union": sh.Union, "wire.Sensitive": sh.Sensitive,
		"wire.EventStream": sh.EventStream, "wire.Streaming": sh.Streaming,
	}, "wire.Union", "wire.Sensitive", "wire.EventStream", "wire.Streaming"))
	if err := f.time(sh.TimestampFormat); err != nil {
		return "", err
	}
	f.raw("Rule", rule(sh))
	if len(sh.Enum) > 0 {
		f.raw("Enum", fmt.Sprintf("%#v", sh.Enum))
	}
	f.raw("Error", fault(sh))
	members, err := s.memberRows(sh)
	if err != nil {
		return "", err
	}
	f.raw("Members", members)
	return f.String(), nil
}

func (s *schema) memberRows(sh *shape) (string, error) {
	refs := sh.refs()
	if len(refs) == 0 {
		return "", nil
	}
	var b strings.Builder
	b.WriteString("[]wire.Member{")
	for i, m := range refs {
		row, err := s.memberRow(sh, m)
		if err != nil {
			return "", fmt.Errorf("member %s: %w", m.name, err)
		}
		if i > 0 || sh.Type == "structure" {
			b.WriteString("\n")
		}
		b.WriteString(row + ",")
	}
	if sh.Type == "structure" {
		b.WriteString("\n")
	}
	b.WriteString("}")
	return b.String(), nil
}

func (s *schema) memberRow(sh *shape, m named) (string, error) {
	f := fields{}
	f.text("Name", m.name)
	wireName := m.LocationName
	if wireName == "" {
		wireName = m.name
	}
	f.text("Wire", wireName)
	f.raw("Shape", constName(m.Shape))
	at, err := s.location(sh, m)
	if err != nil {
		return "", err
	}
	f.raw("At", at)
	if err := f.time(m.TimestampFormat); err != nil {
		return "", err
	}
	f.raw("Flags", flags(map[string]bool{
		"wire.Required":     sh.requires(m.name),
		"wire.Flattened":    m.Flattened || s.shapes[m.Shape].Flattened,
		"wire.EventPayload": m.EventPayload,
		"wire.EventHeader":  m.EventHeader,
		"wire.EmptyIsNull":  m.emptyIsNull,
	}, "wire.Required", "wire.Flattened", "wire.EventPayload", "wire.EventHeader", "wire.EmptyIsNull"))
	return f.String(), nil
}

func (s *schema) location(sh *shape, m named) (string, error) {
	if sh.Payload == m.name && s.rest() {
		return "wire.InPayload", nil
	}
	switch m.Location {
	case "":
		return "", nil
	case "uri":
		return "wire.InLabel", nil
	case "querystring":
		if s.shapes[m.Shape].Type == "map" {
			return "wire.InQueryMap", nil
		}
		return "wire.InQuery", nil
	case "header":
		return "wire.InHeader", nil
	case "headers":
		return "wire.InHeaderPrefix", nil
	case "statusCode":
		return "wire.InStatus", nil
	}
	return "", fmt.Errorf("unknown location %q", m.Location)
}

// writeOperations writes the service's table.
func (s *schema) writeOperations(w *writer) error {
	m := s.meta
	signing := m.SigningName
	if signing == "" {
		signing = m.EndpointPrefix
	}
	f := fields{multiline: true}
	f.text("Name", s.service)
	f.text("ID", m.ServiceID)
	f.text("FullName", m.ServiceFullName)
	f.text("Version", m.APIVersion)
	f.text("Signing", signing)
	f.text("Endpoint", m.EndpointPrefix)
	f.text("Target", m.TargetPrefix)
	f.text("XMLNS", m.XMLNamespace)
	protocols, err := s.protocols()
	if err != nil {
		return err
	}
	f.raw("Protocols", "[]wire.Protocol{"+protocols+"}")
	if m.AWSQueryCompatible != nil {
		f.raw("QueryErrors", "true")
	}
	if quirksOf(s.service).nameInput {
		f.raw("NameInput", "true")
	}
	f.raw("Shapes", "shapes")
	f.raw("Operations", "operations")
	w.p("// Table is the table of %s.\nfunc Table() *wire.Service {\nreturn &wire.Service%s\n}\n\n", m.ServiceFullName, f.String())
	w.p("var operations = []wire.Operation{\n")
	for _, r := range s.operations {
		w.p("%s,\n", s.operationRow(r))
	}
	w.p("}\n")
	return nil
}

func (s *schema) operationRow(r row) string {
	f := fields{}
	f.text("Name", r.name)
	if s.rest() {
		f.text("Method", r.op.HTTP.Method)
		f.text("URI", r.op.HTTP.RequestURI)
		if code := r.op.HTTP.ResponseCode; code != 0 && code != 200 {
			f.raw("Status", strconv.Itoa(code))
		}
	}
	f.raw("Input", constName(r.input))
	f.raw("Output", constName(r.output))
	f.text("Wrapper", r.op.Output.ResultWrapper)
	if r.op.AuthType == "none" {
		f.raw("Open", "true")
	}
	if r.op.Input.Shape == "" {
		f.raw("NoInput", "true")
	}
	if r.op.Output.Shape == "" {
		f.raw("NoOutput", "true")
	}
	return f.String()
}

func (s *schema) protocols() (string, error) {
	names := s.meta.Protocols
	if len(names) == 0 {
		names = []string{s.meta.Protocol}
	}
	var out []string
	for _, name := range names {
		switch name {
		case "rest-json":
			out = append(out, "wire.RestJSON")
		case "query":
			out = append(out, "wire.AWSQuery")
		case "smithy-rpc-v2-cbor":
			out = append(out, "wire.RPCCBOR")
		case "json":
			if s.meta.JSONVersion == "1.0" {
				out = append(out, "wire.AWSJSON10")
			} else {
				out = append(out, "wire.AWSJSON11")
			}
		default:
			return "", fmt.Errorf("no codec for protocol %q", name)
		}
	}
	return strings.Join(out, ", "), nil
}

// fields collects the fields of a composite literal; empty ones are left out.
type fields struct {
	parts     []string
	multiline bool
}

func (f *fields) raw(name, value string) {
	if value != "" {
		f.parts = append(f.parts, name+": "+value)
	}
}

func (f *fields) text(name, value string) {
	if value != "" {
		f.raw(name, strconv.Quote(value))
	}
}

func (f *fields) time(format string) error {
	switch format {
	case "":
	case "iso8601":
		f.raw("Time", "wire.DateTime")
	case "unixTimestamp":
		f.raw("Time", "wire.EpochSeconds")
	case "rfc822":
		f.raw("Time", "wire.HTTPDate")
	default:
		return fmt.Errorf("unknown timestamp format %q", format)
	}
	return nil
}

func (f *fields) String() string {
	if f.multiline {
		return "{\n" + strings.Join(f.parts, ",\n") + ",\n}"
	}
	return "{" + strings.Join(f.parts, ", ") + "}"
}

// flags joins the names that are set, in the order given.
func flags(set map[string]bool, order ...string) string {
	var out []string
	for _, name := range order {
		if set[name] {
			out = append(out, name)
		}
	}
	return strings.Join(out, " | ")
}

// rule is the literal of a shape's constraints; empty when it has none.
func rule(sh *shape) string {
	if sh.Type == "timestamp" || sh.Min == nil && sh.Max == nil && sh.Pattern == "" {
		return ""
	}
	f := fields{}
	f.raw("Has", flags(map[string]bool{"wire.HasMin": sh.Min != nil, "wire.HasMax": sh.Max != nil}, "wire.HasMin", "wire.HasMax"))
	if sh.Min != nil {
		f.raw("Min", strconv.FormatFloat(*sh.Min, 'g', -1, 64))
	}
	if sh.Max != nil {
		f.raw("Max", strconv.FormatFloat(*sh.Max, 'g', -1, 64))
	}
	f.text("Pattern", sh.Pattern)
	return "&wire.Rule" + f.String()
}

func fault(sh *shape) string {
	if !sh.Exception {
		return ""
	}
	f := fields{}
	if e := sh.Error; e != nil {
		f.text("Code", e.Code)
		if e.Status != 0 {
			f.raw("Status", strconv.Itoa(e.Status))
		}
	}
	if sh.Fault {
		f.raw("Server", "true")
	}
	return "&wire.Fault" + f.String()
}
