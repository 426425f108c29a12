package runtimes_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/lambda/runtimes"
)

// tree writes files; a text that begins with #! is executable.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// kit is a kit whose interpreters are in a folder of the test's own.
func kit(t *testing.T) (*runtimes.Kit, string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("programs have other names on Windows")
	}
	bin := tree(t, map[string]string{"python3": "", "python3.12": "", "node": "", "java": ""})
	for _, name := range []string{"python3", "python3.12", "node", "java"} {
		if err := os.Chmod(filepath.Join(bin, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	return &runtimes.Kit{Dir: "/kit", Programs: map[string]string{"python3.9": filepath.Join(bin, "java")}}, bin
}

func TestCommand(t *testing.T) {
	k, bin := kit(t)
	code := tree(t, map[string]string{
		"bootstrap": "#!", "main": "#!", "lib/aws-lambda-java-runtime-interface-client-2.6.jar": "",
	})
	opt := tree(t, map[string]string{"bootstrap": "#!", "wrap": "#!", "plain": ""})
	empty := t.TempDir()
	for _, tt := range []struct {
		name string
		f    runtimes.Function
		path string
		args []string
		err  string
	}{
		{"python of its version", runtimes.Function{Runtime: "python3.12", CodeDir: code}, bin + "/python3.12", []string{"/kit/python.py", "/cache"}, ""},
		{"python of another version", runtimes.Function{Runtime: "python3.8", CodeDir: code}, bin + "/python3", []string{"/kit/python.py", "/cache"}, ""},
		{"python as configured", runtimes.Function{Runtime: "python3.9", CodeDir: code}, bin + "/java", []string{"/kit/python.py", "/cache"}, ""},
		{"node", runtimes.Function{Runtime: "nodejs22.x", CodeDir: code, MemoryMB: 1000}, bin + "/node", []string{"--max-old-space-size=900", "--max-semi-space-size=50", "/kit/node.cjs"}, ""},
		{"java", runtimes.Function{Runtime: "java17", CodeDir: code, Handler: "a.B::c", MemoryMB: 1000}, bin + "/java", []string{
			"-Xmx850m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", code + ":" + code + "/*:" + code + "/lib/*",
			"com.amazonaws.services.lambda.runtime.api.client.AWSLambda", "a.B::c",
		}, ""},
		{"java without its client", runtimes.Function{Runtime: "java17", CodeDir: empty}, "", nil, "Couldn't find aws-lambda-java-runtime-interface-client in the package's lib folder: it must bring it to run here"},
		{"bootstrap", runtimes.Function{Runtime: "provided.al2023", CodeDir: code, OptDir: opt}, code + "/bootstrap", nil, ""},
		{"bootstrap of a layer", runtimes.Function{Runtime: "provided.al2", CodeDir: empty, OptDir: opt}, opt + "/bootstrap", nil, ""},
		{"no bootstrap", runtimes.Function{Runtime: "provided", CodeDir: empty}, "", nil, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"},
		{"go", runtimes.Function{Runtime: "go1.x", CodeDir: code, Handler: "main"}, code + "/bootstrap", nil, ""},
		{"go by handler", runtimes.Function{Runtime: "go1.x", CodeDir: bin, Handler: "node"}, bin + "/node", nil, ""},
		{"go outside", runtimes.Function{Runtime: "go1.x", CodeDir: empty, Handler: "../x"}, "", nil, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"},
		{"wrapper", runtimes.Function{Runtime: "python3.12", CodeDir: code, OptDir: opt, Env: map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}}, opt + "/wrap", []string{bin + "/python3.12", "/kit/python.py", "/cache"}, ""},
		{"wrapper of a custom runtime", runtimes.Function{Runtime: "provided.al2", CodeDir: code, OptDir: opt, Env: map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}}, code + "/bootstrap", nil, ""},
		{"wrapper that is no program", runtimes.Function{Runtime: "python3.12", CodeDir: code, OptDir: opt, Env: map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": "/opt/plain"}}, "", nil, "Couldn't find valid wrapper: /opt/plain"},
		{"unknown", runtimes.Function{Runtime: "ruby3.3", CodeDir: code}, "", nil, "runtime ruby3.3 is not on this machine, which has python3 (" + bin + "/python3), node (" + bin + "/node), java (" + bin + "/java), any bootstrap (provided.al2023)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.f.Cache = "/cache"
			got, err := k.Command(t.Context(), &tt.f)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Path != tt.path || !slices.Equal(got.Args, tt.args) {
				t.Errorf("got %s %q, want %s %q", got.Path, got.Args, tt.path, tt.args)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	k := &runtimes.Kit{Dir: "/kit"}
	for _, name := range []string{"python3.12", "nodejs22.x", "java21", "dotnet8", "ruby3.3", ""} {
		_, err := k.Command(t.Context(), &runtimes.Function{Runtime: name, CodeDir: "/x"})
		if missing, ok := errors.AsType[*runtimes.Missing](err); !ok || missing.Runtime != name {
			t.Errorf("%s: error %v, want that it is missing", name, err)
		}
	}
}

// A version manager's script stands for the program that it names, and one that
// names none for nothing.
func TestShims(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("programs have other names on Windows")
	}
	bin := tree(t, map[string]string{
		"python3.12": "#!/bin/sh\necho no such version >&2\nexit 127\n",
		"python3":    "#!/bin/sh\necho asked >> \"$0.log\"\necho /real/python\n",
		"node":       "#!/bin/sh\necho nonsense\n",
	})
	t.Setenv("PATH", bin)
	k := &runtimes.Kit{Dir: "/kit"}
	for range 3 {
		c, err := k.Command(t.Context(), &runtimes.Function{Runtime: "python3.12", CodeDir: "/code"})
		if err != nil || c.Path != "/real/python" {
			t.Errorf("got %s, %v", c.Path, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(bin, "python3.log")); err != nil || string(b) != "asked\n" {
		t.Errorf("asked %q, %v: want once", b, err)
	}
	if _, err := k.Command(t.Context(), &runtimes.Function{Runtime: "nodejs22.x", CodeDir: "/code"}); err == nil {
		t.Error("a script that names no program was taken for one")
	}
}

func TestEnviron(t *testing.T) {
	k, bin := kit(t)
	t.Setenv("SECRET_OF_OURS", "x")
	f := runtimes.Function{
		Name: "f", Version: "$LATEST", Runtime: "nodejs22.x", Handler: "index.handler",
		CodeDir: "/code", OptDir: "/layer", Scratch: "/scratch", Cache: "/cache", MemoryMB: 128, Address: "127.0.0.1:1",
		Account: "1", Region: "eu-west-1", Endpoint: "http://here", LogGroup: "/aws/lambda/f", LogStream: "s", LogFormat: "Text",
		AccessKeyID: "id", SecretKey: "secret",
		Env: map[string]string{
			"MINE": "/opt/x", "EMPTY": "", "LANG": "C", "NODE_PATH": "/opt/a:/var/task/b:/optic:/other", "BAD=": "x", "BAD": "a\x00b",
			"AWS_REGION": "stolen", "AWS_LAMBDA_RUNTIME_API": "stolen", "AWS_SESSION_TOKEN": "stolen",
		},
	}
	c, err := k.Command(t.Context(), &f)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"AWS_ACCESS_KEY=id", "AWS_ACCESS_KEY_ID=id", "AWS_DEFAULT_REGION=eu-west-1", "AWS_ENDPOINT_URL=http://here",
		"AWS_EXECUTION_ENV=AWS_Lambda_nodejs22.x", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_FUNCTION_NAME=f",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_LAMBDA_LOG_FORMAT=Text",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/f", "AWS_LAMBDA_LOG_STREAM_NAME=s", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1",
		"AWS_REGION=eu-west-1", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=", "AWS_XRAY_CONTEXT_MISSING=LOG_ERROR", "EMPTY=", "HOME=/scratch",
		"LAMBDA_RUNTIME_DIR=/kit", "LAMBDA_TASK_ROOT=/code", "LANG=C", "LD_LIBRARY_PATH=/code:/code/lib:/layer/lib", "MINE=/opt/x",
		"NODE_PATH=/layer/a:/code/b:/optic:/other", "PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin:/layer/bin",
		"STAGEDOOR_OPT_DIR=/layer", "TMPDIR=/scratch", "TZ=:UTC", "_HANDLER=index.handler",
	}
	if diff := cmp.Diff(want, c.Env); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironOfFamilies(t *testing.T) {
	k, bin := kit(t)
	code := tree(t, map[string]string{"bootstrap": "#!"})
	for _, tt := range []struct {
		runtime, opt string
		has, lacks   []string
	}{
		{"python3.12", "/layer", []string{
			"PYTHONPATH=/layer/python/lib/python3.12/site-packages:/layer/python",
			"AWS_EXECUTION_ENV=AWS_Lambda_python3.12",
		}, []string{"NODE_PATH"}},
		{"python3.12", "", []string{"PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin", "LD_LIBRARY_PATH=" + code + ":" + code + "/lib"}, []string{"PYTHONPATH", "STAGEDOOR_OPT_DIR"}},
		{"nodejs20.x", "/layer", []string{"NODE_PATH=/layer/nodejs/node20/node_modules:/layer/nodejs/node_modules"}, []string{"PYTHONPATH"}},
		{"provided.al2", "", []string{"PATH=/usr/local/bin:/usr/bin:/bin"}, []string{"AWS_EXECUTION_ENV"}},
	} {
		c, err := k.Command(t.Context(), &runtimes.Function{Runtime: tt.runtime, CodeDir: code, OptDir: tt.opt, Cache: "/cache"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.has {
			if !slices.Contains(c.Env, want) {
				t.Errorf("%s lacks %s: %q", tt.runtime, want, c.Env)
			}
		}
		for _, name := range tt.lacks {
			if slices.ContainsFunc(c.Env, func(v string) bool { return strings.HasPrefix(v, name+"=") }) {
				t.Errorf("%s has %s", tt.runtime, name)
			}
		}
	}
}

func TestExtensions(t *testing.T) {
	opt := tree(t, map[string]string{"extensions/b": "#!", "extensions/a": "#!", "extensions/text": "x", "extensions/dir/c": "#!"})
	got := runtimes.Extensions(&runtimes.Function{OptDir: opt})
	want := []string{filepath.Join(opt, "extensions/a"), filepath.Join(opt, "extensions/b")}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := runtimes.Extensions(&runtimes.Function{OptDir: t.TempDir()}); got != nil {
		t.Errorf("got %q of a layer without extensions", got)
	}
	if got := runtimes.Extensions(&runtimes.Function{}); got != nil {
		t.Errorf("got %q without layers", got)
	}
}

func TestInstall(t *testing.T) {
	k := &runtimes.Kit{Dir: filepath.Join(t.TempDir(), "a", "b")}
	if err := k.Install(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"python.py", "node.cjs", "node_api.cjs", "node_log.cjs"} {
		if i, err := os.Stat(filepath.Join(k.Dir, name)); err != nil || i.Size() < 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
	k.Dir = filepath.Join(k.Dir, "python.py")
	if err := k.Install(); err == nil {
		t.Error("installed into a file")
	}
}

// read is a folder's files and links as text.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if to, err := os.Readlink(path); err == nil {
			out[name] = "-> " + to
			return nil
		}
		b, err := os.ReadFile(path)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func link(t *testing.T, dir, name, to string) {
	t.Helper()
	if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
		t.Skip("no symbolic links here")
	}
}

func TestMerge(t *testing.T) {
	one := tree(t, map[string]string{"python/a.py": "1", "bin/tool": "#!one", "both": "1", "file-then-folder": "1", "folder-then-file/x": "1"})
	link(t, one, "alias", "both")
	two := tree(t, map[string]string{"python/b.py": "2", "both": "2", "file-then-folder/y": "2", "folder-then-file": "2"})
	dst := filepath.Join(t.TempDir(), "opt")
	if err := runtimes.Merge(dst, []string{one, two}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"python/a.py": "1", "python/b.py": "2", "bin/tool": "#!one", "both": "2", "alias": "-> both",
		"file-then-folder/y": "2", "folder-then-file": "2",
	}
	if diff := cmp.Diff(want, read(t, dst)); diff != "" {
		t.Error(diff)
	}
	if i, err := os.Stat(filepath.Join(dst, "bin/tool")); err != nil || i.Mode()&0o100 == 0 {
		t.Errorf("the tool cannot be run: %v", err)
	}
	if err := runtimes.Merge(filepath.Join(t.TempDir(), "opt"), []string{filepath.Join(one, "none")}); err == nil {
		t.Error("a layer that is not there was merged")
	}
}

// A layer cannot write through a link that an earlier layer laid.
func TestMergeStaysInside(t *testing.T) {
	outside := tree(t, map[string]string{"x": "untouched"})
	one, two := t.TempDir(), tree(t, map[string]string{"way/x": "2", "file": "2"})
	link(t, one, "way", outside)
	link(t, one, "file", filepath.Join(outside, "x"))
	dst := filepath.Join(t.TempDir(), "opt")
	if err := runtimes.Merge(dst, []string{one, two}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"x": "untouched"}, read(t, outside)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"way/x": "2", "file": "2"}, read(t, dst)); diff != "" {
		t.Error(diff)
	}
}
