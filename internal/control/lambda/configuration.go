package lambda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// defaults is the configuration of a function that says nothing about it.
func defaults(name string) api.FunctionVersion {
	return api.FunctionVersion{
		Version:      api.Latest,
		Timeout:      3,
		Memory:       128,
		Ephemeral:    512,
		Architecture: "x86_64",
		TracingMode:  "PassThrough",
		SnapStart:    "None",
		Logging:      api.FunctionLogging{Format: "Text", Group: "/aws/lambda/" + name},
	}
}

// configure takes over what in says and checks it; members that are absent
// stay as they were. Layers are resolved by layers, in the transaction.
func configure(v *api.FunctionVersion, name string, in *model.UpdateFunctionConfigurationInput) error {
	for _, check := range []func() error{
		func() error { return checkRuntime(in.Runtime) },
		func() error { return checkEnvironment(in.Environment) },
		func() error { return atMost(in.Timeout, 900, "timeout") },
		func() error { return atMost(in.MemorySize, 10240, "memorySize") },
		func() error { return checkExtras(in) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	set(&v.Runtime, in.Runtime)
	set(&v.Role, in.Role)
	set(&v.Handler, in.Handler)
	set(&v.Description, in.Description)
	set(&v.Timeout, in.Timeout)
	set(&v.Memory, in.MemorySize)
	setOptional(&v.KMSKeyARN, in.KMSKeyArn)
	if in.DeadLetterConfig != nil {
		setOptional(&v.DeadLetterARN, in.DeadLetterConfig.TargetArn)
	}
	if in.TracingConfig != nil {
		set(&v.TracingMode, in.TracingConfig.Mode)
	}
	if in.EphemeralStorage != nil {
		v.Ephemeral = in.EphemeralStorage.Size
	}
	if in.SnapStart != nil {
		set(&v.SnapStart, in.SnapStart.ApplyOn)
	}
	if in.Environment != nil {
		v.Environment = in.Environment.Variables
	}
	configureNetwork(v, in)
	configureLogging(&v.Logging, name, in.LoggingConfig)
	return nil
}

func configureNetwork(v *api.FunctionVersion, in *model.UpdateFunctionConfigurationInput) {
	if vpc := in.VpcConfig; vpc != nil {
		v.VPC = nil
		if len(vpc.SubnetIds)+len(vpc.SecurityGroupIds) > 0 {
			v.VPC = &api.FunctionVPC{SubnetIDs: vpc.SubnetIds, SecurityGroupIDs: vpc.SecurityGroupIds}
			set(&v.VPC.IPv6, vpc.Ipv6AllowedForDualStack)
		}
	}
	if in.FileSystemConfigs != nil {
		v.FileSystems = nil
		for _, f := range in.FileSystemConfigs {
			v.FileSystems = append(v.FileSystems, api.FunctionFileUse{ARN: f.Arn, MountPath: f.LocalMountPath})
		}
	}
}

func configureLogging(l *api.FunctionLogging, name string, in *model.LoggingConfig) {
	if in == nil {
		return
	}
	set(&l.Format, in.LogFormat)
	if set(&l.Group, in.LogGroup); l.Group == "" {
		l.Group = "/aws/lambda/" + name
	}
	if l.Format != "JSON" {
		l.ApplicationLevel, l.SystemLevel = "", ""
		return
	}
	set(&l.ApplicationLevel, in.ApplicationLogLevel)
	set(&l.SystemLevel, in.SystemLogLevel)
	setDefault(&l.ApplicationLevel, "INFO")
	setDefault(&l.SystemLevel, "INFO")
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// setOptional takes an empty value for a wish to have none.
func setOptional(field **string, value *string) {
	if value == nil {
		return
	}
	*field = nil
	if *value != "" {
		*field = new(*value)
	}
}

func atMost(value *int32, limit int32, member string) error {
	if value != nil && *value > limit {
		return constraint(strconv.Itoa(int(*value)), member, fmt.Sprintf("have value less than or equal to %d", limit))
	}
	return nil
}

// checkExtras refuses what functions here cannot have.
func checkExtras(in *model.UpdateFunctionConfigurationInput) error {
	switch {
	case in.ImageConfig != nil:
		return invalid("Please don't provide ImageConfig when updating a function with packageType Zip.")
	case in.CapacityProviderConfig != nil:
		return invalid("CapacityProviderConfig is not supported by stagedoor: its functions are processes of the machine it runs on.")
	case in.DurableConfig != nil:
		return invalid("DurableConfig is not supported by stagedoor.")
	}
	return nil
}

// supported are the runtimes that functions may be made for.
// parity: services-observability.md 7.7.1, and what the model has newer
func supported() []string {
	return []string{
		"nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "nodejs26.x",
		"python3.8", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "python3.15",
		"java8.al2", "java8.al2023", "java11", "java11.al2023", "java17", "java17.al2023", "java21", "java25",
		"dotnet6", "dotnet8", "dotnet10",
		"ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0",
		"provided.al2", "provided.al2023",
	}
}

// retired are the runtimes that AWS once had.
func retired() []string {
	return []string{
		"nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
		"java8", "python2.7", "python3.6", "python3.7", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1",
		"go1.x", "ruby2.5", "ruby2.7", "provided",
	}
}

func checkRuntime(runtime *string) error {
	switch {
	case runtime == nil || slices.Contains(supported(), *runtime):
		return nil
	case slices.Contains(retired(), *runtime):
		return invalid("The runtime parameter of " + *runtime + " is no longer supported for creating or updating AWS Lambda functions." +
			" We recommend you use a supported runtime while creating or updating functions.")
	default:
		return invalid("Value " + *runtime + " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [" +
			strings.Join(supported(), ", ") + "] or be a valid ARN")
	}
}

// reserved are the variables that functions may not set.
// parity: services-observability.md 7.2
func reserved(name string) bool {
	switch name {
	case "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
		"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
		"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
		"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR":
		return true
	}
	return false
}

const maxEnvironment = 4096 // bytes of all variables as a JSON object

func checkEnvironment(env *model.Environment) error {
	if env == nil || len(env.Variables) == 0 {
		return nil
	}
	var taken []string
	for name := range env.Variables {
		if reserved(name) {
			taken = append(taken, name)
		}
	}
	const unable = "Lambda was unable to configure your environment variables because the environment variables you have provided "
	if len(taken) > 0 {
		sort.Strings(taken)
		return invalid(unable + "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: " +
			strings.Join(taken, ", "))
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(env.Variables); err != nil {
		return fmt.Errorf("measure environment: %w", err)
	}
	measured := strings.TrimSuffix(text.String(), "\n")
	if len(measured) > maxEnvironment {
		return discreet{invalid(unable + "exceeded the 4KB limit. String measured: " + measured), "environment variables exceed 4 KB"}
	}
	return nil
}

const maxLayers = 5

// layers finds the layer versions that a function is to use.
func (s *Service) layers(tx store.Tx, arns []string) ([]api.LayerUse, error) {
	if len(arns) > maxLayers {
		return nil, invalid("Cannot reference more than 5 layers.")
	}
	var uses []api.LayerUse
	seen := map[string]string{}
	for _, arn := range arns {
		missing := invalid("Layer version " + arn + " does not exist.")
		name, version, ok := s.here.layerVersion(arn)
		if !ok {
			return nil, missing
		}
		if other, twice := seen[name]; twice {
			return nil, invalid("Two different versions of the same layer are not allowed to be referenced in the same function. " +
				other + " and " + arn + " are versions of the same layer.")
		}
		seen[name] = arn
		l, err := get[api.LayerVersion](tx, api.LayerVersionKey(name, version), missing)
		if err != nil {
			return nil, err
		}
		uses = append(uses, api.LayerUse{ARN: arn, Size: l.Code.Size, Sum: l.Code.Sum, Unzipped: l.Code.Unzipped})
	}
	return uses, nil
}

// checkSize holds code and layers to the size that they may have together.
func checkSize(v *api.FunctionVersion) error {
	size := v.Code.Unzipped
	for _, l := range v.Layers {
		size += l.Unzipped
	}
	if size > code.MaxUnzipped {
		return tooBig()
	}
	return nil
}

// modified is the form of LastModified.
func modified(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

// configuration is a version as AWS shows it. qualifier is the one to be shown
// in the ARN; empty: none.
func (s *Service) configuration(name, qualifier string, v *api.FunctionVersion) *model.FunctionConfiguration {
	c := s.listed(name, qualifier, v)
	c.State = new("Active")
	c.LastUpdateStatus = new("Successful")
	return &c
}

// listed is a version as lists show it: without its state.
// parity: API reference of ListFunctions
func (s *Service) listed(name, qualifier string, v *api.FunctionVersion) model.FunctionConfiguration {
	sum := ""
	if raw, err := code.ParseSum(v.Code.Sum); err == nil {
		sum = raw.Base64()
	}
	c := model.FunctionConfiguration{
		FunctionName:     new(name),
		FunctionArn:      new(s.here.arn(name, qualifier)),
		Runtime:          new(v.Runtime),
		Role:             new(v.Role),
		Handler:          new(v.Handler),
		CodeSize:         new(v.Code.Size),
		Description:      new(v.Description),
		Timeout:          new(v.Timeout),
		MemorySize:       new(v.Memory),
		LastModified:     new(modified(v.LastModified)),
		CodeSha256:       new(sum),
		Version:          new(v.Version),
		KMSKeyArn:        v.KMSKeyARN,
		TracingConfig:    &model.TracingConfigResponse{Mode: new(v.TracingMode)},
		RevisionId:       new(v.RevisionID),
		PackageType:      new("Zip"),
		Architectures:    []string{v.Architecture},
		EphemeralStorage: &model.EphemeralStorage{Size: v.Ephemeral},
		SnapStart:        &model.SnapStartResponse{ApplyOn: new(v.SnapStart), OptimizationStatus: new("Off")},
		LoggingConfig:    &model.LoggingConfig{LogFormat: new(v.Logging.Format), LogGroup: new(v.Logging.Group)},
	}
	if v.Logging.Format == "JSON" {
		c.LoggingConfig.ApplicationLogLevel, c.LoggingConfig.SystemLogLevel = new(v.Logging.ApplicationLevel), new(v.Logging.SystemLevel)
	}
	if len(v.Environment) > 0 {
		c.Environment = &model.EnvironmentResponse{Variables: v.Environment}
	}
	if v.DeadLetterARN != nil {
		c.DeadLetterConfig = &model.DeadLetterConfig{TargetArn: v.DeadLetterARN}
	}
	if v.VPC != nil {
		c.VpcConfig = &model.VpcConfigResponse{
			SubnetIds: v.VPC.SubnetIDs, SecurityGroupIds: v.VPC.SecurityGroupIDs,
			VpcId: new(""), Ipv6AllowedForDualStack: new(v.VPC.IPv6),
		}
	}
	for _, l := range v.Layers {
		c.Layers = append(c.Layers, model.Layer{Arn: new(l.ARN), CodeSize: new(l.Size)})
	}
	for _, f := range v.FileSystems {
		c.FileSystemConfigs = append(c.FileSystemConfigs, model.FileSystemConfig{Arn: f.ARN, LocalMountPath: f.MountPath})
	}
	return c
}
