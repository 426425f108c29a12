package lambda

import "time"

// Definition is one function with all the versions and aliases it has now.
type Definition struct {
	// Name is the function's name; ARN its unqualified ARN.
	Name, ARN string
	// Versions is keyed by version number: "$LATEST", "1", "2"...
	Versions map[string]Version
	// Aliases is keyed by alias name.
	Aliases map[string]Alias
	// Reserved is the reserved concurrency; nil when none, 0 blocks the function.
	Reserved *int
}

// Version is the code and configuration that an environment is made of.
type Version struct {
	// Number is "$LATEST" or a decimal number.
	Number string
	// Revision names this code and configuration: environments of another
	// revision are drained. The caller changes it when either changes.
	Revision string
	// Runtime is AWS's identifier: "python3.12", "nodejs22.x", "provided.al2023".
	Runtime string
	// Handler is the handler as the runtime family writes it.
	Handler string
	// CodeDir is the unpacked code. The host never writes into it.
	CodeDir string
	// Layers are unpacked layer folders in order; later ones overwrite.
	Layers []string
	// Env is the user's environment; reserved names in it are ignored.
	Env map[string]string
	// MemoryMB is the memory limit in MB. Default 128.
	MemoryMB int
	// Timeout is the longest a call may take. Default 3 s.
	Timeout time.Duration
	// EphemeralMB is the size of /tmp in MB. Default 512.
	EphemeralMB int
	// TracingActive tells whether calls are traced (REPORT gets its XRAY part).
	TracingActive bool
	// LogFormat is "Text" (default) or "JSON".
	LogFormat string
	// LogGroup is the log group. Default "/aws/lambda/{name}".
	LogGroup string
	// Credentials are what AWS SDKs in the function sign with. The zero value
	// stands for placeholder credentials that no service accepts but SDKs need.
	Credentials Credentials
}

// Credentials are a set of (temporary) AWS credentials.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// Alias is a name for a version, or for two of them by weight.
type Alias struct {
	// Name is the alias; Version the version that takes what Weights leave.
	Name, Version string
	// Weights gives further versions their share of calls, 0..1.
	Weights map[string]float64
}
