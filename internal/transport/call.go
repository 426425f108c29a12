package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

const (
	replyBuffer = 16 << 10 // holds a usual answer of an upstream, head and body
	maxInterim  = 5        // interim answers before the final one. parity: security.md 9.2
	// A request body of up to so many bytes goes out with the head. A larger
	// one, or one that is still coming, has a goroutine of its own, since the
	// upstream may answer, or stop reading, before it has all of it.
	sentAtOnce = 32 << 10
)

// Why a call fails, beside what the connection says.
var (
	errStale    = errors.New("transport: idle connection was of no use")
	errEmpty    = errors.New("transport: nothing more is in memory")
	errInterim  = errors.New("transport: too many or unexpected interim answers")
	errLongBody = errors.New("transport: upstream's body is larger than it may be")
)

// call is one request to an upstream and its answer. The slices of the reply
// point into its buffers until the next call of the exchange.
type call struct {
	ups  *Upstreams
	on   strand // nil: a goroutine makes the call
	pool connPool
	conn *upConn // nil once the answer is in, or nothing more is wanted of it
	req  http1.Request
	out  []byte // head of the request, and its body if that is small

	fresh bool // conn was opened for this call
	wrote int  // bytes of out

	head   inbox // the reply's head and what came with it
	rest   inbox // what came later
	in     *inbox
	left   int64 // bytes of the body to come, http1.Chunked or http1.ToClose
	chunks http1.Chunks
	ended  bool // the whole body was taken
	keep   bool // conn can be used again then

	began   moment
	by      moment // when the head must be in
	timeout time.Duration
	idle    time.Duration // between two parts of the body
	sender  *sender       // nil: the body went out with the head

	// What a loop has done of the call already: it was sent, and so many bytes
	// have come, or there is a reason that none have.
	flown bool
	came  int
	why   error
}

func (c *call) init(u *Upstreams) { c.ups = u }

// do makes the call that the exchange wants and fills in its reply. Its errors
// are refusals.
func (c *call) do(e *exchange) error {
	var body *outgoing
	if !c.flown {
		err := c.find(e.x.Call.Origin)
		if err != nil {
			return err
		}
		if body, err = c.address(e); err != nil {
			return err
		}
	}
	x := &e.x
	mustDial := false
	for {
		err := c.attempt(e, body, mustDial)
		if err == nil {
			break
		}
		c.drop()
		again := c.mayRetry(x.Call.Method, body, err)
		if !again {
			x.Reply.Latency = e.srv.clock.now().since(c.began)
			return c.refusal(e, err)
		}
		if mustDial = !errors.Is(err, errStale); mustDial {
			c.ups.Counters.Retries.Add(1)
		}
	}
	x.Reply.Latency = e.now.since(c.began)
	if x.Call.Buffer > 0 {
		if err := c.collect(e); err != nil {
			c.drop()
			return c.refusal(e, err)
		}
	}
	return nil
}

// address makes the request ready to be sent to what was found.
func (c *call) address(e *exchange) (*outgoing, error) {
	c.end()
	body, err := c.prepare(e)
	c.began = e.now
	c.by = c.began.plus(c.timeout)
	return body, err
}

// connPool is where the connections to an origin come from and go to.
type connPool interface {
	// take is an idle connection, nil if there is none.
	take() *upConn
	// put keeps a connection for the next call.
	put(c *upConn, now moment)
	// dial opens a connection, by a moment at the latest.
	dial(ctx context.Context, by moment) (*upConn, error)
}

// find finds the pool of an origin: that of the loop, if there is one.
func (c *call) find(o *program.Origin) error {
	pool, err := c.ups.pool(o)
	if err != nil {
		return err
	}
	c.pool = pool
	if c.on != nil {
		c.pool = c.on.pool(pool)
	}
	return nil
}

// outgoing is the body of a request that does not go out with its head.
type outgoing struct {
	static []byte // the whole of it; nil: the client's, as it comes
	client bool
	length int64
}

// prepare writes the head, and a body that is small, into c.out.
func (c *call) prepare(e *exchange) (*outgoing, error) {
	x := &e.x
	c.timeout, c.idle = x.Call.Timeout, x.Call.Idle
	orDuration(&c.timeout, c.ups.cfg.Timeout)
	orDuration(&c.idle, c.timeout)
	body := x.Call.Body
	req := &c.req
	req.Method, req.Target, req.Host, req.Fields, req.KeepAlive = x.Call.Method, x.Call.Target, x.Call.Host, x.Call.Fields, true
	var later *outgoing
	if x.Call.Stream {
		var err error
		if body, later, err = c.clientBody(e); err != nil {
			return nil, bodyRefusal(err)
		}
	}
	req.Length = int64(len(body))
	if len(body) > sentAtOnce {
		later = &outgoing{static: body, length: req.Length}
	}
	if later != nil {
		req.Length = later.length
	}
	var err *http1.Error
	if c.out, err = http1.AppendRequestHead(c.out[:0], req); err != nil {
		return nil, fmt.Errorf("write request to %s: %w", x.Call.Origin.Address, err)
	}
	if later == nil {
		c.out = append(c.out, body...)
	}
	return later, nil
}

// clientBody is the client's body for a call that relays it: what is in memory,
// or how the rest comes.
func (c *call) clientBody(e *exchange) ([]byte, *outgoing, error) {
	if e.bodyIn {
		return e.x.Body, nil, nil
	}
	length := e.x.Request.Length
	if length == http1.NoBody {
		return nil, nil, nil
	}
	if length > e.limit() {
		return nil, nil, errTooLarge
	}
	if err := e.body.begin(); err != nil {
		return nil, nil, err
	}
	if body, ok := e.body.ready(e.limit()); ok {
		return body, nil, nil
	}
	return nil, &outgoing{client: true, length: length}, nil
}

// attempt sends the request on one connection and reads the head of the answer.
func (c *call) attempt(e *exchange, body *outgoing, mustDial bool) error {
	var n int
	var err error
	if c.flown {
		n, err = c.came, c.why
		c.flown, c.why = false, nil
		c.conn.link.readBy = c.by
	} else {
		n, err = c.ask(e, body, mustDial)
	}
	if c.head.w = n; err != nil {
		return err
	}
	return c.readHead(e)
}

// ask sends the request, and waits for the first bytes of the answer.
func (c *call) ask(e *exchange, body *outgoing, mustDial bool) (n int, err error) {
	c.open(nil)
	if !mustDial {
		c.conn = c.pool.take()
	}
	if c.fresh = c.conn == nil; c.fresh {
		if c.conn, err = c.pool.dial(e.ctx.server, c.by); err != nil {
			return 0, err
		}
	} else {
		c.ups.Counters.Reused.add(e.x.Lane)
	}
	l := c.conn.link
	l.readBy, l.writeBy = c.by, c.takeBy(e)
	if body == nil {
		c.wrote, n, err = c.converse(e.x.Call.Method)
		return n, err
	}
	return c.sendLater(e, body)
}

// open begins an attempt on a connection; nil: on one that is still to be found.
func (c *call) open(conn *upConn) {
	c.conn, c.wrote, c.sender, c.fresh = conn, 0, nil, false
	c.head.reset(replyBuffer)
	c.in = &c.head
}

// takeBy is until when the upstream must have taken the request.
func (c *call) takeBy(e *exchange) moment { return min(c.by, e.now.plus(c.ups.cfg.WriteIdle)) }

// converse sends the whole request and reads the first bytes of the answer. A
// loop sees when an idle connection ends, so there it is worth another look only
// before what must not be sent twice.
func (c *call) converse(method []byte) (wrote, n int, err error) {
	sure := c.fresh || c.conn.link.wire != nil && repeatable(method)
	return c.conn.converse(c.out, c.head.b, sure)
}

// mayRetry says whether the call may be made again, given why it failed. What
// counts is whether the upstream can have acted on it.
func (c *call) mayRetry(method []byte, body *outgoing, err error) bool {
	switch {
	case errors.Is(err, errStale):
		c.ups.Counters.Stale.Add(1)
		return true
	case c.fresh || c.head.w > 0 || body != nil || isTimeout(err):
		return false
	case c.wrote == 0:
		return true
	}
	return repeatable(method)
}

// repeatable says whether a request may be made twice (RFC 9110 9.2.2).
func repeatable(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return false
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// errNowhere is a host without an address.
// parity: spec/rest-data-plane.md 3.7.1, "empty or unusable host".
const errNowhere program.Logged = "Invalid endpoint address"

// refusal is the answer to a call that failed.
func (c *call) refusal(e *exchange, err error) error {
	if c.sender != nil && c.sender.client != nil {
		return bodyRefusal(c.sender.client)
	}
	err = fmt.Errorf("call %s: %w", e.x.Call.Origin.Address, err)
	if isTimeout(err) {
		c.ups.Counters.Timeouts.Add(1)
		return program.IntegrationTimeout.Refuse(err)
	}
	c.ups.Counters.Failures.Add(1)
	if missing, ok := errors.AsType[*net.DNSError](err); ok && missing.IsNotFound || errors.Is(err, ErrReserved) {
		return program.APIConfigurationError.Refuse(fmt.Errorf("%w: %w", errNowhere, err))
	}
	return program.IntegrationFailure.Refuse(err)
}

// about is the moment about now, which a loop knows without looking.
func (c *call) about() moment {
	if c.on != nil {
		return c.on.about()
	}
	return c.ups.clock.now()
}

// endOf is err, but an end of the connection is unexpected.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// collect reads the whole body of the answer into the reply: where it is, if
// it is all in memory, else into memory of the exchange.
func (c *call) collect(e *exchange) error {
	most := e.x.Call.Buffer
	if c.left > most {
		return errLongBody
	}
	if c.left > 0 && int64(c.in.w-c.in.r) >= c.left {
		var err error
		e.x.Reply.Body, err = c.next()
		return err
	}
	for e.reply = e.reply[:0]; ; {
		piece, err := c.next()
		switch {
		case errors.Is(err, io.EOF):
			e.x.Reply.Body = e.reply
			return nil
		case errors.Is(err, errEmpty):
			err = c.fillBy(e, c.by)
		}
		if err != nil {
			return err
		}
		if int64(len(e.reply)+len(piece)) > most {
			return errLongBody
		}
		e.reply = append(e.reply, piece...)
	}
}
