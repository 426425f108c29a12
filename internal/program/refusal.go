package program

import "fmt"

// ResponseType is one of API Gateway's gateway response types.
type ResponseType string

// The types and their default status, error type and text.
// Source: developer guide, "Gateway response types for API Gateway"; texts as
// recorded in spec/rest-data-plane.md 1.2.
const (
	AccessDenied                 ResponseType = "ACCESS_DENIED"
	APIConfigurationError        ResponseType = "API_CONFIGURATION_ERROR"
	AuthorizerConfigurationError ResponseType = "AUTHORIZER_CONFIGURATION_ERROR"
	AuthorizerFailure            ResponseType = "AUTHORIZER_FAILURE"
	BadRequestBody               ResponseType = "BAD_REQUEST_BODY"
	BadRequestParameters         ResponseType = "BAD_REQUEST_PARAMETERS"
	ExpiredToken                 ResponseType = "EXPIRED_TOKEN"
	IntegrationFailure           ResponseType = "INTEGRATION_FAILURE"
	IntegrationTimeout           ResponseType = "INTEGRATION_TIMEOUT"
	InvalidAPIKey                ResponseType = "INVALID_API_KEY"
	InvalidSignature             ResponseType = "INVALID_SIGNATURE"
	MissingAuthenticationToken   ResponseType = "MISSING_AUTHENTICATION_TOKEN"
	QuotaExceeded                ResponseType = "QUOTA_EXCEEDED"
	RequestTooLarge              ResponseType = "REQUEST_TOO_LARGE"
	ResourceNotFound             ResponseType = "RESOURCE_NOT_FOUND"
	Throttled                    ResponseType = "THROTTLED"
	Unauthorized                 ResponseType = "UNAUTHORIZED"
	UnsupportedMediaType         ResponseType = "UNSUPPORTED_MEDIA_TYPE"
	WAFFiltered                  ResponseType = "WAF_FILTERED"

	// Default4XX and Default5XX are what the types above fall back to, and the
	// types of failures that have none of their own.
	Default4XX ResponseType = "DEFAULT_4XX"
	Default5XX ResponseType = "DEFAULT_5XX"

	// BadRequest and those below are fixed answers of the front, which no API
	// can change. This one is for a path that must not be routed.
	BadRequest ResponseType = "FRONT_BAD_REQUEST"
	URITooLong ResponseType = "FRONT_URI_TOO_LONG"
	// Misdirected is for a host that does not belong to the TLS connection.
	Misdirected ResponseType = "FRONT_MISDIRECTED"
	Forbidden   ResponseType = "FRONT_FORBIDDEN"   // unknown stage, disabled endpoint
	UnknownAPI  ResponseType = "FRONT_UNKNOWN_API" // no such API here
	Internal    ResponseType = "FRONT_INTERNAL"    // a bug or trouble of ours
)

// ResponseTypes lists the types that an API can customise, but for the two
// defaults and REQUEST_TOO_LARGE, which REST APIs cannot.
// parity: spec/rest-data-plane.md 6.1.
func ResponseTypes() []ResponseType {
	return []ResponseType{
		AccessDenied, APIConfigurationError, AuthorizerConfigurationError, AuthorizerFailure, BadRequestBody,
		BadRequestParameters, ExpiredToken, IntegrationFailure, IntegrationTimeout, InvalidAPIKey, InvalidSignature,
		MissingAuthenticationToken, QuotaExceeded, ResourceNotFound, Throttled, Unauthorized, UnsupportedMediaType,
		WAFFiltered,
	}
}

// Default is the status of a type that nobody has customised.
func (t ResponseType) Default() int { return defaults(t).status }

// Refusal is an answer of the gateway itself. Zero fields take the type's
// defaults.
type Refusal struct {
	Type      ResponseType
	Status    int
	ErrorType string // x-amzn-ErrorType
	Message   string // shown to the client
	Detail    string // $context.error.validationErrorString
	Cause     error  // logged, never shown
}

// Refuse makes a refusal of type t.
func (t ResponseType) Refuse(cause error) *Refusal { return &Refusal{Type: t, Cause: cause} }

// Error is the text for logs.
func (r *Refusal) Error() string {
	if r.Cause != nil {
		return fmt.Sprintf("%s: %v", r.Type, r.Cause)
	}
	return string(r.Type)
}

// Unwrap is the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// GatewayResponse is a gateway response as a stage has it: a customised one,
// or the default. Issue by issue it learns templates and mapped headers; the
// body is chosen at deployment where it can be.
type GatewayResponse struct {
	Status int                                            // 0: the refusal's
	Render func(x *Exchange, r *Refusal, a *Answer) error // nil: the default body
}
