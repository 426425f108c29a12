package http1

// Limits bound a message head. A zero field takes the default.
type Limits struct {
	// Line is the most bytes of a request line or status line. Default 10,240.
	Line int
	// Values is the most bytes that the first line and all field values have
	// together, which is how API Gateway counts. Default 10,240.
	// parity: developer guide, "Amazon API Gateway important notes and limits"
	Values int
	// Head is the most bytes of a head on the wire, names and line ends
	// included, so also the largest buffer that a head may need. Default 16,384.
	Head int
	// Fields is the most field lines. Default 200.
	Fields int
}

// Defaults are the limits with every zero field filled in.
func (l Limits) Defaults() Limits {
	fill := func(n *int, or int) {
		if *n <= 0 {
			*n = or
		}
	}
	fill(&l.Line, 10240)
	fill(&l.Values, 10240)
	fill(&l.Head, 16384)
	fill(&l.Fields, 200)
	return l
}

// Bounds that nobody needs to change.
const (
	maxEmptyLines = 4       // CRLFs before a request line (RFC 9112 2.2 asks for one)
	maxMethod     = 32      // bytes
	maxOptions    = 64      // connection options of one message; each is compared with each field
	maxExtensions = 256     // bytes of chunk extensions in one body
	maxTrailers   = 4 << 10 // bytes of trailer fields in one body
)

// Error is why a message was refused. The connection that it came from cannot
// be used any further.
type Error struct {
	Status int    // of the answer to a client; 0 if the message was a response
	Reason string // for logs; names no value from the message
}

// Error is the text for logs.
func (e *Error) Error() string { return "http1: " + e.Reason }

// The refusals are values of their own, so that refusing allocates nothing.
var (
	errEmptyLines   = &Error{400, "too many empty lines before a request"}
	errLineEnd      = &Error{400, "line does not end in CRLF"}
	errRequestLine  = &Error{400, "malformed request line"}
	errMethod       = &Error{400, "method is no token"}
	errLongMethod   = &Error{501, "method too long"}
	errNoRoute      = &Error{501, "method is never routed"}
	errLongLine     = &Error{414, "request line too long"}
	errVersion      = &Error{505, "version is not HTTP/1"}
	errTarget       = &Error{400, "malformed request target"}
	errPercent      = &Error{400, "malformed percent-encoding"}
	errDots         = &Error{400, "dot segment in path"}
	errFieldName    = &Error{400, "malformed field name"}
	errFieldValue   = &Error{400, "control character in field value"}
	errLargeHead    = &Error{431, "head too large"}
	errManyFields   = &Error{431, "too many fields"}
	errHost         = &Error{400, "malformed host"}
	errHostCount    = &Error{400, "missing or repeated host"}
	errAuthority    = &Error{400, "target and host differ"}
	errLength       = &Error{400, "malformed content length"}
	errLengths      = &Error{400, "repeated content length"}
	errFraming      = &Error{400, "content length beside transfer encoding"}
	errCoding       = &Error{400, "malformed transfer encoding"}
	errOtherCoding  = &Error{501, "transfer encoding is not supported"}
	errOptions      = &Error{400, "malformed connection options"}
	errExpectation  = &Error{417, "unknown expectation"}
	errStatusLine   = &Error{400, "malformed status line"}
	errChunkSize    = &Error{400, "malformed chunk size"}
	errChunkLength  = &Error{413, "chunk too large"}
	errChunkEnd     = &Error{400, "chunk does not end in CRLF"}
	errChunkExt     = &Error{400, "malformed or too long chunk extension"}
	errTrailer      = &Error{400, "malformed trailer"}
	errLongTrailer  = &Error{431, "trailers too long"}
	errUnsafeTarget = &Error{500, "method or target to be written is malformed"}
	errUnsafeField  = &Error{500, "field to be written is malformed"}
)
