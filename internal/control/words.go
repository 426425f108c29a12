package control

import (
	"net/http"

	"github.com/stagedoor/stagedoor/internal/fault"
)

// words are the error codes that a service uses where a fault names none.
type words struct {
	kinds     map[fault.Kind]string
	malformed string // a message that is not what the schema wants
	invalid   string // a value that breaks a constraint
}

// wordsOf is the table of the services' own words. A fault that needs another
// code names it; what a service does not list is common to all.
func wordsOf(service string) words {
	w := words{malformed: "SerializationException", invalid: "ValidationException", kinds: map[fault.Kind]string{}}
	switch service {
	case "apigateway", "apigatewayv2":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "BadRequestException", fault.NotFound: "NotFoundException", fault.Conflict: "ConflictException",
			fault.TooMany: "TooManyRequestsException", fault.Unavailable: "ServiceUnavailableException",
		}
	case "apigatewaymanagementapi":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "BadRequestException", fault.NotFound: "GoneException", fault.Denied: "ForbiddenException",
			fault.TooMany: "LimitExceededException", fault.TooLarge: "PayloadTooLargeException",
		}
	case "lambda":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "InvalidParameterValueException", fault.NotFound: "ResourceNotFoundException",
			fault.Conflict: "ResourceConflictException", fault.TooMany: "TooManyRequestsException",
			fault.Precondition: "PreconditionFailedException", fault.Internal: "ServiceException",
			fault.TooLarge: "RequestEntityTooLargeException",
		}
		w.malformed = "InvalidRequestContentException"
	case "sts", "iam":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "ValidationError", fault.NotFound: "NoSuchEntity", fault.Conflict: "EntityAlreadyExists",
			fault.TooMany: "Throttling", fault.Denied: "AccessDenied", fault.Internal: "InternalFailure",
		}
		w.malformed, w.invalid = "MalformedInput", "ValidationError"
	case "cloudformation":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "ValidationError", fault.NotFound: "ValidationError", fault.Conflict: "AlreadyExistsException",
			fault.TooMany: "Throttling", fault.Denied: "AccessDenied", fault.Internal: "InternalFailure",
		}
		w.malformed, w.invalid = "MalformedInput", "ValidationError"
	case "cloudwatch":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "InvalidParameterValueException", fault.NotFound: "ResourceNotFoundException",
			fault.Conflict: "ConflictException", fault.Internal: "InternalServiceFault", fault.TooMany: "Throttling",
		}
		w.invalid = "InvalidParameterValueException"
	case "cognito-identity-provider":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "InvalidParameterException", fault.NotFound: "ResourceNotFoundException", fault.Denied: "NotAuthorizedException",
			fault.TooMany: "TooManyRequestsException", fault.Internal: "InternalErrorException",
		}
		w.invalid = "InvalidParameterException"
	case "logs":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "InvalidParameterException", fault.NotFound: "ResourceNotFoundException",
			fault.Conflict: "ResourceAlreadyExistsException", fault.TooMany: "ThrottlingException",
			fault.Precondition: "OperationAbortedException", fault.Unavailable: "ServiceUnavailableException",
		}
		w.invalid = "InvalidParameterException"
	case "cloudtrail":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "InvalidParameterException", fault.NotFound: "TrailNotFoundException",
			fault.Conflict: "TrailAlreadyExistsException", fault.TooMany: "ThrottlingException",
		}
	case "wafv2":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "WAFInvalidParameterException", fault.NotFound: "WAFNonexistentItemException",
			fault.Conflict: "WAFDuplicateItemException", fault.Precondition: "WAFOptimisticLockException",
			fault.Internal: "WAFInternalErrorException", fault.TooMany: "ThrottlingException",
		}
	case "acm":
		w.kinds = map[fault.Kind]string{
			fault.BadRequest: "InvalidParameterException", fault.NotFound: "ResourceNotFoundException",
			fault.Conflict: "ConflictException", fault.TooMany: "ThrottlingException",
		}
	}
	return w
}

// code is the error code for a fault of kind k that names none.
func (w words) code(k fault.Kind) string {
	if code := w.kinds[k]; code != "" {
		return code
	}
	switch k {
	case fault.BadRequest:
		return w.invalid
	case fault.NotFound:
		return "ResourceNotFoundException"
	case fault.Conflict:
		return "ConflictException"
	case fault.TooMany:
		return "ThrottlingException"
	case fault.Denied:
		return "AccessDeniedException"
	case fault.Precondition:
		return "PreconditionFailedException"
	case fault.TooLarge:
		return "RequestEntityTooLargeException"
	case fault.Unavailable:
		return "ServiceUnavailableException"
	case fault.Unbuilt:
		return "NotImplementedException"
	default:
		return "InternalFailure"
	}
}

// status is the HTTP status for a fault of kind k, where neither it nor the
// model names one.
func status(k fault.Kind) int {
	switch k {
	case fault.BadRequest:
		return http.StatusBadRequest
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Denied:
		return http.StatusForbidden
	case fault.Precondition:
		return http.StatusPreconditionFailed
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Unbuilt:
		return http.StatusNotImplemented
	default:
		return http.StatusInternalServerError
	}
}
