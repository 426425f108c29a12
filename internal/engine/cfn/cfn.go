// Package cfn evaluates CloudFormation and SAM templates: text in, resources
// with their properties out.
//
// It works in three phases, each a value that does not change:
//
//	Parse       text -> *Template   what the template says; needs no parameters (GetTemplateSummary)
//	Transform   *Template -> *Plan  parameters checked, macros expanded, conditions decided, order known
//	Resolve     one resource of the Plan -> its properties, given what Ref and GetAtt of those before it gave
//
// A provisioner therefore goes
//
//	t, problems := cfn.Parse(cfn.Source{Name: "template.yaml", Text: text}, files)
//	plan, problems := t.Transform(cfn.Inputs{Parameters: given, Region: "us-east-1", ...})
//	for _, id := range plan.Order() {
//		properties, problems := plan.Resolve(id, env) // env answers for the resources created so far
//		... create or update plan.Resource(id) ...
//	}
//	outputs, problems := plan.Outputs(env)
//
// and deletes in reverse. Needs tells which resources must come first, so
// independent ones can be made at a time.
//
// Problems are values with a place, in AWS's words where they are known, and
// come all at once: an empty list means that the result may be used. With
// problems the result may be nil.
//
// The package does no I/O: what a template names beside itself (AWS::Include,
// DefinitionUri) is read through Files, which the caller gives. It holds no
// state and calls no function of the caller after it returned.
package cfn

import (
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// Value is a node of a template's tree; it knows its place.
type Value = doc.Value

// Problem is one thing wrong with a template.
type Problem = doc.Problem

// Source is the text of a template, YAML or JSON, at most 1 MB.
type Source struct {
	Name string // names the text in problems; may be empty
	Text []byte
}

// Files reads what a template names beside itself. Name is as written there: a
// path relative to the template, or an s3:// or https:// URL.
type Files interface {
	ReadFile(name string) ([]byte, error)
}

// LocalBucket stands as the S3Bucket of code that is a file or folder beside
// the template (its S3Key, as written there). Only templates evaluated with
// Inputs.Local have it.
const LocalBucket = "stagedoor-local"

// Inputs is what a template is evaluated with.
type Inputs struct {
	// Parameters are the values given, by name; a list is one text with commas.
	Parameters map[string]string

	AccountID        string
	Region           string
	Partition        string // "aws" if empty
	URLSuffix        string // "amazonaws.com" if empty
	StackName        string
	StackID          string
	NotificationARNs []string

	// Now goes into the deployments of SAM APIs with AlwaysDeploy.
	Now time.Time

	// Application gives the URL of the template of an application in the
	// Serverless Application Repository; nil where there is none.
	Application func(id, version string) (templateURL string, err error)

	// Local lets CodeUri, DefinitionUri and the like name files beside the
	// template, as `aws cloudformation package` does. See LocalBucket.
	Local bool

	// Supported are the resource types that can be created; one that ends in
	// "*" stands for all that begin so. Empty: any type.
	Supported []string

	// Unknown says what to do with a type that is not supported.
	Unknown UnknownTypes
}

// UnknownTypes says what to do with resource types that cannot be created.
type UnknownTypes uint8

// The ways to treat an unknown type.
const (
	RefuseUnknown UnknownTypes = iota // a problem for each
	StubUnknown                       // keep it, marked Stub, and leave a warning
	StubHarmless                      // stub types that no API depends on (monitoring, DNS, build), refuse others
)

// Env answers for resources that exist. An error becomes a problem at the
// place that asked; one that wraps ErrLater makes the value Unknown instead,
// which is how a change set is made before anything is.
type Env interface {
	// Ref is the Ref value of a resource: a string.
	Ref(logicalID string) (any, error)
	// GetAtt is an attribute of a resource, as plain JSON value.
	GetAtt(logicalID, attribute string) (any, error)
	// Import is the value of an export.
	Import(name string) (any, error)
	// Dynamic is what "{{resolve:SERVICE:KEY}}" stands for.
	Dynamic(service, key string) (string, error)
}
