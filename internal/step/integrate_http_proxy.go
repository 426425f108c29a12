package step

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// httpCall is what HTTP and HTTP_PROXY have in common: where a request goes.
type httpCall struct {
	target  *target
	origin  *program.Origin
	link    *linkTargets // nil: the call goes to origin
	method  []byte       // empty: the client's
	params  requestMappings
	apiID   http1.Field
	timeout time.Duration
	idle    time.Duration
	flow    program.Flow // STREAM: of the answer
	buffer  int64        // HTTP_PROXY: answers that may be compressed are read whole, up to so many bytes; 0: none may
}

// idleStream is how long a streamed answer may pause.
// parity: spec/rest-data-plane.md 3.10, Regional endpoints.
const idleStream = 5 * time.Minute

// httpCall compiles an HTTP endpoint. An endpoint that no call can reach is
// ErrUnreachable.
func (s Scope) httpCall(in *api.Integration, origins Origins) (*httpCall, error) {
	params, err := s.requestMappings(in.RequestParameters, false)
	if err != nil {
		return nil, err
	}
	uri := ""
	if in.URI != nil {
		uri = *in.URI
	}
	t, err := s.parseTarget(uri, params.path)
	if err != nil {
		return nil, err
	}
	c := &httpCall{
		target: t, params: params, apiID: http1.NewField(nameAPIID, []byte(s.APIID)),
		origin:  t.origin(origins, in.InsecureSkipVerify != nil && *in.InsecureSkipVerify),
		timeout: milliseconds(in.TimeoutMillis),
	}
	if c.link, err = s.link(in, t, origins); err != nil {
		return nil, err
	}
	c.idle = c.timeout
	if in.ResponseTransferMode == "STREAM" {
		c.idle = cmp.Or(s.Limits.StreamIdle, idleStream)
		c.flow = s.flow(c.timeout)
	}
	if in.HTTPMethod != nil && *in.HTTPMethod != "ANY" {
		c.method = []byte(*in.HTTPMethod)
	}
	return c, nil
}

// flow is how fast, and for how long, an answer comes that is streamed.
// parity: spec/rest-data-plane.md 3.10.
func (s Scope) flow(timeout time.Duration) program.Flow {
	return program.Flow{Free: s.Limits.StreamFree, Rate: s.Limits.StreamRate, Time: timeout}
}

// begin fills what every call has, but its target's query and its own fields.
func (c *httpCall) begin(x *program.Exchange) error {
	x.Call.Origin, x.Call.Host = c.origin, c.target.host
	x.Call.Timeout, x.Call.Idle = c.timeout, c.idle
	if c.link != nil {
		c.link.aim(&x.Call)
	}
	x.Call.Method = c.method
	if len(c.method) == 0 {
		x.Call.Method = x.Method
	}
	var err error
	if x.Call.Target, err = c.target.append(x, x.Call.Target[:0]); err != nil {
		return err
	}
	return c.params.setHeaders(x)
}

// note is the call for explain.
func (c *httpCall) note() string {
	method := string(c.method)
	if method == "" {
		method = "ANY"
	}
	var path strings.Builder
	for _, p := range c.target.pieces {
		if p.from != nil {
			path.WriteString("{" + p.name + "}")
		} else {
			path.Write(p.text)
		}
	}
	note := fmt.Sprintf("%s %s://%s%s within %v", method, c.target.scheme, c.target.host, path.String(), c.timeout)
	if c.link != nil {
		note += " over a VPC link to " + strings.Join(c.link.link.Addresses, ", ")
	}
	if c.origin.Client != "" {
		note += " with client certificate " + c.origin.Client
	}
	return note
}

// IntegrateHTTPProxy passes the request on to an HTTP endpoint; RelayHTTPProxy
// is the step that comes after it. The client's body is relayed as it comes,
// unless the route reads it before.
// parity: spec/rest-data-plane.md 3.7.1.
func (s Scope) IntegrateHTTPProxy(in *api.Integration, origins Origins) (program.Step, error) {
	c, err := s.httpCall(in, origins)
	if err != nil {
		return program.Step{}, err
	}
	if c.params.breaks != "" {
		return RefuseStep(program.APIConfigurationError.Refuse(nil), c.params.breaks+" cannot be mapped"), nil
	}
	if s.Compressed && in.ResponseTransferMode != "STREAM" {
		c.buffer = s.MaxPayload()
	}
	return program.Step{Name: "integrate", Note: "http_proxy " + c.note(), Run: c.proxy}, nil
}

// RelayHTTPProxy makes the upstream's answer the client's: as it comes, unless
// a step before had it read whole (Call.Buffer).
func RelayHTTPProxy() program.Step {
	remap := newRemapNames()
	return program.Step{Name: "relay", Note: "the answer as it comes", Run: func(x *program.Exchange) error {
		x.Answer.Status = x.Reply.Response.Status
		if x.Answer.Relay = x.Call.Buffer == 0; !x.Answer.Relay {
			x.Answer.Body = x.Reply.Body
		}
		relayFields(x, remap)
		return nil
	}}
}

// MapsBody says whether a parameter mapping looks at the request's body.
func MapsBody(in *api.Integration) bool {
	for _, expr := range in.RequestParameters {
		if strings.HasPrefix(expr, "method.request.body") {
			return true
		}
	}
	return false
}

// proxy prepares the call.
func (c *httpCall) proxy(x *program.Exchange) error {
	if err := c.begin(x); err != nil {
		return err
	}
	query := c.target.query
	if q := x.Request.Query; len(q) > 0 {
		if query {
			x.Call.Target = append(x.Call.Target, '&')
		} else {
			x.Call.Target = append(x.Call.Target, '?')
		}
		x.Call.Target, query = appendRaw(x.Call.Target, q, true), true
	}
	var err error
	if x.Call.Target, err = c.params.appendQuery(x, x.Call.Target, query); err != nil {
		return err
	}
	forwardFields(x)
	x.Call.Fields = append(x.Call.Fields, fieldTrace.Own(x.TraceID()), c.apiID)
	if x.Request.Length != http1.NoBody {
		if x.HasBody() {
			x.Call.Body = x.Body
		} else {
			x.Call.Stream = true
		}
	}
	if c.buffer > 0 && string(x.Call.Method) != "HEAD" && wantedCoding(x) != identity {
		x.Call.Buffer = c.buffer
	}
	x.Answer.Flow = c.flow
	x.Await()
	return nil
}

// forwardFields adds the client's fields to the call: all but those that end
// here and those that a mapping has set. What the client names in its
// Connection field goes first, then the gateway's own fields are written, so
// that a client cannot have those removed.
// parity: spec/security.md 9.3.
func forwardFields(x *program.Exchange) {
	fields, sent, named := appendForwarded(x, x.Call.Fields, nil)
	if named {
		fields, sent, _ = appendForwarded(x, x.Call.Fields, hopByHop(x))
	}
	x.Call.Fields = addForwarded(x, fields, sent, len(x.Call.Fields))
}

// appendForwarded appends the client's fields, but for those that hop names, to
// those that a mapping has set. sent is what the client says of whom it speaks
// for; named, that there is a Connection field which names others.
func appendForwarded(x *program.Exchange, fields []http1.Field, hop []byte) (all []http1.Field, sent []byte, named bool) {
	mapped := len(fields)
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		is := header(f.Known())
		if !is.forwarded() {
			switch is {
			case hForwardedFor:
				sent = joined(x, sent, f.Value)
				continue
			case hConnection:
				named = named || namesFields(f.Value)
				continue
			case hContentEncoding:
				if !foreign(x) || x.HasBody() {
					continue
				}
			default:
				continue
			}
		}
		if is == other && lookalike(x, f.Name) || hop != nil && names(hop, f.Name) || mapped > 0 && fieldAt(fields[:mapped], f.Name) >= 0 {
			continue
		}
		fields = append(fields, *f)
	}
	return fields, sent, named
}

// namesFields says whether a Connection field has more than close or keep-alive.
func namesFields(connection []byte) bool {
	return !http1.EqualFold(connection, "keep-alive") && !http1.EqualFold(connection, "close")
}

// lookalike says whether back ends could take a client's field for another one.
func lookalike(x *program.Exchange, name []byte) bool {
	plain, spoofs := plainName(name)
	return !plain || spoofs || dashedToo(x, name)
}

// dashedToo says whether a name with underscores has a sibling with dashes.
func dashedToo(x *program.Exchange, name []byte) bool {
	if bytes.IndexByte(name, '_') < 0 {
		return false
	}
	for i := range x.Request.Fields {
		other := x.Request.Fields[i].Name
		if len(other) == len(name) && bytes.IndexByte(other, '_') < 0 && sameDashed(name, other) {
			return true
		}
	}
	return false
}

func sameDashed(underscored, dashed []byte) bool {
	for i, c := range underscored {
		if c == '_' {
			c = '-'
		}
		if lower(c) != lower(dashed[i]) {
			return false
		}
	}
	return true
}

// hopByHop is what the client's Connection fields name, nil if it is nothing
// but close or keep-alive.
func hopByHop(x *program.Exchange) []byte {
	var list []byte
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		if f.Known() == http1.Connection && namesFields(f.Value) {
			list = joined(x, list, f.Value)
		}
	}
	return list
}

// joined is two values of one field as one.
func joined(x *program.Exchange, a, b []byte) []byte {
	if len(a) == 0 {
		return b
	}
	return x.KeepBytes(a, listBytes, b)
}

// addForwarded says for whom the request is forwarded: the client's own word
// is kept and the address of the connection appended. A mapping may say otherwise.
func addForwarded(x *program.Exchange, fields []http1.Field, sent []byte, mapped int) []http1.Field {
	if mapped > 0 {
		return addUnmapped(x, fields, sent, mapped)
	}
	return append(fields, forwardedFor(x, sent), fieldForwardedPort.Own(x.LocalPort()), *forwardedProto(x))
}

func addUnmapped(x *program.Exchange, fields []http1.Field, sent []byte, mapped int) []http1.Field {
	for _, f := range [...]http1.Field{forwardedFor(x, sent), fieldForwardedPort.Own(x.LocalPort()), *forwardedProto(x)} {
		if fieldAt(fields[:mapped], f.Name) < 0 {
			fields = append(fields, f)
		}
	}
	return fields
}

// forwardedFor is the address of the connection behind what the client says.
func forwardedFor(x *program.Exchange, sent []byte) http1.Field {
	if len(sent) == 0 {
		return fieldForwardedFor.Own(x.Peer())
	}
	return fieldForwardedFor.With(joined(x, sent, x.Peer()))
}

func forwardedProto(x *program.Exchange) *http1.Field {
	if x.TLS {
		return &forwardedHTTPS
	}
	return &forwardedHTTP
}

// relayFields makes the upstream's fields those of the answer.
func relayFields(x *program.Exchange, remap *remapNames) {
	fields, named := appendRelayed(x, remap, nil)
	if named {
		var hop []byte
		for i := range x.Reply.Response.Fields {
			if f := &x.Reply.Response.Fields[i]; f.Known() == http1.Connection && namesFields(f.Value) {
				hop = joined(x, hop, f.Value)
			}
		}
		fields, _ = appendRelayed(x, remap, hop)
	}
	x.Answer.Fields = fields
}

// appendRelayed appends the upstream's fields, but for those that hop names, to
// those of the answer. named: there is a Connection field which names others.
func appendRelayed(x *program.Exchange, remap *remapNames, hop []byte) (fields []http1.Field, named bool) {
	fields = x.Answer.Fields
	from := x.Reply.Response.Fields
	for i := range from {
		f := &from[i]
		is := header(f.Known())
		if is != other {
			switch is.proxied() {
			case dropped:
				continue
			case remapped:
				named = named || is == hConnection && namesFields(f.Value)
				fields = append(fields, remap[is].Instead(f))
				continue
			case passed:
			}
		}
		if hop == nil || !names(hop, f.Name) {
			fields = append(fields, *f)
		}
	}
	return fields, named
}
