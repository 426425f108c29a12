package cognito

import (
	"errors"
	"fmt"

	"github.com/stagedoor/stagedoor/internal/fault"
)

// refuse is an error in Cognito's words: all of them have the status 400.
func refuse(code, format string, args ...any) error {
	return &fault.Error{Kind: fault.BadRequest, Type: code, Status: 400, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return refuse("InvalidParameterException", format, args...)
}

func missing(format string, args ...any) error {
	return &fault.Error{Kind: fault.NotFound, Type: "ResourceNotFoundException", Status: 400, Message: fmt.Sprintf(format, args...)}
}

func denied(format string, args ...any) error {
	return refuse("NotAuthorizedException", format, args...)
}

// wrongPassword is the one answer to whoever is not known, or not by this password.
func wrongPassword() error { return denied("Incorrect username or password.") }

func noUser() error { return refuse("UserNotFoundException", "User does not exist.") }

func wrongCode() error {
	return refuse("CodeMismatchException", "Invalid verification code provided, please try again.")
}

func oldCode() error {
	return refuse("ExpiredCodeException", "Invalid code provided, please request a code again.")
}

func tooOften() error {
	return refuse("LimitExceededException", "Attempt limit exceeded, please try after some time.")
}

// isFault says whether an error is Cognito's of that name.
func isFault(err error, code string) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Type == code
}

func isDenied(err error) bool { return isFault(err, "NotAuthorizedException") }
