package program

import "github.com/stagedoor/stagedoor/internal/http1"

// Names and values of the fields that answers of the gateway have. They are
// never written to.
//
//nolint:gochecknoglobals // constants, as bytes
var (
	fieldErrorType  = http1.NewName("x-amzn-ErrorType")
	fieldRequestID  = http1.NewName("x-amzn-RequestId")
	fieldExtendedID = http1.NewName("x-amz-apigw-id")
	fieldTrace      = http1.NewName("X-Amzn-Trace-Id")
	fieldJSON       = http1.NewField([]byte("Content-Type"), []byte("application/json"))
)

// refuse makes r the answer, and fills in the defaults of its type. Together
// with the integrate steps it is the only writer of answers.
func (x *Exchange) refuse(r *Refusal) {
	d := defaults(r.Type)
	if r.Status == 0 {
		r.Status = d.status
	}
	if r.ErrorType == "" {
		r.ErrorType = d.errorType
	}
	if r.Message == "" {
		r.Message = d.message
	}
	x.drop()
	x.Answer = Answer{Status: r.Status, Fields: x.Answer.Fields[:0], Close: r.Type == BadRequest}
	x.sealed = false
	x.Answer.Fields = append(x.Answer.Fields, fieldErrorType.With(x.Keep(r.ErrorType)))
	if g := x.custom(r.Type); g != nil {
		if g.Status != 0 {
			x.Answer.Status = g.Status
		}
		if g.Render == nil {
			x.plain(r, d)
			return
		}
		kept := len(x.Answer.Fields)
		if err := g.Render(x, r, &x.Answer); err == nil {
			return
		}
		x.Answer.Fields, x.Answer.Body = x.Answer.Fields[:kept], nil
	}
	x.plain(r, d)
}

// drop closes a body that was to be sent and now is not.
func (x *Exchange) drop() {
	if x.Answer.Stream != nil {
		_ = x.Answer.Stream.Close() // nothing is read from it any more
	}
}

// custom is the gateway response that the stage has for a type, or nil.
func (x *Exchange) custom(t ResponseType) *GatewayResponse {
	if x.Stage == nil {
		return nil
	}
	return x.Stage.Responses[t]
}

// plain writes the body that no API has customised.
func (x *Exchange) plain(r *Refusal, d refusalDefault) {
	x.Answer.Fields = append(x.Answer.Fields, fieldJSON)
	from := len(x.arena)
	if r.Type == AccessDenied {
		x.arena = append(x.arena, `{"Message":`...) // parity: spec/rest-data-plane.md 1.3, the capital M
	} else {
		x.arena = append(x.arena, `{"message":`...)
	}
	if d.spaced {
		x.arena = append(x.arena, ' ')
	}
	if r.Message == "" {
		x.arena = append(x.arena, "null"...)
	} else {
		x.arena = AppendJSON(x.arena, r.Message)
	}
	x.arena = append(x.arena, '}')
	x.Answer.Body = x.arena[from:len(x.arena):len(x.arena)]
}

// seal gives the answer the fields that every answer of a gateway has. An
// exchange without an id, such as one for the control plane, gets none.
// parity: spec/rest-data-plane.md 3.6.3.
func (x *Exchange) seal() {
	if x.sealed || x.ID[0] == 0 {
		return
	}
	x.sealed = true
	fields := x.Answer.Fields
	if !typed(fields) {
		fields = append(fields, fieldJSON)
	}
	if x.ExtendedID[0] != 0 {
		fields = append(fields, fieldRequestID.Own(x.ID[:]), fieldExtendedID.Own(x.ExtendedID[:]))
	} else {
		fields = append(fields, fieldRequestID.Own(x.ID[:]))
	}
	if x.ShowTrace {
		fields = append(fields, fieldTrace.Own(x.TraceID()))
	}
	x.Answer.Fields = fields
}

// typed says whether there is a Content-Type.
func typed(fields []http1.Field) bool {
	for i := range fields {
		if f := &fields[i]; f.Known() == http1.ContentType && f.Value != nil {
			return true
		}
	}
	return false
}

type refusalDefault struct {
	status    int
	errorType string
	message   string
	spaced    bool // engine errors have a space after the colon; parity: spec/rest-data-plane.md 1.2
}

// defaults are the answers of a type that no API has customised.
func defaults(t ResponseType) refusalDefault {
	const internal = "InternalServerErrorException"
	switch t {
	case AccessDenied:
		return refusalDefault{403, "AccessDeniedException", "Access Denied", false}
	case AuthorizerConfigurationError:
		return refusalDefault{500, "AuthorizerConfigurationException", "", false} // parity: spec/security.md 0.4, a null message
	case AuthorizerFailure:
		return refusalDefault{500, "AuthorizerFailureException", "", false}
	case BadRequestBody:
		return refusalDefault{400, "BadRequestException", "Invalid request body", true}
	case BadRequestParameters:
		return refusalDefault{400, "BadRequestException", "Missing required request parameters", true}
	case Default4XX:
		return refusalDefault{400, "BadRequestException", "Bad Request", true}
	case BadRequest:
		return refusalDefault{400, "BadRequestException", "Bad Request", false}
	case ExpiredToken:
		return refusalDefault{403, "ExpiredTokenException", "The security token included in the request is expired", false}
	case IntegrationFailure:
		return refusalDefault{504, internal, "Network error communicating with endpoint", true}
	case IntegrationTimeout:
		return refusalDefault{504, internal, "Endpoint request timed out", true}
	case InvalidAPIKey, WAFFiltered, Forbidden:
		return refusalDefault{403, "ForbiddenException", "Forbidden", false}
	case InvalidSignature:
		return refusalDefault{403, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided.", false}
	case MissingAuthenticationToken:
		return refusalDefault{403, "MissingAuthenticationTokenException", "Missing Authentication Token", false}
	case QuotaExceeded:
		return refusalDefault{429, "LimitExceededException", "Limit Exceeded", false}
	case RequestTooLarge:
		return refusalDefault{413, "RequestEntityTooLargeException", "Request Too Long", false}
	case Misdirected:
		return refusalDefault{421, "MisdirectedRequestException", "Misdirected Request", false}
	case URITooLong:
		return refusalDefault{414, "BadRequestException", "Request URI too long", false} // parity: spec/rest-data-plane.md 1.5
	case ResourceNotFound, UnknownAPI:
		return refusalDefault{404, "NotFoundException", "Not Found", false}
	case Throttled:
		return refusalDefault{429, "TooManyRequestsException", "Too Many Requests", false}
	case Unauthorized:
		return refusalDefault{401, "UnauthorizedException", "Unauthorized", false}
	case UnsupportedMediaType:
		return refusalDefault{415, "BadRequestException", "Unsupported Media Type", true}
	default:
		return refusalDefault{500, internal, "Internal server error", true}
	}
}
