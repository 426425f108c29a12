package trial

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/step"
)

// watched is the functions as a trial calls them: each call is in its log.
type watched struct {
	step.Functions
	attempt *attempt
}

// Invoke implements step.Functions.
func (w *watched) Invoke(ctx context.Context, arn string, payload []byte, stream bool) (*lambda.Result, error) {
	a, start := w.attempt, time.Now()
	a.calling(functionURL(arn, a.region), functionFields(a, start), payload)
	result, err := w.Functions.Invoke(ctx, arn, payload, stream)
	if err != nil {
		if _, ok := errors.AsType[*lambda.Throttled](err); ok {
			a.log.line("Lambda invocation failed with status: 429. Lambda request id: %s", a.id)
		}
		return result, err
	}
	a.returned = result.Payload
	a.log.line("Received response. Status: 200, Integration latency: %d ms", time.Since(start).Milliseconds())
	head := []Field{
		{"Date", time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")},
		{"Content-Type", "application/json"},
		{"Connection", "keep-alive"},
		{"x-amzn-RequestId", result.RequestID},
	}
	if result.Stream != nil {
		a.log.line("Endpoint response headers: %s", written(head))
		return result, nil
	}
	head = append(head, Field{"Content-Length", strconv.Itoa(len(result.Payload))}, Field{"X-Amz-Executed-Version", result.ExecutedVersion})
	if result.FunctionError != "" {
		head = append(head, Field{"X-Amz-Function-Error", result.FunctionError})
	}
	a.log.line("Endpoint response headers: %s", written(head))
	a.log.line("Endpoint response body before transformations: %s", shown(result.Payload))
	if result.FunctionError != "" {
		a.log.line("Lambda execution failed with status 200 due to customer function error: %s. Lambda request id: %s",
			errorMessage(result.Payload), result.RequestID)
	}
	return result, nil
}

func errorMessage(payload []byte) string {
	var e struct {
		ErrorMessage string `json:"errorMessage"`
	}
	_ = json.Unmarshal(payload, &e) // a payload of another form has no message
	return e.ErrorMessage
}

// functionURL is where API Gateway would call a function.
func functionURL(arn, region string) string {
	if part := strings.SplitN(arn, ":", 5); len(part) == 5 && part[3] != "" {
		region = part[3]
	}
	return "https://lambda." + region + ".amazonaws.com/2015-03-31/functions/" + arn + "/invocations"
}

// functionFields are what API Gateway would send along.
// parity: spec/control-plane.md 4
func functionFields(a *attempt, at time.Time) []Field {
	return []Field{
		{"x-amzn-lambda-integration-tag", a.id},
		{"Authorization", ""},
		{"X-Amz-Date", at.UTC().Format("20060102T150405Z")},
		{"x-amzn-apigateway-api-id", a.stage.APIID},
		{"Accept", "application/json"},
		{"User-Agent", "AmazonAPIGateway_" + a.stage.APIID},
		{"X-Amz-Source-Arn", "arn:aws:execute-api:" + a.region + ":" + a.stage.Account + ":" + a.stage.APIID + "/" + StageName + "/" + verb(a.req.Method) + a.resource},
	}
}
