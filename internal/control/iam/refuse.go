package iam

import (
	"fmt"

	"github.com/stagedoor/stagedoor/internal/fault"
)

// missing says that there is no such thing.
func missing(format string, args ...any) *fault.Error {
	return &fault.Error{Kind: fault.NotFound, Type: "NoSuchEntity", Status: 404, Message: fmt.Sprintf(format, args...)}
}

// taken says that there is such a thing already.
func taken(format string, args ...any) *fault.Error {
	return &fault.Error{Kind: fault.Conflict, Type: "EntityAlreadyExists", Status: 409, Message: fmt.Sprintf(format, args...)}
}

// conflict says that a thing cannot be deleted while others hang on it.
func conflict(message string) *fault.Error {
	return &fault.Error{Kind: fault.Conflict, Type: "DeleteConflict", Status: 409, Message: message}
}

// tooMany says that a quota is used up.
func tooMany(format string, args ...any) *fault.Error {
	return &fault.Error{Kind: fault.Conflict, Type: "LimitExceeded", Status: 409, Message: fmt.Sprintf(format, args...)}
}

// invalid says that a value can not be right, whatever is stored.
func invalid(format string, args ...any) *fault.Error {
	return &fault.Error{Kind: fault.BadRequest, Type: "InvalidInput", Status: 400, Message: fmt.Sprintf(format, args...)}
}

// malformed says what is wrong with a policy document.
func malformed(message string) *fault.Error {
	return &fault.Error{Kind: fault.BadRequest, Type: "MalformedPolicyDocument", Status: 400, Message: message}
}
