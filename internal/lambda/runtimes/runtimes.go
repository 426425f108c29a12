package runtimes

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// clients are our runtime interface clients. python.py and node.cjs are what is started.
//
//go:embed python.py node.cjs node_api.cjs node_log.cjs
var clients embed.FS

// Function is what a command and its environment are made of.
type Function struct {
	Name, Version, Runtime, Handler string
	// CodeDir is the code; OptDir stands for /opt, "" without layers.
	CodeDir, OptDir string
	// Scratch is TMPDIR; Cache is where compiled code may be kept between environments.
	Scratch, Cache string
	// Env is the user's environment.
	Env map[string]string
	// MemoryMB is the memory size in MB.
	MemoryMB int
	// Address is the Runtime API, host:port.
	Address                              string
	Account, Region, Endpoint, XRay      string
	LogGroup, LogStream                  string
	LogFormat, LogLevel                  string
	AccessKeyID, SecretKey, SessionToken string
}

// Command is a program to start.
type Command struct {
	// Path is absolute; Args are without the program's name.
	Path string
	Args []string
	// Env is the whole environment.
	Env []string
}

// Missing says that this machine has nothing to run a runtime with.
type Missing struct {
	// Runtime is the one asked for; Found what there is instead.
	Runtime string
	Found   []string
}

func (e *Missing) Error() string {
	found := "no runtime of AWS's"
	if len(e.Found) > 0 {
		found = strings.Join(e.Found, ", ")
	}
	return fmt.Sprintf("runtime %s is not on this machine, which has %s", e.Runtime, found)
}

// EntryError says that the package lacks what its runtime starts. It is the
// function's fault: its caller gets it as Runtime.InvalidEntrypoint.
type EntryError struct{ Message string }

func (e *EntryError) Error() string { return e.Message }

// Kit finds the programs that functions run with.
type Kit struct {
	// Dir is where Install puts our runtime clients.
	Dir string
	// Programs overrides the search: runtime ("python3.12") to program.
	Programs map[string]string

	mu   sync.Mutex
	real map[string]string // what scripts on PATH stand for
}

// Install writes the runtime clients.
func (k *Kit) Install() error {
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return fmt.Errorf("install runtime clients: %w", err)
	}
	entries, err := clients.ReadDir(".")
	if err != nil {
		return fmt.Errorf("install runtime clients: %w", err)
	}
	for _, e := range entries {
		text, err := clients.ReadFile(e.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(k.Dir, e.Name()), text, 0o400)
		}
		if err != nil {
			return fmt.Errorf("install runtime clients: %w", err)
		}
	}
	return nil
}

// Command is what to start for f.
func (k *Kit) Command(ctx context.Context, f *Function) (Command, error) {
	var c Command
	var err error
	switch family, version := Family(f.Runtime); family {
	case "python":
		c, err = k.python(ctx, f, version)
	case "nodejs":
		c, err = k.node(ctx, f)
	case "java":
		c, err = k.java(ctx, f)
	case "provided", "go":
		c, err = bootstrap(f, family)
	default:
		err = k.missing(ctx, f.Runtime)
	}
	if err != nil {
		return c, err
	}
	program := ""
	if !Custom(f.Runtime) {
		program = c.Path
	}
	if wrapper := f.Env["AWS_LAMBDA_EXEC_WRAPPER"]; wrapper != "" && program != "" {
		c.Args = append([]string{c.Path}, c.Args...)
		c.Path = f.place(wrapper)
		if !executable(c.Path) {
			return c, &EntryError{Message: "Couldn't find valid wrapper: " + wrapper}
		}
	}
	c.Env = f.environ(k.Dir, program)
	return c, nil
}

// Family splits a runtime's identifier: "python3.12" is python, 3.12.
func Family(runtime string) (family, version string) {
	i := strings.IndexAny(runtime, "0123456789.")
	if i < 0 {
		return runtime, ""
	}
	return runtime[:i], strings.TrimSuffix(runtime[i:], ".x")
}

// Custom tells whether the runtime is the package's own.
func Custom(runtime string) bool {
	family, _ := Family(runtime)
	return family == "provided" || family == "go"
}

func (k *Kit) python(ctx context.Context, f *Function, version string) (Command, error) {
	path := k.find(ctx, f.Runtime, "python"+version, "python3")
	if path == "" {
		return Command{}, k.missing(ctx, f.Runtime)
	}
	return Command{Path: path, Args: []string{filepath.Join(k.Dir, "python.py"), f.Cache}}, nil
}

// node bounds the heap as Lambda does: Node would otherwise size it for the machine.
func (k *Kit) node(ctx context.Context, f *Function) (Command, error) {
	path := k.find(ctx, f.Runtime, "node", "nodejs")
	if path == "" {
		return Command{}, k.missing(ctx, f.Runtime)
	}
	return Command{Path: path, Args: []string{
		"--max-old-space-size=" + strconv.Itoa(max(f.MemoryMB*9/10, 32)),
		"--max-semi-space-size=" + strconv.Itoa(max(f.MemoryMB/20, 1)),
		filepath.Join(k.Dir, "node.cjs"),
	}}, nil
}

const javaClient = "aws-lambda-java-runtime-interface-client"

// java runs the runtime interface client that the package brings, as packages made
// for container images do.
func (k *Kit) java(ctx context.Context, f *Function) (Command, error) {
	path := k.find(ctx, f.Runtime, "java")
	if path == "" {
		return Command{}, k.missing(ctx, f.Runtime)
	}
	dirs := []string{f.CodeDir, filepath.Join(f.CodeDir, "lib")}
	if f.OptDir != "" {
		dirs = append(dirs, filepath.Join(f.OptDir, "java", "lib"))
	}
	found := false
	class := []string{f.CodeDir}
	for _, dir := range dirs {
		class = append(class, filepath.Join(dir, "*"))
		jars, _ := filepath.Glob(filepath.Join(dir, javaClient+"*.jar")) // the pattern is well formed
		found = found || len(jars) > 0
	}
	if !found {
		return Command{}, &EntryError{Message: "Couldn't find " + javaClient + " in the package's lib folder: it must bring it to run here"}
	}
	return Command{Path: path, Args: []string{
		"-Xmx" + strconv.Itoa(max(f.MemoryMB*85/100, 32)) + "m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-cp", strings.Join(class, string(os.PathListSeparator)),
		"com.amazonaws.services.lambda.runtime.api.client.AWSLambda", f.Handler,
	}}, nil
}

// bootstrap finds the package's own runtime.
// parity: services-observability.md 7.3
func bootstrap(f *Function, family string) (Command, error) {
	try := []string{filepath.Join(f.CodeDir, "bootstrap")}
	shown := []string{"/var/task/bootstrap"}
	if f.OptDir != "" {
		try = append(try, filepath.Join(f.OptDir, "bootstrap"))
	}
	shown = append(shown, "/opt/bootstrap")
	if family == "go" && filepath.IsLocal(f.Handler) {
		try = append(try, filepath.Join(f.CodeDir, f.Handler))
		shown = append(shown, "/var/task/"+f.Handler)
	}
	for _, path := range try {
		if executable(path) {
			return Command{Path: path}, nil
		}
	}
	return Command{}, &EntryError{Message: "Couldn't find valid bootstrap(s): [" + strings.Join(shown, " ") + "]"}
}

// Extensions are the programs in /opt/extensions, which run beside the runtime.
func Extensions(f *Function) []string {
	if f.OptDir == "" {
		return nil
	}
	dir := filepath.Join(f.OptDir, "extensions")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // none
	}
	var out []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); executable(path) {
			out = append(out, path)
		}
	}
	return out
}

func executable(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.Mode().IsRegular() && (i.Mode()&0o111 != 0 || filepath.Ext(path) == ".exe")
}
