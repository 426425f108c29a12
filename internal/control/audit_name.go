package control

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// readers begin the names of operations that change nothing, in services whose
// protocol does not tell by the method.
//
//nolint:gochecknoglobals // a table
var readers = []string{
	"Get", "List", "Describe", "Lookup", "BatchGet", "Simulate", "Filter", "Test", "Search", "Decode", "Estimate", "Validate", "View", "Export", "Check",
}

// unrecorded are operations that are no events of the trail: they try, carry
// traffic, or carry data.
//
// parity: services-observability.md 9.6; for Lambda and the others "data
// events" of the CloudTrail User Guide
func unrecorded(service, operation string) bool {
	switch service + "." + operation {
	case "apigateway.TestInvokeMethod", "apigateway.TestInvokeAuthorizer",
		"lambda.Invoke", "lambda.InvokeAsync", "lambda.InvokeWithResponseStream",
		"logs.PutLogEvents", "cloudwatch.PutMetricData",
		"cognito-identity-provider.InitiateAuth", "cognito-identity-provider.RespondToAuthChallenge", "cognito-identity-provider.GetTokensFromRefreshToken":
		return true
	}
	return service == "apigatewaymanagementapi"
}

// issues says that an operation hands out credentials: it is recorded although
// it changes nothing.
func issues(service, operation string) bool {
	return service == "sts" && (strings.HasPrefix(operation, "Assume") || operation == "GetSessionToken" || operation == "GetFederationToken")
}

// readOnly says whether an operation changes nothing.
func readOnly(t *wire.Service, op *wire.Operation) bool {
	if issues(t.Name, op.Name) {
		return true
	}
	if t.Speaks(wire.RestJSON) {
		return op.Method == "GET" || op.Method == "HEAD"
	}
	for _, r := range readers {
		if strings.HasPrefix(op.Name, r) {
			return true
		}
	}
	return false
}

// recorded says whether calls of an operation leave a record.
func recorded(t *wire.Service, op *wire.Operation) bool {
	if unrecorded(t.Name, op.Name) {
		return false
	}
	return !readOnly(t, op) || issues(t.Name, op.Name)
}

// eventName is what an operation is called in events: its name, but for
// Lambda's, some of which have a date.
//
// parity: "Lambda management events in CloudTrail", Lambda Developer Guide
func eventName(t *wire.Service, op *wire.Operation) string {
	if t.Name != "lambda" {
		return op.Name
	}
	switch op.Name {
	case "CreateFunction", "DeleteFunction", "CreateAlias", "UpdateAlias", "DeleteAlias", "PublishVersion",
		"CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping":
		return op.Name + "20150331"
	case "UpdateFunctionCode", "UpdateFunctionConfiguration", "AddPermission", "RemovePermission":
		return op.Name + "20150331v2"
	case "PutFunctionConcurrency", "DeleteFunctionConcurrency":
		return op.Name + "20171031"
	case "PublishLayerVersion", "DeleteLayerVersion", "AddLayerVersionPermission", "RemoveLayerVersionPermission":
		return op.Name + "20181031"
	case "TagResource", "UntagResource":
		return op.Name + "20170331v2"
	}
	return op.Name
}
