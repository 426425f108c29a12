package control

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/awsquery"
)

// call is one call under way.
type call struct {
	server *Server
	http   *http.Request
	id     string
	scope  Scope

	path, query string // as sent

	service  *service // nil: not known
	protocol wire.Protocol
	name     string          // of the operation, as the caller wrote it
	op       *wire.Operation // nil: not known, or not known yet
	labels   []string
	raw      []byte        // the body as sent
	request  *wire.Request // nil until the body is read
	err      error         // what routing found wrong
	sent     bool
	entry    *entry // nil: the call leaves no record
}

// newID makes a request id.
func newID() string {
	id, err := uuid.NewRandom()
	if err != nil {
		return uuid.Nil.String()
	}
	return id.String()
}

// answer reads the call, runs it and encodes what it answers.
func (c *call) answer() *wire.Answer {
	if c.err != nil {
		return c.fail(c.err)
	}
	in, ctx, err := c.prepare()
	c.entry = c.server.begin(ctx, c.service, c.op, in)
	var out any
	if err == nil {
		out, err = c.run(ctx, in)
	}
	c.entry.end(out, err)
	if err != nil {
		return c.fail(err)
	}
	cod, err := c.service.codec(c.protocol)
	if err != nil {
		return c.fail(err)
	}
	a, err := cod.Encode(c.request, c.op, out)
	if err != nil {
		return c.fail(err)
	}
	if wantsHAL(c.service.table, c.http.Header) {
		c.hal(a, (&veil{table: c.service.table}).labels(c.op, in))
	}
	return a
}

// run calls the handler, under the record that the call is to leave.
func (c *call) run(ctx context.Context, in any) (out any, err error) {
	if ctx, err = c.entry.join(ctx); err != nil {
		return nil, err
	}
	return c.service.run(ctx, c.op, in)
}

// prepare reads the body and makes the input of the operation. ctx is not nil
// once it is known who calls what.
func (c *call) prepare() (in any, ctx context.Context, err error) {
	r, err := c.read(bodyLimit(c.service.table))
	if err != nil {
		return nil, nil, err
	}
	if c.protocol == wire.AWSQuery && c.op == nil {
		if err := c.findAction(r); err != nil {
			return nil, nil, err
		}
	}
	caller, err := c.identify() // before anything else is told
	if err != nil {
		return nil, nil, err
	}
	if c.op == nil {
		return nil, nil, c.unknown()
	}
	h := c.service.handlers[c.op.Name]
	if !h.Built() {
		return nil, nil, unbuilt(c.service.table, c.op)
	}
	ctx = WithOrigin(c.http.Context(), c.origin(caller))
	cod, err := c.service.codec(c.protocol)
	if err != nil {
		return nil, ctx, err
	}
	in = h.New()
	trail := &wire.Trail{}
	if err := cod.Decode(r, c.op, in, trail); err != nil {
		return nil, ctx, err
	}
	if err := c.authorise(caller, in); err != nil {
		return in, ctx, err
	}
	return in, ctx, c.service.checker.Check(c.op, in, trail)
}

// findAction finds the operation that a form names.
func (c *call) findAction(r *wire.Request) error {
	form, err := awsquery.Parse(r)
	if err != nil {
		return err
	}
	c.name = form.Action
	c.op = c.service.table.Operation(form.Action)
	return nil
}

func (c *call) origin(caller Caller) Origin {
	region := c.scope.Region
	if region == "" {
		region = c.server.region
	}
	return Origin{
		Caller: caller, RequestID: c.id, Service: c.service.table.Name, Operation: c.op.Name, Region: region,
		Host: c.http.Host, Path: c.path, SourceIP: Address(c.http.RemoteAddr), UserAgent: c.http.UserAgent(),
	}
}

// Address is a remote address without its port.
func Address(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		return host
	}
	return remote
}

// send writes the answer out.
func (c *call) send(w http.ResponseWriter, a *wire.Answer) {
	c.sent = true
	h := w.Header()
	maps.Copy(h, a.Header)
	h.Set("X-Amzn-Requestid", c.id)
	if c.service != nil && c.service.table.Endpoint == "apigateway" {
		h.Set("X-Amz-Apigw-Id", extendedID())
	}
	if a.Stream == nil {
		if a.Status != http.StatusNoContent {
			h.Set("Content-Length", strconv.Itoa(len(a.Body)))
		}
		w.WriteHeader(a.Status)
		if len(a.Body) == 0 {
			return
		}
		if _, err := w.Write(a.Body); err != nil {
			c.log().Debug("write an answer", "error", err)
		}
		return
	}
	w.WriteHeader(a.Status)
	rc := http.NewResponseController(w)
	if err := a.Stream(c.http.Context(), w, func() { _ = rc.Flush() }); err != nil {
		c.log().Warn("stream an answer", "error", err)
	}
}

// extendedID is the second id that API Gateway gives each call.
//
// parity: control-plane.md 2.2 and 2.3
func extendedID() string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

func (c *call) log() *slog.Logger {
	l := c.server.log.With("request_id", c.id)
	if c.service != nil {
		l = l.With("service", c.service.table.Name)
	}
	if c.op != nil {
		l = l.With("operation", c.op.Name)
	}
	return l
}

func (c *call) logPanic(p any) {
	c.log().Error("control call panicked", "panic", p, "stack", string(debug.Stack()))
}

// Call runs an operation for a caller in this process, under the same
// constraints as a call from outside. in is a pointer to the operation's input
// struct; the answer is a pointer to its output struct, or nil. An error for
// the caller is a *fault.Error. Of required members only strings, lists, maps
// and structures can be seen to be missing. Unless ctx belongs to a call, the
// caller is the root of the account.
func (s *Server) Call(ctx context.Context, name, operation string, in any) (out any, err error) {
	for _, one := range s.services {
		if one.table.Name == name {
			return s.callService(ctx, one, operation, in)
		}
	}
	return nil, foreign(name)
}

func (s *Server) callService(ctx context.Context, one *service, operation string, in any) (out any, err error) {
	op := one.table.Operation(operation)
	if op == nil {
		return nil, fault.NotFound.Typed("UnknownOperationException", one.table.FullName+" has no operation "+operation)
	}
	if !one.handlers[op.Name].Built() {
		return nil, unbuilt(one.table, op)
	}
	if err := one.checker.Check(op, in, nil); err != nil {
		if invalid, ok := errors.AsType[*wire.Invalid](err); ok {
			return nil, fault.BadRequest.Typed(one.words.invalid, invalid.Message)
		}
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("control call panicked", "service", one.table.Name, "operation", operation, "panic", p, "stack", string(debug.Stack()))
			out, err = nil, fault.Internal.New(nil, "")
		}
	}()
	origin := OriginOf(ctx)
	if origin.Caller == (Caller{}) {
		root, err := s.root(nil, Scope{})
		if err != nil {
			return nil, err
		}
		origin = Origin{Caller: root, RequestID: newID(), Region: s.region}
	}
	origin.Service, origin.Operation = one.table.Name, op.Name
	origin.SourceIP, origin.UserAgent = cloudFormation, cloudFormation
	return s.callRecorded(WithOrigin(ctx, origin), one, op, in)
}

// callRecorded runs an operation and keeps the record of it.
func (s *Server) callRecorded(ctx context.Context, one *service, op *wire.Operation, in any) (out any, err error) {
	e := s.begin(ctx, one, op, in)
	defer func() {
		if p := recover(); p != nil {
			e.end(nil, panicked())
			panic(p)
		}
	}()
	if ctx, err = e.join(ctx); err == nil {
		out, err = one.run(ctx, op, in)
	}
	e.end(out, err)
	return out, err
}
