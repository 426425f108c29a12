// Package program is what runs: an Exchange is one request and its answer, a
// Stage finds the Route of a request, and a Route is a flat list of Steps.
//
// A Stage and all below it are values: they hold no state, no lock and no
// goroutine, and do not change once built. Whatever survives a deployment
// lives elsewhere, under a key that does not change with it. Nothing here
// knows where a program came from, or which driver moves the bytes.
package program

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// Want is what an exchange needs from its driver before it can go on.
type Want uint8

const (
	// Done: the answer is ready to be sent.
	Done Want = iota
	// WantBody: read the whole request body, up to Route.MaxBody bytes, and
	// hand it to SetBody (or call Fail with TooLarge), then Play again.
	WantBody
	// WantCall: send Call to its origin and fill Reply (or call Fail with the
	// error), then Play again.
	WantCall
	// WantWork: the next step may wait or work long. Call Work on a goroutine
	// that may block, then Play again.
	WantWork
)

// Exchange is one request and its answer. A driver owns it, fills the request,
// plays it, sends the answer and uses it again: no slice of it may be kept by
// a step beyond the exchange. One goroutine at a time has it.
type Exchange struct {
	Request http1.Request
	Body    []byte // whole request body, if the route asked for it (BodyBuffer)

	Remote netip.AddrPort // the connection's other end, or whom the PROXY protocol names
	Local  netip.AddrPort
	Client netip.Addr // who a trusted proxy says it speaks for; invalid: Remote is the client
	Door   *Endpoint  // the VPC endpoint that the request came in by; nil: it came in from outside
	TLS    bool
	// TLSVersion and CipherSuite are of the client's connection, by their
	// numbers; 0: it has no TLS, or the driver does not know.
	TLSVersion, CipherSuite uint16

	// ServerName is the host that the client named in its TLS handshake; empty: none.
	ServerName string
	Start      time.Time // when the head was complete

	// Found by the gateway.
	API      *API
	Stage    *Stage
	Route    *Route
	Method   []byte // the method in effect; Request.Method decides about framing only
	Path     []byte // the request's path below the stage, raw, starts with one '/'
	FullPath []byte // the same with what stands before it (stage, base path), starts with one '/'
	// CustomDomain says that the client called a custom domain name, BasePath
	// which of its mappings led here.
	CustomDomain bool
	BasePath     string
	Params       []Param // in the order of Route.Params; values are raw

	ID         [36]byte // request id, a UUID in text form; zero until Identify
	ExtendedID [16]byte // extended request id, base64 ending in '='
	Trace      []byte   // what TraceID made; empty until somebody asked

	// Caller is who sent the request as far as steps have found out; nil: nobody known.
	Caller *Caller
	// Grant is the request's API key and what that may do here; zero: there is none.
	Grant usage.Grant
	// Overrides is what request templates have set for later steps; nil: nothing.
	Overrides *Overrides

	Call   Call
	Reply  Reply
	Answer Answer
	// Sent is how many bytes of the answer's body the driver has handed to the
	// client's connection.
	Sent int64

	// Authorizer is the call that an authorizer made.
	Authorizer AuthorizerCall

	// ShowTrace gives the answer X-Amzn-Trace-Id; steps that call a back end set it.
	ShowTrace bool

	// Lane is a number that the driver gives the exchange's memory: that of the
	// event loop, if there is one. Exchanges of different lanes may run at the same
	// time, those of one seldom do, so that what has a part for each lane is seldom
	// written by two cores in turn. It stays when the exchange is used again.
	Lane uint32

	// Caching is what the stage's cache has to do with the exchange.
	Caching Caching

	// Failure is the refusal that became the answer, nil if none did. Its
	// defaults are filled in.
	Failure *Refusal

	ctx     context.Context //nolint:containedctx // an exchange is the scope of one request
	next    int
	waiting bool          // Call is to be made before the next step
	bodyIn  bool          // Body was read
	took    time.Duration // what Took said
	sealed  bool          // Answer has the fields that every answer has
	parsed  bool          // query is there
	marked  bool          // rare was written to
	arena   []byte
	query   []Pair
	sent    sentFields
	draw    uint64   // of this request: 32 bits that are uniform, as putExtended left them; made by Identify
	lasting *lasting // made once, lives as long as the exchange's memory; see own
	rare    *rare    // the same; see seldom
}

// Param is one path parameter of the route that was matched.
type Param = route.Param

// Caller is who sent a request. Empty members are unknown, null in events.
type Caller struct {
	AccessKey, AccountID, Caller, PrincipalOrgID, User, UserARN string
	CognitoAuthenticationProvider, CognitoAuthenticationType    string
	CognitoIdentityID, CognitoIdentityPoolID                    string
	UsageKey                                                    string            // an authorizer's usageIdentifierKey: the value of an API key
	Authorized                                                  bool              // an authorizer let the request pass: events have its map
	Principal                                                   string            // authorizer.principalId
	Context                                                     map[string]string // authorizer.{key}
	Claims                                                      map[string]string // authorizer.claims, of a token
	// Permits says whether the policies of who signed the request let them do
	// another action on the method that is called, such as
	// execute-api:InvalidateCache. The step that verified the signature sets it.
	// Nil: nobody signed, nothing is permitted.
	Permits           func(x *Exchange, action string) bool
	Signer            *identity.Identity // who signed the request; nil: nobody
	AuthorizerLatency time.Duration      // authorizer.integrationLatency
}

// Endpoint stands for a VPC endpoint: a listener that private APIs are called
// by, and no others.
type Endpoint struct {
	ID  string // vpce-..., condition key aws:SourceVpce
	VPC string // vpc-..., condition key aws:SourceVpc; empty: unknown

	Policy *iam.Policy // who may call what through it; nil: everybody everything
}

// Overrides is what a mapping template wrote to $context.requestOverride and
// $context.responseOverride.
type Overrides struct {
	Header, Query, Path map[string]string // of the request to the integration
	Status              int               // of the answer; 0: not set
	ResponseHeader      map[string]string
	Template            any // the maps themselves, as the template engine keeps them for a later template
}

// Call is a request to an upstream, prepared by a step.
type Call struct {
	Function string // ARN of a Lambda function, which its step calls itself; else empty
	Origin   *Origin
	Others   Alternates // if no connection to Origin can be made; nil: none
	Tried    int        // how many of Others were asked
	Method   []byte
	Target   []byte // origin form
	Host     []byte
	Fields   []http1.Field // in order; without Host and framing, which the writer makes
	Stream   bool          // relay the client's body as it comes; else Body is the body
	Body     []byte
	Buffer   int64         // > 0: read the whole answer, up to so many bytes, into Reply.Body; 0: Play again when the head is in
	Timeout  time.Duration // until the head (Buffer: the whole) of the answer is in
	Idle     time.Duration // between two parts of a relayed body; 0: Timeout
}

// Reply is the upstream's answer to Call.
type Reply struct {
	Response  http1.Response
	Body      []byte        // if Call.Buffer
	Latency   time.Duration // from the start of the call to the head
	Failed    bool          // a function failed
	Error     []byte        // its errorMessage
	Returned  int           // its statusCode, if it returned one
	RequestID string        // of the call, if no field says it
}

// Answer is what the client gets. Exactly one of Body, Stream and Relay is used.
type Answer struct {
	Status int
	Fields []http1.Field // without Date, Connection and framing, which the writer makes
	Body   []byte
	Stream io.ReadCloser // a body that comes over time (a function that streams); may block; sent as it comes
	Relay  bool          // the body of Reply is passed on as it comes
	Flow   Flow          // of Stream and Relay
	Close  bool          // close the connection afterwards

	// Upgrade takes the connection over once the head is out: Status is 101,
	// there is no body, and what the client asked for, in Request.Upgrade, is
	// spoken from now on. It has a goroutine and the connection to itself, which
	// is closed when it returns, and keeps nothing of the exchange. ctx ends when
	// the server is to stop: then it is time to say goodbye. Over HTTP/2 there is
	// none.
	Upgrade func(ctx context.Context, conn net.Conn)
}

// Flow bounds a body that comes over time. Zero fields bound nothing.
type Flow struct {
	Free int64         // bytes that come as fast as they can
	Rate int64         // bytes a second after that
	Time time.Duration // since Exchange.Start; what is not sent by then never is
}

// Origin is an upstream that connections are pooled for. It is interned by
// transport, so one origin has one ID as long as the process lives.
type Origin struct {
	ID         uint32 // index into a driver's pools
	Scheme     string // http or https
	Address    string // host:port to dial
	ServerName string // TLS server name
	SkipVerify bool   // tlsConfig.insecureSkipVerification
	Client     string // id of the client certificate that is shown to it; empty: none
}

// Context ends when the client has gone or the server stops; steps that wait
// pass it on.
func (x *Exchange) Context() context.Context { return x.ctx }

// Known is the exchange's Caller, to be written to: a copy of one that others
// may have as well, or one that nothing is known of yet.
func (x *Exchange) Known() *Caller {
	known := &x.seldom().caller
	if x.Caller == known {
		return known
	}
	if x.Caller != nil {
		*known = *x.Caller
	}
	x.Caller = known
	return known
}

// Keep copies the parts into the exchange's memory, one after the other; the
// result is valid until the exchange ends.
func (x *Exchange) Keep(parts ...string) []byte {
	from := len(x.arena)
	for _, p := range parts {
		x.arena = append(x.arena, p...)
	}
	return x.arena[from:len(x.arena):len(x.arena)]
}

// KeepBytes is Keep for bytes.
func (x *Exchange) KeepBytes(parts ...[]byte) []byte {
	from := len(x.arena)
	for _, p := range parts {
		x.arena = append(x.arena, p...)
	}
	return x.arena[from:len(x.arena):len(x.arena)]
}

// KeepWith is Keep for what a function appends to the memory that it is given
// and returns; it must not keep anything itself.
func (x *Exchange) KeepWith(write func(memory []byte) []byte) { x.arena = write(x.arena) }

// KeepVariable is Keep for the value of a variable. The variable must not
// keep anything itself.
func (x *Exchange) KeepVariable(v Variable) []byte {
	from := len(x.arena)
	x.arena = v(x, x.arena)
	return x.arena[from:len(x.arena):len(x.arena)]
}

// Header is the last value the client sent of a field, by its name in lower
// case; nil if there is none.
func (x *Exchange) Header(lower string) []byte { return http1.Get(x.Request.Fields, lower) }
