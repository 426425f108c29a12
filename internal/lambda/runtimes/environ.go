package runtimes

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// placed are the variables whose value is a list of paths: /opt and /var/task in
// them are translated.
func placed(name string) bool {
	switch name {
	case "PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "NODE_PATH", "GEM_PATH", "RUBYLIB", "CLASSPATH", "AWS_LAMBDA_EXEC_WRAPPER":
		return true
	}
	return false
}

// place translates a path of AWS's to the one it has here.
func (f *Function) place(path string) string {
	for from, to := range map[string]string{"/opt": f.OptDir, "/var/task": f.CodeDir} {
		if rest, ok := strings.CutPrefix(path, from); ok && to != "" && (rest == "" || rest[0] == '/') {
			return to + filepath.FromSlash(rest)
		}
	}
	return path
}

func (f *Function) placeAll(list string) string {
	paths := strings.Split(list, ":")
	for i, p := range paths {
		paths[i] = f.place(p)
	}
	return strings.Join(paths, string(os.PathListSeparator))
}

// environ is a function's whole environment: Lambda's defaults, what the user set
// over them, and what the user may not set. Nothing of our own environment is in it.
// parity: services-observability.md 7.2
func (f *Function) environ(kit, program string) []string {
	env := f.defaults(program)
	for name, value := range f.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			continue
		}
		if placed(name) {
			value = f.placeAll(value)
		}
		env[name] = value
	}
	maps.Copy(env, f.reserved(kit))
	out := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if _, set := f.Env[name]; set || env[name] != "" {
			out = append(out, name+"="+env[name])
		}
	}
	return out
}

// defaults are what the user may set otherwise. program is the interpreter, or "".
func (f *Function) defaults(program string) map[string]string {
	env := map[string]string{
		"LANG":                     "en_US.UTF-8",
		"TZ":                       ":UTC",
		"PATH":                     "/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"LD_LIBRARY_PATH":          "/var/task:/var/task/lib:/opt/lib",
		"AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
		"AWS_XRAY_DAEMON_ADDRESS":  f.XRay,
		"AWS_ENDPOINT_URL":         f.Endpoint,
		"TMPDIR":                   f.Scratch,
		"HOME":                     f.Scratch, // the operator's credentials are in his own
	}
	family, version := Family(f.Runtime)
	switch family {
	case "python":
		env["PYTHONPATH"] = "/opt/python/lib/python" + version + "/site-packages:/opt/python"
	case "nodejs":
		env["NODE_PATH"] = "/opt/nodejs/node" + version + "/node_modules:/opt/nodejs/node_modules"
	}
	for name := range env {
		if placed(name) {
			env[name] = f.existing(env[name])
		}
	}
	if dir := filepath.Dir(program); program != "" && !slices.Contains(filepath.SplitList(env["PATH"]), dir) {
		env["PATH"] = dir + string(os.PathListSeparator) + env["PATH"] // an interpreter that stands elsewhere
	}
	if runtime.GOOS == "windows" {
		env["SystemRoot"] = os.Getenv("SystemRoot") // no program starts without it
		env["TEMP"], env["TMP"] = f.Scratch, f.Scratch
	}
	return env
}

// existing translates a list of paths and leaves out those under /opt when there
// is none.
func (f *Function) existing(list string) string {
	paths := slices.DeleteFunc(strings.Split(list, ":"), func(p string) bool {
		return f.OptDir == "" && strings.HasPrefix(p, "/opt/")
	})
	return f.placeAll(strings.Join(paths, ":"))
}

// reserved are what the user may not set.
func (f *Function) reserved(kit string) map[string]string {
	env := map[string]string{
		"_HANDLER":                        f.Handler,
		"AWS_REGION":                      f.Region,
		"AWS_DEFAULT_REGION":              f.Region,
		"AWS_EXECUTION_ENV":               "AWS_Lambda_" + f.Runtime,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     f.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       f.LogGroup,
		"AWS_LAMBDA_LOG_STREAM_NAME":      f.LogStream,
		"AWS_LAMBDA_LOG_FORMAT":           f.LogFormat,
		"AWS_LAMBDA_LOG_LEVEL":            f.LogLevel,
		"AWS_ACCESS_KEY":                  f.AccessKeyID,
		"AWS_ACCESS_KEY_ID":               f.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           f.SecretKey,
		"AWS_SESSION_TOKEN":               f.SessionToken,
		"AWS_LAMBDA_RUNTIME_API":          f.Address,
		"LAMBDA_TASK_ROOT":                f.CodeDir,
		"LAMBDA_RUNTIME_DIR":              kit,
		"STAGEDOOR_OPT_DIR":               f.OptDir,
	}
	if Custom(f.Runtime) {
		env["AWS_EXECUTION_ENV"] = ""
	}
	return env
}
