package sam

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// A schema names the properties of a type, one a word:
//
//	Name:kinds   kinds are s string, m map, b boolean, l list, i integer, * any
//	...!         the property is required
//	...=         a function does not pass for a value of the kind
//	...M         a map whose values are maps
//
// Words may repeat; the last counts.
type schema string

const (
	functionSchema schema = `FunctionName:sm Handler:* Runtime:* CodeUri:* ImageUri:* PackageType:* InlineCode:*
DeadLetterQueue:m Description:* MemorySize:* Timeout:* VpcConfig:* Role:s AssumeRolePolicyDocument:m Policies:sml
RolePath:* PermissionsBoundary:s Environment:M Events:M Tags:m PropagateTags:b Tracing:ms KmsKeyArn:*
DeploymentPreference:m ReservedConcurrentExecutions:* Layers:l EventInvokeConfig:m EphemeralStorage:* AutoPublishAlias:s
AutoPublishCodeSha256:s AutoPublishAliasAllProperties:b= VersionDescription:* ProvisionedConcurrencyConfig:*
FileSystemConfigs:* ImageConfig:* CodeSigningConfigArn:* Architectures:* SnapStart:m FunctionUrlConfig:m
RuntimeManagementConfig:* LoggingConfig:* RecursiveLoop:* SourceKMSKeyArn:* CapacityProviderConfig:m
FunctionScalingConfig:m VersionDeletionPolicy:s PublishToLatestPublished:* TenancyConfig:* DurableConfig:m`

	apiSchema schema = `__MANAGE_SWAGGER:b Name:sm StageName:sm! Tags:m PropagateTags:b DefinitionBody:m DefinitionUri:sm
MergeDefinitions:b= CacheClusterEnabled:b CacheClusterSize:s Variables:m EndpointConfiguration:sm MethodSettings:l
BinaryMediaTypes:l MinimumCompressionSize:i Cors:sm Auth:m GatewayResponses:m AccessLogSetting:m CanarySetting:m
TracingEnabled:b OpenApiVersion:s Models:m Domain:m FailOnWarnings:b Description:s Mode:s DisableExecuteApiEndpoint:b
ApiKeySourceType:s AlwaysDeploy:b= Policy:sm SecurityPolicy:s EndpointAccessMode:s`

	httpSchema schema = `__MANAGE_SWAGGER:b Name:* StageName:sm Tags:m PropagateTags:b DefinitionBody:m DefinitionUri:sm
StageVariables:m CorsConfiguration:bm AccessLogSettings:m DefaultRouteSettings:m Auth:m RouteSettings:m Domain:m
FailOnWarnings:b Description:s DisableExecuteApiEndpoint:b`

	webSocketSchema schema = `ApiKeySelectionExpression:s AccessLogSettings:m Auth:m DefaultRouteSettings:m Description:s
DisableExecuteApiEndpoint:b Domain:m DisableSchemaValidation:b FailOnWarnings:b IpAddressType:s Name:s PropagateTags:b
Routes:m! RouteSettings:m RouteSelectionExpression:s! StageName:sm StageVariables:m Tags:m`

	tableSchema schema = `PointInTimeRecoverySpecification:* PrimaryKey:m ProvisionedThroughput:m TableName:sm Tags:m
SSESpecification:m`

	applicationSchema schema = `Location:sm! TemplateUrl:s Parameters:m NotificationARNs:l Tags:m TimeoutInMinutes:i`

	layerSchema schema = `LayerName:sm Description:s PublishLambdaVersion:b ContentUri:sm! CompatibleArchitectures:l
CompatibleRuntimes:l LicenseInfo:s RetentionPolicy:s`

	stateMachineSchema schema = `Definition:m DefinitionUri:sm Logging:m Role:s RolePath:* DefinitionSubstitutions:m Events:M
Name:s Type:s Tags:m PropagateTags:b Policies:sl Tracing:m PermissionsBoundary:s AutoPublishAlias:* DeploymentPreference:*
UseAliasAsEventTarget:b=`

	connectorSchema schema = `Source:m! Destination:ml! Permissions:l!`

	capacitySchema schema = `CapacityProviderName:sm= VpcConfig:m!= OperatorRole:sm= Tags:m= PropagateTags:b=
InstanceRequirements:m= ScalingConfig:m= KmsKeyArn:sm=`
)

func resourceSchema(typ string) schema {
	switch typ {
	case typeFunction:
		return functionSchema
	case typeAPI:
		return apiSchema
	case typeHTTPAPI:
		return httpSchema
	case typeWebSocketAPI:
		return webSocketSchema
	case typeTable:
		return tableSchema
	case typeApplication:
		return applicationSchema
	case typeLayer:
		return layerSchema
	case typeStateMachine:
		return stateMachineSchema
	case typeConnector:
		return connectorSchema
	}
	return capacitySchema
}

// The properties of events, by the type of event.
const (
	ruleSchema = `EventBusName:s RuleName:s Pattern:m DeadLetterConfig:m RetryPolicy:m Input:s InputPath:s Target:m
Enabled:b State:s InputTransformer:m`

	scheduleSchema = `Schedule:s! RuleName:s Input:s Enabled:b State:s Name:s Description:s DeadLetterConfig:m RetryPolicy:m`

	schedulerSchema = `PermissionsBoundary:s ScheduleExpression:s! FlexibleTimeWindow:m Name:s State:s Description:s StartDate:s
EndDate:s ScheduleExpressionTimezone:s GroupName:s KmsKeyArn:s Input:s RoleArn:s DeadLetterConfig:m RetryPolicy:m OmitName:b=`

	pullSchema = `BatchSize:i StartingPosition:* StartingPositionTimestamp:* Enabled:b MaximumBatchingWindowInSeconds:i
MaximumRetryAttempts:i BisectBatchOnFunctionError:b MaximumRecordAgeInSeconds:i DestinationConfig:m ParallelizationFactor:i
Topics:l Queues:l SourceAccessConfigurations:l SecretsManagerKmsKeyId:s TumblingWindowInSeconds:i FunctionResponseTypes:l
KafkaBootstrapServers:l FilterCriteria:m KmsKeyArn:* ConsumerGroupId:s ScalingConfig:m ProvisionedPollerConfig:m
SchemaRegistryConfig:m MetricsConfig:m LoggingConfig:m `
)

// functionEventSchema is the schema of a type of event of functions; "" if
// there is no such type.
func functionEventSchema(typ string) schema {
	switch typ {
	case "Api":
		return `Path:s! Method:s! RestApiId:s! Stage:s Auth:m RequestModel:m RequestParameters:l TimeoutInMillis:i ResponseTransferMode:s`
	case "HttpApi":
		return `Path:s Method:s ApiId:s Stage:s Auth:m TimeoutInMillis:i RouteSettings:m PayloadFormatVersion:s`
	case "Schedule":
		return scheduleSchema
	case "ScheduleV2":
		return schedulerSchema
	case "CloudWatchEvent", "EventBridgeRule":
		return ruleSchema
	case "S3":
		return `Bucket:s! Events:sl!= Filter:m`
	case "SNS":
		return `Topic:s! Region:s FilterPolicy:* FilterPolicyScope:* SqsSubscription:bm RedrivePolicy:m`
	case "AlexaSkill":
		return `SkillId:s`
	case "IoTRule":
		return `Sql:s! AwsIotSqlVersion:s`
	case "Cognito":
		return `UserPool:s! Trigger:sl!=`
	case "CloudWatchLogs":
		return `LogGroupName:s! FilterPattern:s!`
	case "Kinesis", "DynamoDB", "MSK":
		return pullSchema + `Stream:*! StartingPosition:*!`
	case "SQS":
		return pullSchema + `Queue:*!`
	case "MQ":
		return pullSchema + `Broker:*! DynamicPolicyName:b=`
	case "SelfManagedKafka":
		return pullSchema
	case "DocumentDB":
		return pullSchema + `Cluster:*! DatabaseName:*! CollectionName:* FullDocument:*`
	}
	return ""
}

// stateMachineEventSchema is the same for events of state machines.
func stateMachineEventSchema(typ string) schema {
	switch typ {
	case "Api":
		return `Path:s! Method:s! RestApiId:s! Stage:s Auth:m UnescapeMappingTemplate:b=`
	case "Schedule":
		return `Schedule:s! Input:s Enabled:b State:s Name:s Description:s DeadLetterConfig:m RetryPolicy:m Target:m= RoleArn:s=`
	case "CloudWatchEvent", "EventBridgeRule":
		return ruleSchema
	case "ScheduleV2":
		return schedulerSchema
	}
	return ""
}

// check holds properties to a schema. id is the resource that problems name.
func (j *job) check(typ, id string, props *Value, s schema) bool {
	kinds := map[string]string{}
	var order []string
	for word := range strings.FieldsSeq(string(s)) {
		name, k, _ := strings.Cut(word, ":")
		if _, known := kinds[name]; !known {
			order = append(order, name)
		}
		kinds[name] = k
	}
	ok := true
	for _, name := range props.Keys() {
		if _, known := kinds[name]; !known {
			j.failKey(id, props, name, "property "+name+" not defined for resource of type "+typ)
			ok = false
		}
	}
	for _, name := range order {
		if message := checkKind(name, given(props.Get(name)), kinds[name]); message != "" {
			j.failKey(id, props, name, message)
			ok = false
		}
	}
	return ok
}

// failKey notes a problem with a key.
func (j *job) failKey(id string, props *Value, name, message string) {
	at := doc.NewNull()
	at.At = props.KeyPos(name)
	j.failAs(id, at, "%s", message)
}

// checkKind is what is wrong with a value; "" if nothing.
func checkKind(name string, v *Value, kinds string) string {
	required, strict := strings.Contains(kinds, "!"), strings.Contains(kinds, "=")
	kinds = strings.Trim(kinds, "!=")
	switch {
	case v == nil:
		if required {
			return "Missing required property '" + name + "'."
		}
		return ""
	case kinds == "*", !strict && v.Is(doc.Map) && v.Len() == 1, isKind(v, kinds):
		return ""
	case kinds == "m":
		return "Property '" + name + "' should be a map."
	case kinds == "s":
		return "Property '" + name + "' should be a string."
	}
	return "Type of property '" + name + "' is invalid."
}

func isKind(v *Value, kinds string) bool {
	switch v.Kind() {
	case doc.String:
		return strings.Contains(kinds, "s")
	case doc.Bool:
		return strings.ContainsAny(kinds, "bi") // a boolean passes for an integer, as in the translator
	case doc.Number:
		return strings.Contains(kinds, "i") && !strings.ContainsAny(v.Text(), ".eE")
	case doc.List:
		return strings.Contains(kinds, "l")
	case doc.Map:
		if strings.Contains(kinds, "M") {
			for i := range v.Len() {
				if !v.Nth(i).Is(doc.Map) {
					return false
				}
			}
			return true
		}
		return strings.Contains(kinds, "m")
	default:
		return false
	}
}
