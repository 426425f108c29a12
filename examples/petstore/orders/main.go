// Command orders is a Go function for the provided.al2023 runtime. It echoes
// an order back, so that one can see what a function is told.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

type receipt struct {
	Method string            `json:"method"`
	Order  string            `json:"order"`
	Query  map[string]string `json:"query"`
	Body   string            `json:"body"`
	Caller string            `json:"caller"`
}

func handle(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	body, err := json.Marshal(receipt{
		Method: e.HTTPMethod,
		Order:  e.PathParameters["proxy"],
		Query:  e.QueryStringParameters,
		Body:   e.Body,
		Caller: e.RequestContext.Identity.SourceIP,
	})
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return events.APIGatewayProxyResponse{
		StatusCode:        201,
		Headers:           map[string]string{"Content-Type": "application/json"},
		MultiValueHeaders: map[string][]string{"Set-Cookie": {"seen=1", "order=" + e.PathParameters["proxy"]}},
		Body:              string(body),
	}, nil
}

func main() { lambda.Start(handle) }
