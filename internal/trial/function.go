package trial

import (
	"context"
	"errors"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/step/journal"
)

// watched is the functions as a trial calls them: each call is in its log.
type watched struct {
	step.Functions
	attempt *attempt
}

// Invoke implements step.Functions.
func (w *watched) Invoke(ctx context.Context, arn string, payload []byte, stream bool) (*lambda.Result, error) {
	a, start := w.attempt, time.Now()
	a.calling(journal.FunctionURI(arn, a.region), journal.FunctionFields(a.exchange, start), payload)
	result, err := w.Functions.Invoke(ctx, arn, payload, stream)
	if err != nil {
		if _, ok := errors.AsType[*lambda.Throttled](err); ok {
			a.say.Throttled(a.id)
		}
		return result, err
	}
	a.returned = result.Payload
	a.say.Received(200, time.Since(start))
	n := len(result.Payload)
	if result.Stream != nil {
		n = -1
	}
	head := journal.FunctionReply(time.Now(), result.RequestID, n, result.FunctionError != "")
	if n >= 0 {
		head = append(head, Field{Name: "X-Amz-Executed-Version", Value: result.ExecutedVersion})
	}
	a.say.Reply(head)
	if result.Stream != nil {
		return result, nil
	}
	a.say.ReplyBody(result.Payload)
	if result.FunctionError != "" {
		a.say.FunctionFailed(result.Payload, result.RequestID)
	}
	return result, nil
}
