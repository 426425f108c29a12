package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
)

// Kind says which of AWS's exceptions a failure is.
type Kind uint8

// The kinds of failures.
const (
	Missing      Kind = iota // there is no signature
	Incomplete               // it is not written right
	Mismatch                 // scope, time or signature is wrong
	Unrecognized             // nobody has this key, or not with this token
	Expired                  // the session is over
)

// Error is a request that does not prove who sent it.
type Error struct {
	Kind    Kind
	Message string // for the client: no secret, no token

	unsigned bool // the Authorization header does not look like a signature at all
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// names are what the planes call a kind.
type names struct {
	exception string // x-amzn-ErrorType
	response  string // type of gateway response
	code      string // of query protocols
	status    int    // of query protocols
}

// parity: spec/security.md 0.4, 1.8 and 1.9
func (k Kind) names() names {
	switch k {
	case Missing:
		return names{"MissingAuthenticationTokenException", "MISSING_AUTHENTICATION_TOKEN", "MissingAuthenticationToken", 403}
	case Incomplete:
		return names{"IncompleteSignatureException", "INVALID_SIGNATURE", "IncompleteSignature", 400}
	case Unrecognized:
		return names{"UnrecognizedClientException", "INVALID_SIGNATURE", "InvalidClientTokenId", 403}
	case Expired:
		return names{"ExpiredTokenException", "EXPIRED_TOKEN", "ExpiredToken", 403}
	default:
		return names{"InvalidSignatureException", "INVALID_SIGNATURE", "SignatureDoesNotMatch", 403}
	}
}

// Status is the HTTP status of every failure, but in query protocols.
const Status = 403

// Type is the error's name in x-amzn-ErrorType and in JSON protocols.
func (e *Error) Type() string { return e.Kind.names().exception }

// Response is the type of gateway response that the error is.
func (e *Error) Response() string {
	if e.unsigned {
		return Missing.names().response
	}
	return e.Kind.names().response
}

// Query is the error's code and HTTP status in the query protocol (STS, IAM).
func (e *Error) Query() (code string, status int) {
	n := e.Kind.names()
	return n.code, n.status
}

// Texts of failures.
const (
	missingText = "Missing Authentication Token"
	invalidText = "The security token included in the request is invalid."
	expiredText = "The security token included in the request is expired"

	mismatchText = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

func incomplete(message string) *Error { return &Error{Kind: Incomplete, Message: message} }

func mismatch(message string) *Error { return &Error{Kind: Mismatch, Message: message} }

// digest stands for a value that must not be shown.
func digest(value []byte) string {
	sum := sha256.Sum256(value)
	return base64.StdEncoding.EncodeToString(sum[:])
}
