package control

import (
	"mime"
	"net/http"
	"strings"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/awsquery"
	"github.com/stagedoor/stagedoor/internal/wire/rpccbor"
)

// route finds out whose call it is and in which protocol. It gives the handler
// that the call must be passed on to, or nil when it is to be answered here;
// what is wrong with the call is then in c.err.
func (c *call) route() http.Handler {
	scope, ok := scopeOf(c.http)
	c.scope = scope
	c.path, c.query = rawTarget(c.http)
	if !ok && c.server.guard == nil {
		c.protocol = c.guess()
		c.err = fault.BadRequest.Typed("IncompleteSignatureException", "The credential of the signature is not a valid scope: it must be ACCESS_KEY/DATE/REGION/SERVICE/aws4_request.")
		return nil
	}
	name := c.find()
	if c.service != nil || c.err != nil {
		return nil
	}
	if next := c.server.passOn(name); next != nil && name != "" {
		return next
	}
	c.protocol = c.guess()
	c.err = foreign(name)
	return nil
}

// rawTarget is the path and the query as they were sent. Paths are matched
// before they are decoded, so that %2F does not part segments.
//
// parity: control-plane.md 2.1
func rawTarget(r *http.Request) (path, query string) {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?")
		return path, query
	}
	return r.URL.EscapedPath(), r.URL.RawQuery
}

// find sets the service, the protocol and, where it can be told before the body
// is read, the operation. name is the service's, as far as the call tells it.
func (c *call) find() (name string) {
	switch {
	case c.http.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return c.findCBOR()
	case c.http.Header.Get("X-Amz-Target") != "":
		return c.findTarget(c.http.Header.Get("X-Amz-Target"))
	case c.scope.Signed():
		return c.findSigned()
	}
	return c.findUnsigned()
}

// findCBOR finds the service by its name in the path.
func (c *call) findCBOR() string {
	name, operation, _ := rpccbor.Split(c.path)
	for _, s := range c.server.services {
		if s.table.Speaks(wire.RPCCBOR) && s.table.Target == name {
			c.service, c.protocol = s, wire.RPCCBOR
			c.name, c.op = operation, s.table.Operation(operation)
		}
	}
	if c.scope.Signed() {
		return c.scope.Service
	}
	return name
}

// findTarget finds the service by what stands before the operation in
// X-Amz-Target.
func (c *call) findTarget(target string) string {
	i := strings.LastIndexByte(target, '.')
	prefix, operation := target[:max(i, 0)], target[i+1:]
	for _, s := range c.server.services {
		if s.table.Target == "" || s.table.Target != prefix {
			continue
		}
		c.service, c.protocol = s, wire.AWSJSON11
		if !s.table.Speaks(wire.AWSJSON11) {
			c.protocol = wire.AWSJSON10
		}
		c.name, c.op = operation, s.table.Operation(operation)
	}
	if c.scope.Signed() {
		return c.scope.Service
	}
	return prefix
}

// findSigned finds the service that the call is signed for. Several may share a
// name in signatures, as both versions of API Gateway do; their paths differ.
func (c *call) findSigned() string {
	for _, s := range c.server.services {
		if s.table.Signing == c.scope.Service {
			c.take(s)
		}
		if c.op != nil {
			break
		}
	}
	return c.scope.Service
}

// take tries s as the service of the call.
func (c *call) take(s *service) {
	if s.table.Speaks(wire.RestJSON) {
		if op, labels := s.rest().Match(c.http.Method, c.restPath(s), c.query); op != nil || c.service == nil {
			c.service, c.protocol, c.op, c.labels = s, wire.RestJSON, op, labels
		}
		return
	}
	if c.service == nil && s.table.Speaks(wire.AWSQuery) {
		c.service, c.protocol = s, wire.AWSQuery // the form in the body names the operation
		return
	}
	if c.service == nil && s.table.Speaks(wire.AWSJSON11) {
		c.service, c.protocol = s, wire.AWSJSON11
	}
}

// restPath is the path that a service's operations are matched on. The
// management API is called below the stage or base path of its API.
func (c *call) restPath(s *service) string {
	if s.table.Signing == "execute-api" {
		path := strings.Replace(c.path, "/%40connections/", "/@connections/", 1)
		if i := strings.Index(path, "/@connections/"); i >= 0 {
			return path[i:]
		}
	}
	return c.path
}

// findUnsigned finds the service by the host, the path or the form's version.
func (c *call) findUnsigned() string {
	label, _, _ := strings.Cut(withoutPort(c.http.Host), ".")
	for _, s := range c.server.services {
		if s.table.Endpoint == label && c.op == nil {
			c.take(s)
		}
	}
	if c.service != nil && c.op != nil || c.protocol == wire.AWSQuery {
		return label
	}
	for _, s := range c.server.services {
		if s.table.Speaks(wire.RestJSON) && s.table.Signing != "execute-api" && c.op == nil && c.server.ownPath(c.path) {
			c.take(s)
		}
	}
	if c.service == nil && isForm(c.http) {
		c.findForm()
	}
	return ""
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return (err == nil && kind == "application/x-www-form-urlencoded") || (r.Method == http.MethodGet && strings.Contains(r.URL.RawQuery, "Action="))
}

// findForm finds the service of a form without a signature, such as
// AssumeRoleWithWebIdentity's, by the version of the API that it names.
func (c *call) findForm() {
	c.protocol = wire.AWSQuery
	r, err := c.read(formLimit)
	if err != nil {
		c.err = err
		return
	}
	form, err := awsquery.Parse(r)
	if err != nil {
		c.err = err
		return
	}
	for _, s := range c.server.services {
		if s.table.Speaks(wire.AWSQuery) && s.table.Version == form.Version {
			c.service, c.name, c.op = s, form.Action, s.table.Operation(form.Action)
		}
	}
}

// guess is the protocol to answer in when no service is known.
func (c *call) guess() wire.Protocol {
	kind := c.http.Header.Get("Content-Type")
	switch {
	case c.http.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return wire.RPCCBOR
	case strings.HasPrefix(kind, "application/x-amz-json-1.0"):
		return wire.AWSJSON10
	case strings.HasPrefix(kind, "application/x-amz-json-"):
		return wire.AWSJSON11
	case isForm(c.http):
		return wire.AWSQuery
	}
	return wire.RestJSON
}

// nowhere is the service of calls that no service is known for: it knows no
// shape, so failures are written plainly.
func nowhere() *service {
	return newService(Service{Table: &wire.Service{Name: "unknown"}})
}
