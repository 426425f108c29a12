package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/process"
	"github.com/stagedoor/stagedoor/internal/lambda/runtimeapi"
)

// verdict is how a call came out. The error bodies are as AWS was recorded.
// parity: services-observability.md 7.4
type verdict struct {
	payload     []byte
	errorType   string // "" when it went well
	contentType string
	note        string // a line of the log about it; may be empty
	timedOut    bool
}

// failure is a verdict of the host's own.
func failure(kind, message string) verdict {
	payload, err := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
	if err != nil {
		payload = []byte("{}") // two strings always marshal
	}
	return verdict{payload: payload, errorType: kind, contentType: "application/json", note: message + "\n" + kind}
}

func timedOut(id string, after time.Duration) verdict {
	text := fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds())
	v := failure("Sandbox.Timedout", "RequestId: "+id+" Error: "+text)
	v.note, v.timedOut = text, true
	return v
}

func exited(id string, exit process.Exit) verdict {
	return failure("Runtime.ExitError", "RequestId: "+id+" Error: Runtime "+exit.String())
}

func truncated(id string) verdict {
	return failure("Runtime.TruncatedResponse", "RequestId: "+id+" Error: the response broke off")
}

func invalidEntry(id, message string) verdict {
	return failure("Runtime.InvalidEntrypoint", "RequestId: "+id+" Error: "+message)
}

// verdictOf is what the runtime said itself.
func verdictOf(a runtimeapi.Answer, id string) verdict {
	switch {
	case a.TooLarge:
		v := failure("Function.ResponseSizeTooLarge",
			fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxResponse))
		v.note = ""
		return v
	case !a.Error:
		return verdict{payload: a.Payload, contentType: a.ContentType}
	}
	var said struct {
		Type string `json:"errorType"`
	}
	if json.Unmarshal(a.Payload, &said) != nil || said.Type == "" {
		said.Type = a.ErrorType
	}
	if said.Type == "" {
		said.Type = "Runtime.Unknown"
	}
	if len(a.Payload) == 0 {
		return failure(said.Type, "RequestId: "+id+" Error: "+said.Type)
	}
	return verdict{payload: a.Payload, errorType: said.Type, contentType: "application/json"}
}

// badProgram tells the errors of starting a program that its file is to blame for.
func badProgram(err error) bool {
	for _, e := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOEXEC} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
