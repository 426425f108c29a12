package program

import "github.com/stagedoor/stagedoor/internal/http1"

// refuse makes r the answer. Together with the integrate steps it is the only
// writer of answers.
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
	x.Answer = Answer{Status: r.Status, Fields: x.Answer.Fields[:0]}
	if x.Stage != nil {
		if g := x.Stage.Responses[r.Type]; g != nil && g.Render != nil {
			if err := g.Render(x, r, &x.Answer); err == nil {
				return
			}
		}
	}
	x.Answer.Fields = append(x.Answer.Fields,
		http1.Field{Name: []byte("x-amzn-ErrorType"), Value: x.Keep(r.ErrorType)},
		http1.Field{Name: []byte("Content-Type"), Value: []byte("application/json")})
	if d.spaced {
		x.Answer.Body = x.Keep(`{"message": "`, r.Message, `"}`)
	} else {
		x.Answer.Body = x.Keep(`{"message":"`, r.Message, `"}`)
	}
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
	case AuthorizerConfigurationError, AuthorizerFailure:
		return refusalDefault{500, internal, "Internal server error", false}
	case BadRequestBody:
		return refusalDefault{400, "BadRequestException", "Invalid request body", true}
	case BadRequestParameters:
		return refusalDefault{400, "BadRequestException", "Missing required request parameters", true}
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
