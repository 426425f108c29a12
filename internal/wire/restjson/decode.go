package restjson

import (
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/jsonbody"
)

// maxParams bounds the parameters of a query.
const maxParams = 4096

// Decode reads the request r into in, the input of op. The error is a
// *wire.Malformed, or a *wire.Failure where the request asks for what cannot be
// sent or sends what cannot be read.
func (c *Codec) Decode(r *wire.Request, op *wire.Operation, in any, trail *wire.Trail) error {
	d := decoder{Codec: c, req: r, op: op, trail: trail, shape: c.service.Shape(op.Input)}
	d.fields = wire.FieldsOf(reflect.ValueOf(in))
	if c.service.Dialect == wire.DialectSmithy {
		if err := d.negotiate(); err != nil {
			return err
		}
	}
	if err := d.labels(); err != nil {
		return err
	}
	if err := d.query(); err != nil {
		return err
	}
	if err := d.headers(); err != nil {
		return err
	}
	return d.body()
}

// decoder is one request being read.
type decoder struct {
	*Codec
	req    *wire.Request
	op     *wire.Operation
	trail  *wire.Trail
	shape  *wire.Shape
	fields wire.Fields
}

// inBody picks the members that travel in the JSON body.
func inBody(m *wire.Member) bool { return m.At == wire.InBody }

// set reads text into member i. fallback is how its place spells timestamps.
func (d *decoder) set(dst reflect.Value, m *wire.Member, fallback wire.TimeFormat, text string) error {
	s := d.service.Of(m)
	return wire.SetText(dst, s, m.Time.Or(s.Time).Or(fallback), d.service.Dialect, text)
}

// labels reads the members that travel in the path.
func (d *decoder) labels() error {
	path, _, _ := strings.Cut(d.op.URI, "?")
	n := 0
	for _, seg := range segments(path) {
		if !strings.HasPrefix(seg, "{") {
			continue
		}
		if n >= len(d.req.Labels) {
			return wire.Malformedf("The path lacks the label %s", seg)
		}
		text, err := url.PathUnescape(d.req.Labels[n])
		if err != nil || !utf8.ValidString(text) {
			return wire.Malformedf("The path is not percent-encoded UTF-8")
		}
		n++
		if err := d.label(strings.TrimSuffix(strings.Trim(seg, "{}"), "+"), text); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) label(name, text string) error {
	for i := range d.shape.Members {
		if m := &d.shape.Members[i]; m.At == wire.InLabel && m.Wire == name {
			return d.set(d.fields.At(i), m, wire.DateTime, text)
		}
	}
	return nil
}

// param is one query parameter.
type param struct {
	name, value string
	claimed     bool // by a member of its own
}

func (d *decoder) params() ([]param, error) {
	if d.req.Query == "" {
		return nil, nil
	}
	if strings.Count(d.req.Query, "&") >= maxParams {
		return nil, wire.Malformedf("The query has too many parameters")
	}
	var out []param
	for p := range strings.SplitSeq(d.req.Query, "&") {
		if p == "" {
			continue
		}
		name, value, _ := strings.Cut(p, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || !utf8.ValidString(n) || !utf8.ValidString(v) {
			return nil, wire.Malformedf("The query is not percent-encoded UTF-8")
		}
		out = append(out, param{name: n, value: v})
	}
	return out, nil
}

// query reads the members that travel in the query.
func (d *decoder) query() error {
	params, err := d.params()
	if err != nil {
		return err
	}
	for i := range d.shape.Members {
		m := &d.shape.Members[i]
		if m.At != wire.InQuery {
			continue
		}
		found, err := d.queryMember(d.fields.At(i), m, params)
		if err != nil {
			return err
		}
		if !found {
			if err := d.absent(d.fields.At(i), m); err != nil {
				return err
			}
		}
	}
	return d.queryMap(params)
}

func (d *decoder) queryMember(dst reflect.Value, m *wire.Member, params []param) (found bool, err error) {
	s := d.service.Of(m)
	v, store := dst, (func())(nil)
	for i := range params {
		p := &params[i]
		if p.name != m.Wire {
			continue
		}
		p.claimed = true
		if s.Kind != wire.List {
			if found && d.service.Dialect == wire.DialectSmithy {
				continue // the first one counts
			}
			if err := d.set(dst, m, wire.DateTime, p.value); err != nil {
				return false, err
			}
			found = true
			continue
		}
		if !found {
			v, store = wire.Room(dst, s)
			found = true
		}
		if err := d.element(v, s, p.value, wire.DateTime); err != nil {
			return false, err
		}
	}
	if store != nil {
		store()
	}
	return found, nil
}

// element reads one more element of the list v.
func (d *decoder) element(v reflect.Value, s *wire.Shape, text string, fallback wire.TimeFormat) error {
	v.Grow(1)
	v.SetLen(v.Len() + 1)
	return d.set(v.Index(v.Len()-1), &s.Members[0], fallback, text)
}

// queryMap fills the member that takes the query as a map, if there is one.
// Amazon's services leave the parameters out that other members claim, Smithy's
// put all of them in.
//
// parity: control-plane.md 2.1, ?basepath=prepend&ignore=documentation
func (d *decoder) queryMap(params []param) error {
	for i := range d.shape.Members {
		m := &d.shape.Members[i]
		if m.At != wire.InQueryMap {
			continue
		}
		s := d.service.Of(m)
		values := map[string][]string{}
		for _, p := range params {
			if p.claimed && d.service.Dialect == wire.DialectAWS || d.literal(p) {
				continue
			}
			values[p.name] = append(values[p.name], p.value)
		}
		if len(values) == 0 {
			return nil
		}
		return d.fillMap(d.fields.At(i), s, values)
	}
	return nil
}

// literal reports whether p is part of the operation's own pattern, such as
// mode=import.
func (d *decoder) literal(p param) bool {
	_, query, _ := strings.Cut(d.op.URI, "?")
	for want := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(want, "="); name != "" && name == p.name {
			return true
		}
	}
	return false
}

// fillMap makes dst, a map of strings or of lists of strings, hold values.
func (d *decoder) fillMap(dst reflect.Value, s *wire.Shape, values map[string][]string) error {
	v, store := wire.Room(dst, s)
	m := &s.Members[1]
	vs := d.service.Of(m)
	for name, texts := range values {
		slot := reflect.New(v.Type().Elem()).Elem()
		if vs.Kind != wire.List {
			if err := d.set(slot, m, wire.DateTime, texts[0]); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(name), slot)
			continue
		}
		list, stored := wire.Room(slot, vs)
		for _, text := range texts {
			if err := d.element(list, vs, text, wire.DateTime); err != nil {
				return err
			}
		}
		if stored != nil {
			stored()
		}
		v.SetMapIndex(reflect.ValueOf(name), slot)
	}
	if store != nil {
		store()
	}
	return nil
}

// absent treats a member outside the body that was not sent.
func (d *decoder) absent(dst reflect.Value, m *wire.Member) error {
	if m.Default != "" {
		return jsonbody.Decoder{Service: d.service}.Default(dst, m)
	}
	if m.Has(wire.Required) && !wire.Absent(dst) {
		d.trail.Miss(m.Name)
	}
	return nil
}

// body reads what travels in the body: all of it as one member, or an object
// with the members that travel nowhere else.
func (d *decoder) body() error {
	body := d.req.Body
	for i := range d.shape.Members {
		if m := &d.shape.Members[i]; m.At == wire.InPayload {
			return d.payload(d.fields.At(i), m, body)
		}
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	if !d.anyInBody() {
		return nil
	}
	return jsonbody.Decoder{Service: d.service, Trail: d.trail}.Structure(body, d.fields.Whole(), d.shape, inBody)
}

func (d *decoder) anyInBody() bool {
	for i := range d.shape.Members {
		if inBody(&d.shape.Members[i]) {
			return true
		}
	}
	return false
}

// payload reads the whole body as one member.
func (d *decoder) payload(dst reflect.Value, m *wire.Member, body []byte) error {
	s := d.service.Of(m)
	if len(body) == 0 {
		return nil
	}
	if s.Kind == wire.Blob {
		return wire.SetBlob(dst, body)
	}
	if s.Kind == wire.String {
		if !utf8.Valid(body) {
			return wire.Malformedf("The body is not UTF-8")
		}
		return wire.SetString(dst, string(body))
	}
	if string(body) == "{}" && s.Kind == wire.Structure && d.service.Dialect == wire.DialectSmithy {
		return nil // an empty object stands for an absent payload
	}
	d.trail.Enter(m.Name)
	err := jsonbody.Decoder{Service: d.service, Trail: d.trail}.Value(body, dst, s, m)
	d.trail.Leave()
	return err
}
