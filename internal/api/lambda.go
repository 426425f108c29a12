package api

import (
	"fmt"
	"strings"
	"time"
)

// Latest is the version of a function that changes.
const Latest = "$LATEST"

// Function is a function's own document: $LATEST and what is common to all
// of its versions.
type Function struct {
	Name        string            `json:"name"`
	Latest      FunctionVersion   `json:"latest"`
	LastVersion int64             `json:"lastVersion"`        // number of the version published last, also if it is gone; 0: none
	Reserved    *int32            `json:"reserved,omitempty"` // concurrent calls; nil: not reserved
	Tags        map[string]string `json:"tags,omitempty"`
	RuntimeOn   string            `json:"updateRuntimeOn,omitempty"` // Auto (also if empty), FunctionUpdate, Manual
	RuntimeARN  string            `json:"runtimeVersionArn,omitempty"`
	Recursion   string            `json:"recursiveLoop,omitempty"` // Terminate (also if empty), Allow
	CreatedDate time.Time         `json:"createdDate"`
}

// FunctionVersion is code and configuration: $LATEST, or a published version,
// which never changes but for its revision.
type FunctionVersion struct {
	Version        string            `json:"version"`
	RevisionID     string            `json:"revisionId"`
	Description    string            `json:"description"`
	Code           FunctionCode      `json:"code"`
	Runtime        string            `json:"runtime"`
	Role           string            `json:"role"`
	Handler        string            `json:"handler"`
	Timeout        int32             `json:"timeout"`               // seconds
	Memory         int32             `json:"memorySize"`            // MB
	Ephemeral      int32             `json:"ephemeralStorage"`      // MB of /tmp
	Environment    map[string]string `json:"environment,omitempty"` // variable -> value; secret
	Layers         []LayerUse        `json:"layers,omitempty"`      // later ones overwrite
	Architecture   string            `json:"architecture"`          // x86_64, arm64
	TracingMode    string            `json:"tracingMode"`           // PassThrough, Active
	DeadLetterARN  *string           `json:"deadLetterArn,omitempty"`
	KMSKeyARN      *string           `json:"kmsKeyArn,omitempty"`
	SnapStart      string            `json:"snapStart"` // None, PublishedVersions
	Logging        FunctionLogging   `json:"logging"`
	VPC            *FunctionVPC      `json:"vpc,omitempty"`
	FileSystems    []FunctionFileUse `json:"fileSystems,omitempty"`
	CodeSigningARN *string           `json:"codeSigningConfigArn,omitempty"`
	LastModified   time.Time         `json:"lastModified"`
}

// FunctionCode says where the code of a version is.
type FunctionCode struct {
	Sum      string `json:"sum"`              // SHA-256 of the zip in hex: its name on disk; of the folder's look if Folder is set
	Size     int64  `json:"size"`             // bytes of the zip
	Unzipped int64  `json:"unzipped"`         // bytes of its files
	Folder   string `json:"folder,omitempty"` // absolute path, used as it lies; never shown to callers
}

// LayerUse is a layer version that a function version uses.
type LayerUse struct {
	ARN  string `json:"arn"` // of the layer version
	Size int64  `json:"size"`
	Sum  string `json:"sum"` // of its zip, so that it can be used after the layer version is deleted
	// Unzipped is the bytes of its files.
	Unzipped int64 `json:"unzipped"`
}

// FunctionLogging says how and where a function logs.
type FunctionLogging struct {
	Format           string `json:"format"` // Text, JSON
	Group            string `json:"group"`
	ApplicationLevel string `json:"applicationLevel,omitempty"` // JSON only
	SystemLevel      string `json:"systemLevel,omitempty"`      // JSON only
}

// FunctionVPC is kept for those who read it back; functions run where stagedoor runs.
type FunctionVPC struct {
	SubnetIDs        []string `json:"subnetIds"`
	SecurityGroupIDs []string `json:"securityGroupIds"`
	IPv6             bool     `json:"ipv6"`
}

// FunctionFileUse is a file system that a function mounts; kept, not mounted.
type FunctionFileUse struct {
	ARN       string `json:"arn"`
	MountPath string `json:"localMountPath"`
}

// FunctionAlias is a name for a version, or for two by weight.
type FunctionAlias struct {
	Name        string             `json:"name"`
	Version     string             `json:"functionVersion"`
	Description string             `json:"description"`
	Weights     map[string]float64 `json:"weights,omitempty"` // further version -> its share, 0..1
	RevisionID  string             `json:"revisionId"`
}

// FunctionPolicy is who may use a function, a version or an alias of it.
type FunctionPolicy struct {
	Statements []FunctionGrant `json:"statements"` // in the order they were added
}

// FunctionGrant is one statement, in the form in which AWS shows it.
type FunctionGrant struct {
	Sid       string          `json:"Sid"`
	Effect    string          `json:"Effect"`
	Principal GrantPrincipal  `json:"Principal"`
	Action    string          `json:"Action"`
	Resource  string          `json:"Resource"`
	Condition *GrantCondition `json:"Condition,omitempty"`
}

// GrantCondition is what must hold besides, as operator -> key -> value; the
// order is AWS's.
type GrantCondition struct {
	Bool         map[string]string `json:"Bool,omitempty"`
	StringEquals map[string]string `json:"StringEquals,omitempty"`
	StringLike   map[string]string `json:"StringLike,omitempty"`
	ArnEquals    map[string]string `json:"ArnEquals,omitempty"`
	ArnLike      map[string]string `json:"ArnLike,omitempty"`
}

// FunctionURL is an HTTP address of a function or an alias.
type FunctionURL struct {
	ID         string        `json:"id"`         // first label of its host name
	Qualifier  string        `json:"qualifier"`  // alias; empty: the function
	AuthType   string        `json:"authType"`   // NONE, AWS_IAM
	InvokeMode string        `json:"invokeMode"` // BUFFERED, RESPONSE_STREAM
	CORS       *FunctionCORS `json:"cors,omitempty"`
	Created    time.Time     `json:"created"`
	Modified   time.Time     `json:"modified"`
}

// FunctionCORS is what a function URL answers to browsers.
type FunctionCORS struct {
	AllowCredentials *bool    `json:"allowCredentials,omitempty"`
	AllowHeaders     []string `json:"allowHeaders,omitempty"`
	AllowMethods     []string `json:"allowMethods,omitempty"`
	AllowOrigins     []string `json:"allowOrigins,omitempty"`
	ExposeHeaders    []string `json:"exposeHeaders,omitempty"`
	MaxAge           *int32   `json:"maxAge,omitempty"` // seconds
}

// FunctionAsync says what becomes of asynchronous calls.
type FunctionAsync struct {
	Qualifier string    `json:"qualifier"`
	Retries   *int32    `json:"maximumRetryAttempts,omitempty"`     // default 2
	MaxAge    *int32    `json:"maximumEventAgeInSeconds,omitempty"` // default 21600
	OnSuccess *string   `json:"onSuccess,omitempty"`                // ARN of the destination
	OnFailure *string   `json:"onFailure,omitempty"`                // ARN of the destination
	Modified  time.Time `json:"modified"`
}

// FunctionProvisioned is provisioned concurrency of a version or an alias.
type FunctionProvisioned struct {
	Qualifier string    `json:"qualifier"`
	Requested int32     `json:"requested"`
	Modified  time.Time `json:"modified"`
}

// FunctionEvent is an asynchronous call that is still to be made.
type FunctionEvent struct {
	ID        string    `json:"id"` // orders events by the time they came
	Function  string    `json:"function"`
	Qualifier string    `json:"qualifier,omitempty"`
	RequestID string    `json:"requestId"`
	Payload   []byte    `json:"payload"`
	Context   []byte    `json:"context,omitempty"` // client context
	Trace     string    `json:"trace,omitempty"`   // X-Amzn-Trace-Id
	Accepted  time.Time `json:"accepted"`
	Due       time.Time `json:"due"`       // of the next attempt
	Failures  int       `json:"failures"`  // attempts that the function answered with an error
	Throttles int       `json:"throttles"` // attempts that did not reach it
	Node      string    `json:"node,omitempty"`
	Lease     time.Time `json:"lease"` // until then it is Node's alone
	// Depth counts the destinations that led here, so that a circle ends.
	Depth int `json:"depth,omitempty"`
}

// Layer is what is common to the versions of a layer.
type Layer struct {
	Name        string `json:"name"`
	LastVersion int64  `json:"lastVersion"` // also if that version is gone
}

// LayerVersion is one version of a layer; it never changes.
type LayerVersion struct {
	Name          string       `json:"name"`
	Version       int64        `json:"version"`
	Description   string       `json:"description"`
	License       *string      `json:"licenseInfo,omitempty"`
	Runtimes      []string     `json:"compatibleRuntimes,omitempty"`
	Architectures []string     `json:"compatibleArchitectures,omitempty"`
	Code          FunctionCode `json:"code"`
	CreatedDate   time.Time    `json:"createdDate"`
}

// Functions is the prefix of all functions' own documents.
const Functions string = "function/"

// FunctionKey is the document of one function.
func FunctionKey(name string) string { return Functions + seg(name) }

// FunctionTrees is the prefix of the trees of all functions.
const FunctionTrees string = "fn/"

// FunctionTree is the prefix of everything that belongs to one function but its own document.
func FunctionTree(name string) string { return FunctionTrees + seg(name) + "/" }

// FunctionVersions is the prefix of a function's published versions.
func FunctionVersions(name string) string { return FunctionTree(name) + "version/" }

// FunctionVersionKey is one published version; versions come in the order of their numbers.
func FunctionVersionKey(name, number string) string {
	return FunctionVersions(name) + strings.Repeat("0", max(0, 12-len(number))) + seg(number)
}

// FunctionAliases is the prefix of a function's aliases.
func FunctionAliases(name string) string { return FunctionTree(name) + "alias/" }

// FunctionAliasKey is one alias.
func FunctionAliasKey(name, alias string) string { return FunctionAliases(name) + seg(alias) }

// FunctionPolicies is the prefix of a function's policies.
func FunctionPolicies(name string) string { return FunctionTree(name) + "policy/" }

// FunctionPolicyKey is the policy of a version or alias, or of the function if qualifier is $LATEST.
func FunctionPolicyKey(name, qualifier string) string { return FunctionPolicies(name) + seg(qualifier) }

// FunctionURLs is the prefix of a function's URLs.
func FunctionURLs(name string) string { return FunctionTree(name) + "url/" }

// FunctionURLKey is the URL of an alias, or of the function if qualifier is $LATEST.
func FunctionURLKey(name, qualifier string) string { return FunctionURLs(name) + seg(qualifier) }

// FunctionAsyncs is the prefix of a function's settings for asynchronous calls.
func FunctionAsyncs(name string) string { return FunctionTree(name) + "async/" }

// FunctionAsyncKey is the settings of a version or alias, or of $LATEST.
func FunctionAsyncKey(name, qualifier string) string { return FunctionAsyncs(name) + seg(qualifier) }

// FunctionProvisions is the prefix of a function's provisioned concurrency.
func FunctionProvisions(name string) string { return FunctionTree(name) + "provisioned/" }

// FunctionProvisionedKey is the provisioned concurrency of a version or alias.
func FunctionProvisionedKey(name, qualifier string) string {
	return FunctionProvisions(name) + seg(qualifier)
}

// FunctionEvents is the prefix of the queue of asynchronous calls.
const FunctionEvents string = "fnevent/"

// FunctionEventKey is one asynchronous call.
func FunctionEventKey(id string) string { return FunctionEvents + seg(id) }

// Layers is the prefix of all layers' own documents.
const Layers string = "layer/"

// LayerKey is what is common to the versions of a layer.
func LayerKey(name string) string { return Layers + seg(name) }

// AllLayerVersions is the prefix of the versions of all layers.
const AllLayerVersions string = "layerversion/"

// LayerVersions is the prefix of the versions of one layer.
func LayerVersions(name string) string { return AllLayerVersions + seg(name) + "/" }

// LayerVersionKey is one version of a layer; versions come in the order of their numbers.
func LayerVersionKey(name string, number int64) string {
	return LayerVersions(name) + fmt.Sprintf("%012d", number)
}

// CodeSecretKey is the key that addresses of code are signed with.
const CodeSecretKey string = "fnsecret"
