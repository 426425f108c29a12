package api

import "time"

// RestAPI is one REST API, without its tree.
type RestAPI struct {
	ID                     string            `json:"id"`
	Name                   string            `json:"name"`
	Description            *string           `json:"description,omitempty"`
	Version                *string           `json:"version,omitempty"`
	CreatedDate            time.Time         `json:"createdDate"`
	APIKeySource           string            `json:"apiKeySource"` // HEADER or AUTHORIZER
	BinaryMediaTypes       []string          `json:"binaryMediaTypes,omitempty"`
	MinimumCompressionSize *int32            `json:"minimumCompressionSize,omitempty"` // bytes
	EndpointType           string            `json:"endpointType"`                     // EDGE, REGIONAL, PRIVATE
	IPAddressType          string            `json:"ipAddressType"`                    // ipv4, dualstack
	VPCEndpointIDs         []string          `json:"vpcEndpointIds,omitempty"`
	DisableExecuteEndpoint bool              `json:"disableExecuteApiEndpoint"`
	Policy                 *string           `json:"policy,omitempty"` // JSON text, not escaped
	SecurityPolicy         *string           `json:"securityPolicy,omitempty"`
	EndpointAccessMode     *string           `json:"endpointAccessMode,omitempty"`
	RootResourceID         string            `json:"rootResourceId"`
	Tags                   map[string]string `json:"tags,omitempty"`
	Warnings               []string          `json:"warnings,omitempty"`
}

// Resource is a node of a REST API's tree.
type Resource struct {
	ID       string `json:"id"`
	ParentID string `json:"parentId,omitempty"` // empty: the root
	PathPart string `json:"pathPart,omitempty"`
	Path     string `json:"path"` // full path, kept in step with the tree
}

// Method is one HTTP method of a resource with all that hangs on it: one
// document, so that a method and its integration always change together.
type Method struct {
	ResourceID          string                    `json:"resourceId"`
	HTTPMethod          string                    `json:"httpMethod"`        // GET ... or ANY
	AuthorizationType   string                    `json:"authorizationType"` // NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS
	AuthorizerID        *string                   `json:"authorizerId,omitempty"`
	AuthorizationScopes []string                  `json:"authorizationScopes,omitempty"`
	APIKeyRequired      bool                      `json:"apiKeyRequired"`
	OperationName       *string                   `json:"operationName,omitempty"`
	RequestValidatorID  *string                   `json:"requestValidatorId,omitempty"`
	RequestParameters   map[string]bool           `json:"requestParameters,omitempty"` // method.request.{path|querystring|header}.x -> required
	RequestModels       map[string]string         `json:"requestModels,omitempty"`     // media type -> model name
	Responses           map[string]MethodResponse `json:"methodResponses,omitempty"`   // status code -> response
	Integration         *Integration              `json:"methodIntegration,omitempty"`
}

// MethodResponse declares a status that a method may answer with.
type MethodResponse struct {
	StatusCode         string            `json:"statusCode"`
	ResponseParameters map[string]bool   `json:"responseParameters"` // nil: absent
	ResponseModels     map[string]string `json:"responseModels"`     // nil: absent
}

// Integration is what a method calls.
type Integration struct {
	Type                 string                         `json:"type"` // HTTP, HTTP_PROXY, AWS, AWS_PROXY, MOCK
	HTTPMethod           *string                        `json:"httpMethod,omitempty"`
	URI                  *string                        `json:"uri,omitempty"`
	ConnectionType       *string                        `json:"connectionType,omitempty"` // INTERNET, VPC_LINK
	ConnectionID         *string                        `json:"connectionId,omitempty"`
	IntegrationTarget    *string                        `json:"integrationTarget,omitempty"`
	Credentials          *string                        `json:"credentials,omitempty"`
	RequestParameters    map[string]string              `json:"requestParameters,omitempty"`
	RequestTemplates     map[string]*string             `json:"requestTemplates,omitempty"`
	PassthroughBehavior  string                         `json:"passthroughBehavior"`
	ContentHandling      *string                        `json:"contentHandling,omitempty"`
	TimeoutMillis        int32                          `json:"timeoutInMillis"`
	CacheNamespace       string                         `json:"cacheNamespace"`
	CacheKeyParameters   []string                       `json:"cacheKeyParameters"`
	InsecureSkipVerify   *bool                          `json:"insecureSkipVerification,omitempty"` // tlsConfig
	ResponseTransferMode string                         `json:"responseTransferMode,omitempty"`     // BUFFERED, STREAM
	Responses            map[string]IntegrationResponse `json:"integrationResponses,omitempty"`     // status code -> response
}

// IntegrationResponse turns an integration's answer into a method response.
type IntegrationResponse struct {
	StatusCode         string             `json:"statusCode"`
	SelectionPattern   *string            `json:"selectionPattern,omitempty"` // Java regular expression, whole match
	ResponseParameters map[string]string  `json:"responseParameters"`         // nil: absent
	ResponseTemplates  map[string]*string `json:"responseTemplates"`          // nil: absent; a nil value is shown as null
	ContentHandling    *string            `json:"contentHandling,omitempty"`
}

// Deployment is an immutable picture of an API; its content is the snapshot
// stored beside it (SnapshotKey), written in the same transaction.
type Deployment struct {
	ID          string    `json:"id"`
	Description *string   `json:"description,omitempty"`
	CreatedDate time.Time `json:"createdDate"`
}

// Stage is a named, running deployment of a REST API.
type Stage struct {
	Name                string                   `json:"stageName"`
	DeploymentID        string                   `json:"deploymentId"`
	Description         *string                  `json:"description,omitempty"`
	ClientCertificateID *string                  `json:"clientCertificateId,omitempty"`
	CacheClusterEnabled bool                     `json:"cacheClusterEnabled"`
	CacheClusterSize    *string                  `json:"cacheClusterSize,omitempty"` // GB, one of AWS's sizes
	CacheClusterStatus  string                   `json:"cacheClusterStatus"`
	CacheGeneration     int64                    `json:"cacheGeneration,omitempty"` // counts how often what the cache held was given up
	MethodSettings      map[string]MethodSetting `json:"methodSettings"`            // "{path}/{VERB}" as sent, "*/*"
	Variables           map[string]string        `json:"variables,omitempty"`
	DocumentationVer    *string                  `json:"documentationVersion,omitempty"`
	AccessLog           *AccessLogSettings       `json:"accessLogSettings,omitempty"`
	Canary              *CanarySettings          `json:"canarySettings,omitempty"`
	TracingEnabled      bool                     `json:"tracingEnabled"`
	WebACLARN           *string                  `json:"webAclArn,omitempty"`
	Tags                map[string]string        `json:"tags,omitempty"`
	CreatedDate         time.Time                `json:"createdDate"`
	LastUpdatedDate     time.Time                `json:"lastUpdatedDate"`
}

// MethodSetting is a stage's settings for a method, or for all ("*/*").
type MethodSetting struct {
	MetricsEnabled          bool    `json:"metricsEnabled"`
	LoggingLevel            *string `json:"loggingLevel,omitempty"`
	DataTraceEnabled        bool    `json:"dataTraceEnabled"`
	ThrottlingBurstLimit    int32   `json:"throttlingBurstLimit"` // requests
	ThrottlingRateLimit     float64 `json:"throttlingRateLimit"`  // requests a second
	CachingEnabled          bool    `json:"cachingEnabled"`
	CacheTTLSeconds         int32   `json:"cacheTtlInSeconds"`
	CacheDataEncrypted      bool    `json:"cacheDataEncrypted"`
	RequireAuthForCache     bool    `json:"requireAuthorizationForCacheControl"`
	UnauthorizedCacheHeader string  `json:"unauthorizedCacheControlHeaderStrategy"`
}

// AccessLogSettings says where and how a stage writes its access log.
type AccessLogSettings struct {
	DestinationARN *string `json:"destinationArn,omitempty"`
	Format         *string `json:"format,omitempty"`
}

// CanarySettings sends a share of a stage's traffic to another deployment.
type CanarySettings struct {
	DeploymentID           string            `json:"deploymentId"`
	PercentTraffic         float64           `json:"percentTraffic"` // 0..100
	StageVariableOverrides map[string]string `json:"stageVariableOverrides,omitempty"`
	UseStageCache          bool              `json:"useStageCache"`
}

// Model is a JSON schema that methods refer to by name.
type Model struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description,omitempty"`
	ContentType string  `json:"contentType"`
	Schema      string  `json:"schema"` // JSON text
}

// RequestValidator says what of a request is validated.
type RequestValidator struct {
	ID                 string `json:"id"`
	Name               string `json:"name"`
	ValidateBody       bool   `json:"validateRequestBody"`
	ValidateParameters bool   `json:"validateRequestParameters"`
}

// Authorizer says who is calling: a function that is asked, or user pools
// whose tokens are checked.
type Authorizer struct {
	ID                           string   `json:"id"`
	Name                         string   `json:"name"`
	Type                         string   `json:"type"`                    // TOKEN, REQUEST, COGNITO_USER_POOLS
	AuthType                     *string  `json:"authType,omitempty"`      // a label only: custom, cognito_user_pools
	URI                          *string  `json:"authorizerUri,omitempty"` // TOKEN, REQUEST: the function
	Credentials                  *string  `json:"authorizerCredentials,omitempty"`
	ProviderARNs                 []string `json:"providerARNs,omitempty"`   // COGNITO_USER_POOLS: the pools
	IdentitySource               *string  `json:"identitySource,omitempty"` // comma-separated method.request.* and so on
	IdentityValidationExpression *string  `json:"identityValidationExpression,omitempty"`
	ResultTTLSeconds             *int32   `json:"authorizerResultTtlInSeconds,omitempty"` // nil: 300, and not shown
}

// GatewayResponse is a customised answer of the gateway itself.
type GatewayResponse struct {
	Type       string            `json:"responseType"`
	StatusCode *string           `json:"statusCode,omitempty"`
	Parameters map[string]string `json:"responseParameters,omitempty"`
	Templates  map[string]string `json:"responseTemplates,omitempty"`
}
