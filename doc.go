// Package stagedoor is Amazon API Gateway as software that anyone can run.
//
// This package is the only wiring: Config says what a stagedoor is told, New
// makes one and touches nothing, Run serves until it is told to stop.
//
// # The tour
//
// Two planes share a process and nothing but the store's feed.
//
// An AWS call comes in through control.Server, which finds its operation in the
// tables of internal/wire, decodes it by schema and calls one method of a service
// below internal/control (apigateway, lambda, iam, sts, logs): one transaction on
// internal/store. CloudFormation and SAM templates are evaluated by
// internal/engine/cfn and made into stacks by control/cloudformation, which calls
// the same operations.
//
// A request of an API is read by internal/transport with internal/http1 into a
// program.Exchange. gateway.Gateway finds its stage in a table behind one atomic
// pointer; the stage's router finds the route; the route is a flat list of steps
// (internal/step) that internal/compile made when the stage was deployed. The
// driver plays the exchange, makes the calls that it wants, and sends the answer.
//
// In between, gateway follows the feed: a deployment's snapshot
// (internal/snapshot) is compiled into a program.Stage and swapped in.
//
// Functions run in internal/lambda, as processes that speak the Lambda Runtime
// API.
//
// Start with server.go, then internal/gateway/begin.go, then
// internal/program/play.go. docs/architecture.md has the picture.
package stagedoor
