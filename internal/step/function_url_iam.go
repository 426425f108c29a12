package step

import (
	"encoding/json"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	signer "github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/program"
)

// AuthorizeFunctionURL compiles what a function URL of type AWS_IAM asks of its
// callers: a signature for lambda in the region, and leave to invoke the URL by
// their own policies or the function's. A browser's question before a request
// carries no signature and needs none.
// parity: AWS Lambda Developer Guide, "Control access to Lambda function URLs"
func AuthorizeFunctionURL(u FunctionURL, region string, from *Signatures) program.Step {
	if !u.Signed {
		return program.Step{}
	}
	forbidden := &program.Refusal{Type: program.AccessDenied, Message: "Forbidden"}
	if from == nil {
		return RefuseStep(forbidden, "nothing here checks signatures")
	}
	a := &signed{from: from, want: sigv4.Expect{Region: region, Service: "lambda"}}
	a.permits = func(*program.Exchange, string) bool { return false } // a URL has no cache to be told of
	return program.Step{Name: "authorize", Note: "a signature for " + region + "/lambda", Waits: true, Run: func(x *program.Exchange) error {
		if u.asksFirst(x) {
			return nil
		}
		if len(x.Header("authorization")) == 0 && !claimsSignature(x) {
			return forbidden
		}
		who, err := a.from.read(x, &a.want)
		if err != nil {
			return notSigned(err)
		}
		a.consume(x, who)
		d, _ := who.Decide(&signer.Question{
			Action: "lambda:InvokeFunctionUrl", Resource: u.FunctionARN, Policy: u.Policy,
			Circumstance: func(key string) (iam.Attribute, bool) {
				value := urlCircumstance(x, key)
				return iam.Attribute{Key: key, Value: value}, value != ""
			},
		})
		if d.Outcome != iam.Allowed {
			return forbidden
		}
		return nil
	}}
}

// urlCircumstance is the value of a condition key of a call by a signed URL.
func urlCircumstance(x *program.Exchange, key string) string {
	switch key {
	case "lambda:functionurlauthtype":
		return "AWS_IAM"
	case "lambda:invokedviafunctionurl":
		return "true"
	}
	return circumstance(x, key)
}

// signerOf is requestContext.authorizer of a signed request.
// parity: spec/http-websocket-domains.md A5.2, authorizer.iam
func signerOf(c *program.Caller) []byte {
	doc, _ := json.Marshal(map[string]any{"iam": map[string]any{ //nolint:errchkjson // strings
		"accessKey": c.AccessKey, "accountId": c.AccountID, "callerId": c.Caller, "cognitoIdentity": nil, "principalOrgId": nil,
		"userArn": c.UserARN, "userId": c.User,
	}})
	return doc
}
