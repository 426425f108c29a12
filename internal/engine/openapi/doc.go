// Package openapi reads OpenAPI 3.0 and Swagger 2.0 documents with AWS's
// x-amazon-apigateway-* extensions into what a REST API is made of.
//
// It is pure: text in, an API out. What AWS takes and merely complains about
// is a warning; what AWS refuses is an error that wraps ErrInvalid. The order of
// members in schemas is kept, since they are shown again to their author.
package openapi

import "errors"

// ErrInvalid is a document that AWS refuses.
var ErrInvalid = errors.New("Invalid OpenAPI input.") // parity: spec/definitions.md 5.2, recorded

// Limits of a document.
const (
	MaxBytes = 6 << 20 // parity: ImportRestApi, payload limit
	maxDepth = 100
	maxNodes = 2_000_000
	// What aliases and references may blow a document up to, in bytes: a text
	// that ten thousand operations refer to is stored ten thousand times.
	maxExpanded = 64 << 20
)

// Base path modes of an import.
const (
	BasePathIgnore  = "ignore"
	BasePathPrepend = "prepend"
	BasePathSplit   = "split"
)

// Options of an import.
type Options struct {
	BasePath            string            // BasePathIgnore when empty
	IgnoreDocumentation bool              // no documentation parts
	Variables           map[string]string // "AWS::Region" -> "us-east-1"; replaced in every string
}

// API is what a document says, in the order in which it says it.
type API struct {
	Title                  string
	Version                *string
	Description            *string
	APIKeySource           *string
	Policy                 *string // JSON text
	BinaryMediaTypes       []string
	MinimumCompressionSize *int32
	DisableExecuteEndpoint *bool
	VPCEndpointIDs         []string
	EndpointAccessMode     *string
	SecurityPolicy         *string
	Paths                  []Path
	Models                 []Model
	Validators             []Validator
	Authorizers            []Authorizer
	GatewayResponses       []GatewayResponse
	Documentation          *Documentation
	Warnings               []string
}

// Path is a resource that the document names; parents are not listed.
type Path struct {
	Path    string // starts with '/', no trailing slash
	Methods []Method
}

// Method is one operation.
type Method struct {
	HTTPMethod        string // upper case, or ANY
	OperationName     *string
	AuthorizationType string  // NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS
	Authorizer        *string // name of one of API.Authorizers
	Scopes            []string
	APIKeyRequired    bool
	Validator         *string // name of one of API.Validators
	RequestParameters map[string]bool
	RequestModels     map[string]string
	Responses         []Response
	Integration       *Integration
}

// Response is a method response.
type Response struct {
	StatusCode string
	Parameters map[string]bool   // nil: none
	Models     map[string]string // nil: none
}

// Integration is x-amazon-apigateway-integration.
type Integration struct {
	Type                 string // upper case
	HTTPMethod           *string
	URI                  *string
	Credentials          *string
	RequestParameters    map[string]string
	RequestTemplates     map[string]*string
	PassthroughBehavior  *string
	ContentHandling      *string
	TimeoutMillis        *int32
	ConnectionType       *string
	ConnectionID         *string
	IntegrationTarget    *string
	ResponseTransferMode *string
	CacheNamespace       *string
	CacheKeyParameters   []string
	InsecureSkipVerify   *bool
	Responses            []IntegrationResponse
}

// IntegrationResponse is one entry of an integration's responses.
type IntegrationResponse struct {
	SelectionPattern *string // nil for "default"
	StatusCode       string
	Parameters       map[string]string
	Templates        map[string]*string
	ContentHandling  *string
}

// Model is a named schema. Refs to other models are written by Text.
type Model struct {
	Name        string
	Description *string
	schema      any
}

// Validator is one of x-amazon-apigateway-request-validators.
type Validator struct {
	Name             string
	Body, Parameters bool
}

// Authorizer is a security scheme with x-amazon-apigateway-authorizer.
type Authorizer struct {
	Name         string
	Type         string // TOKEN, REQUEST, COGNITO_USER_POOLS
	AuthType     *string
	URI          *string
	Credentials  *string
	Identity     *string // identitySource
	Validation   *string // identityValidationExpression
	TTLSeconds   *int32
	ProviderARNs []string
}

// GatewayResponse is one of x-amazon-apigateway-gateway-responses.
type GatewayResponse struct {
	Type       string
	StatusCode *string
	Parameters map[string]string
	Templates  map[string]string
}

// Documentation is x-amazon-apigateway-documentation.
type Documentation struct {
	Version *string
	Created *string // of exports only
	Parts   []DocumentationPart
}

// DocumentationPart is one part with its place.
type DocumentationPart struct {
	Type, Path, Method, StatusCode, Name string // empty: absent
	Properties                           string // JSON text
}
