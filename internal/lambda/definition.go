package lambda

import (
	"errors"
	"fmt"
	"time"
)

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
	// Number is "$LATEST" or a decimal number; the key in Definition.Versions.
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
	// Timeout is the longest a call may take. Default 3s.
	Timeout time.Duration
	// EphemeralMB is the size of /tmp in MB. It is not enforced.
	EphemeralMB int
	// TracingActive tells whether calls are traced (REPORT gets its XRAY part).
	TracingActive bool
	// LogFormat is "Text" (default) or "JSON"; LogLevel the application's log
	// level with JSON, or empty.
	LogFormat, LogLevel string
	// LogGroup is the log group. Default "/aws/lambda/{name}".
	LogGroup string
	// Role is the ARN of the execution role. See Config.Credentials.
	Role string
}

// Credentials are what AWS SDKs in a function sign with. The zero value stands
// for "test" three times: SDKs refuse to work with nothing.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string

	// Until is when an environment that has them takes its last call; its place
	// is taken by one with others. The zero time: never.
	Until time.Time
}

// known are the credentials that the environment of a process shows.
func (c Credentials) known() Credentials {
	if c.AccessKeyID == "" {
		c.AccessKeyID, c.SecretAccessKey, c.SessionToken = "test", "test", "test"
	}
	return c
}

// Alias is a name for a version, or for two of them by weight.
type Alias struct {
	// Name is the alias; Version the version that takes what Weights leave.
	Name, Version string
	// Weights gives further versions their share of calls, 0..1.
	Weights map[string]float64
}

// Latest is the version that is not published yet.
const Latest = "$LATEST"

func (d *Definition) check() error {
	if d.Name == "" {
		return errors.New("it has no name")
	}
	if d.Reserved != nil && *d.Reserved < 0 {
		return fmt.Errorf("reserved concurrency %d is negative", *d.Reserved)
	}
	for number, v := range d.Versions {
		if v.Runtime == "" || v.CodeDir == "" {
			return fmt.Errorf("version %s lacks a runtime or a code folder", number)
		}
	}
	for name, a := range d.Aliases {
		if _, ok := d.Versions[a.Version]; !ok {
			return fmt.Errorf("alias %s stands for version %q, which there is not", name, a.Version)
		}
		for number := range a.Weights {
			if _, ok := d.Versions[number]; !ok {
				return fmt.Errorf("alias %s weighs version %q, which there is not", name, number)
			}
		}
	}
	return nil
}

// version is v with its defaults.
func (d *Definition) version(number string) Version {
	v := d.Versions[number]
	v.Number = number
	if v.MemoryMB <= 0 {
		v.MemoryMB = 128
	}
	if v.Timeout <= 0 {
		v.Timeout = 3 * time.Second
	}
	if v.LogFormat == "" {
		v.LogFormat = "Text"
	}
	if v.LogGroup == "" {
		v.LogGroup = "/aws/lambda/" + d.Name
	}
	return v
}

// pick is the version that a qualifier stands for; draw is random, 0 <= draw < 1.
func (d *Definition) pick(qualifier string, draw float64) (string, bool) {
	if qualifier == "" {
		qualifier = Latest
	}
	a, ok := d.Aliases[qualifier]
	if !ok {
		_, ok = d.Versions[qualifier]
		return qualifier, ok
	}
	for number, weight := range a.Weights {
		if draw -= weight; draw < 0 {
			return number, true
		}
	}
	return a.Version, true
}
