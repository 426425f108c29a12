// Command echo is the Go function of this package's tests: a bootstrap made with
// the stock Lambda library. Its event says what it shall do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string          `json:"do"`
	N    int             `json:"n"`
	Text string          `json:"text"`
	Echo json.RawMessage `json:"echo"`
}

type failed struct{ text string }

func (f failed) Error() string { return f.text }

// broken is a stream that fails after its text.
type broken struct{ text io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.text.Read(p)
	if errors.Is(err, io.EOF) {
		err = failed{"broke off"}
	}
	return n, err
}

func (broken) ContentType() string { return "application/vnd.awslambda.http-integration-response" }

func handle(ctx context.Context, e event) (any, error) {
	switch e.Do {
	case "fail":
		return nil, failed{e.Text}
	case "panic":
		panic(e.Text)
	case "exit":
		os.Exit(e.N)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Minute)
	case "sleep":
		time.Sleep(time.Duration(e.N) * time.Millisecond)
	case "print":
		for i := range e.N {
			fmt.Println(e.Text, i)
		}
	case "stream":
		return strings.NewReader(e.Text), nil
	case "broken":
		return broken{strings.NewReader(e.Text)}, nil
	case "environ":
		return os.Environ(), nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "client": lc.ClientContext,
			"left": time.Until(deadline).Seconds(), "trace": os.Getenv("_X_AMZN_TRACE_ID"),
		}, nil
	}
	return map[string]any{"echo": e.Echo, "pid": os.Getpid()}, nil
}

func main() {
	if file := os.Getenv("TERM_FILE"); file != "" {
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM)
		lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() {
			_ = os.WriteFile(file, []byte("terminated"), 0o600)
		}))
		return
	}
	lambda.Start(handle)
}
