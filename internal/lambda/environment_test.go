//go:build unix

package lambda_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

// A function sees what is meant for it, and nothing of ours.
func TestIsolation(t *testing.T) {
	t.Setenv("OUR_SECRET", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "ours")
	code := `
import os
def lambda_handler(event, context):
    open(os.path.join(os.environ["TMPDIR"], "left"), "w").close()
    return {"env": dict(os.environ), "cwd": os.getcwd(), "stdin": os.read(0, 1).decode(),
            "files": sorted(int(f) for f in os.listdir("/proc/self/fd")), "here": os.listdir(os.environ["TMPDIR"])}
`
	v := python(t, code)
	v.Env = map[string]string{"MINE": "1", "AWS_REGION": "stolen"}
	h := host(t, lambda.Config{Endpoint: "http://endpoint", XRay: "127.0.0.1:2000"})
	define(t, h, "f", v)
	got := object(t, invoke(t, h, lambda.Call{Function: "f"}).Payload)
	env, ok := got["env"].(map[string]any)
	if !ok {
		t.Fatalf("got %v", got)
	}
	scratch, _ := env["TMPDIR"].(string)
	for name, want := range map[string]any{
		"OUR_SECRET": nil, "MINE": "1", "AWS_REGION": "us-east-1", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": "http://endpoint",
		"AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000", "HOME": scratch, "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"LAMBDA_TASK_ROOT": v.CodeDir, "_HANDLER": "lambda_function.lambda_handler", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
		"TZ": ":UTC", "LANG": "en_US.UTF-8", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11", "_X_AMZN_TRACE_ID": nil,
	} {
		if env[name] != want {
			t.Errorf("%s is %v, want %v", name, env[name], want)
		}
	}
	if got["cwd"] != v.CodeDir || got["stdin"] != "" {
		t.Errorf("works in %v and reads %v", got["cwd"], got["stdin"])
	}
	if here, _ := got["here"].([]any); len(here) != 1 {
		t.Errorf("the scratch folder has %v", here)
	}
	// Its input, output, its Runtime API connection, and /proc/self/fd itself.
	if open, _ := got["files"].([]any); len(open) > 5 {
		t.Errorf("open files %v", open)
	}
	if _, err := os.Stat(filepath.Join(v.CodeDir, "__pycache__")); err == nil {
		t.Error("the code's folder was written to")
	}
	if kept, _ := filepath.Glob(filepath.Join(filepath.Dir(scratch), "cache", "*", "*", "*", "lambda_function.*.pyc")); len(kept) != 1 {
		t.Errorf("the compiled code is kept in %q", kept)
	}
	h.Remove("f")
	eventually(t, "the scratch folder is removed", func() bool {
		_, err := os.Stat(scratch)
		return os.IsNotExist(err)
	})
}

// eventually waits for something that happens by itself.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("not within half a minute: %s", what)
}

func TestContext(t *testing.T) {
	h := host(t, lambda.Config{})
	py := python(t, `
import os
def lambda_handler(event, c):
    return {"id": c.aws_request_id, "arn": c.invoked_function_arn, "name": c.function_name, "version": c.function_version,
            "memory": c.memory_limit_in_mb, "group": c.log_group_name, "stream": c.log_stream_name[11:21], "custom": c.client_context.custom,
            "title": c.client_context.client.app_title, "trace": os.environ["_X_AMZN_TRACE_ID"], "identity": c.identity.cognito_identity_id,
            "left": 19000 < c.get_remaining_time_in_millis() <= 20000}
`)
	js := node(t, "index.js", `exports.handler = async (event, c) => ({
  id: c.awsRequestId, arn: c.invokedFunctionArn, name: c.functionName, version: c.functionVersion, memory: c.memoryLimitInMB,
  group: c.logGroupName, stream: c.logStreamName.slice(11, 21), custom: c.clientContext.custom, title: c.clientContext.client.app_title,
  trace: process.env._X_AMZN_TRACE_ID, identity: c.identity === undefined ? null : c.identity,
  left: c.getRemainingTimeInMillis() > 19000 && c.getRemainingTimeInMillis() <= 20000,
})`)
	for name, v := range map[string]lambda.Version{"py": py, "js": js} {
		define(t, h, name, v)
		r := invoke(t, h, lambda.Call{
			Function: name, Qualifier: "$LATEST", RequestID: "my-id", TraceID: "Root=1-2-3;Sampled=1",
			ClientContext: []byte("{\"custom\": {\"a\": \"b\"},\n\"client\": {\"app_title\": \"t\"}}"),
		})
		want := map[string]any{
			"id": "my-id", "arn": "arn:aws:lambda:us-east-1:000000000000:function:" + name + ":$LATEST", "name": name, "version": "$LATEST",
			"memory": "256", "group": "/aws/lambda/" + name, "stream": "[$LATEST]" + object(t, r.Payload)["stream"].(string)[9:],
			"custom": map[string]any{"a": "b"}, "title": "t", "trace": "Root=1-2-3;Sampled=1", "identity": nil, "left": true,
		}
		if diff := cmp.Diff(want, object(t, r.Payload)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	define(t, h, "go", golang(t))
	got := object(t, invoke(t, h, lambda.Call{Function: "go", Payload: []byte(`{"do":"context"}`), RequestID: "bad id/"}).Payload)
	if id, _ := got["id"].(string); len(id) != 36 || got["arn"] != "arn:aws:lambda:us-east-1:000000000000:function:go" || got["trace"] != "" {
		t.Errorf("the Go function's context is %v", got)
	}
}

// tool is an executable of a layer.
const tool = "#!/bin/sh\necho from the layer\n"

func TestLayers(t *testing.T) {
	h := host(t, lambda.Config{})
	py := python(t, `
import subprocess, one, two, both, os
def lambda_handler(event, c):
    return [one.x, two.x, both.x, subprocess.check_output(["tool"]).decode(), os.environ.get("WRAPPED")]
`)
	py.Layers = []string{
		files(t, map[string]string{
			"python/one.py": "x = 1", "python/both.py": "x = 'first'", "bin/tool": tool,
			"wrap": "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n",
		}),
		files(t, map[string]string{"python/both.py": "x = 'second'", "python/lib/python3.11/site-packages/two.py": "x = 2"}),
	}
	py.Env = map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}
	define(t, h, "py", py)
	if got := string(invoke(t, h, lambda.Call{Function: "py"}).Payload); got != `[1, 2, "second", "from the layer\n", "yes"]` {
		t.Errorf("Python got %s", got)
	}
	js := node(t, "index.js", `exports.handler = async () => [require('one'), require('two')]`)
	js.Layers = []string{files(t, map[string]string{
		"nodejs/node_modules/one/index.js": "module.exports = 1", "nodejs/node20/node_modules/two/index.js": "module.exports = 2",
	})}
	define(t, h, "js", js)
	if got := string(invoke(t, h, lambda.Call{Function: "js"}).Payload); got != `[1,2]` {
		t.Errorf("Node got %s", got)
	}
	py.Revision, py.Layers = "2", []string{filepath.Join(t.TempDir(), "none"), py.Layers[0]}
	define(t, h, "py", py)
	_, err := h.Invoke(t.Context(), lambda.Call{Function: "py"})
	if notReady := (*lambda.NotReady)(nil); !asError(err, &notReady) {
		t.Errorf("a layer that is not there: %v, want NotReady", err)
	}
}

// extension is an external extension: it registers, and writes down its events.
const extension = `#!/usr/bin/env python3
import http.client, json, os
c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
c.request("POST", "/2020-01-01/extension/register", json.dumps({"events": ["INVOKE", "SHUTDOWN"]}), {"Lambda-Extension-Name": "ext"})
r = c.getresponse(); r.read()
i = r.getheader("Lambda-Extension-Identifier")
c.request("PUT", "/2022-07-01/telemetry", "{}", {"Lambda-Extension-Identifier": i})
c.getresponse().read()
while True:
    c.request("GET", "/2020-01-01/extension/event/next", headers={"Lambda-Extension-Identifier": i})
    e = json.loads(c.getresponse().read())
    with open(os.environ["EVENTS"], "a") as f:
        f.write(e["eventType"] + " " + e.get("requestId", e.get("shutdownReason")) + "\n")
    if e["eventType"] == "SHUTDOWN":
        break
`

func TestExtension(t *testing.T) {
	need(t, "python3")
	v := golang(t)
	events := filepath.Join(t.TempDir(), "events")
	v.Layers = []string{files(t, map[string]string{"extensions/ext": extension})}
	v.Env = map[string]string{"EVENTS": events, "PATH": os.Getenv("PATH")}
	h := host(t, lambda.Config{})
	define(t, h, "f", v)
	read := func() string {
		b, _ := os.ReadFile(events)
		return string(b)
	}
	// The extension may register after the first call.
	eventually(t, "the extension hears of a call", func() bool {
		invoke(t, h, lambda.Call{Function: "f", RequestID: "some-call"})
		return strings.Contains(read(), "INVOKE some-call\n")
	})
	h.Remove("f")
	eventually(t, "the extension hears of the end", func() bool { return strings.HasSuffix(read(), "SHUTDOWN spindown\n") })
}

// A runtime with an extension inside of it is asked to end before it is ended.
func TestTerminate(t *testing.T) {
	v := golang(t)
	file := filepath.Join(t.TempDir(), "file")
	v.Env = map[string]string{"TERM_FILE": file}
	h := host(t, lambda.Config{})
	define(t, h, "f", v)
	invoke(t, h, lambda.Call{Function: "f"})
	h.Remove("f")
	eventually(t, "the function is terminated", func() bool {
		b, err := os.ReadFile(file)
		return err == nil && string(b) == "terminated"
	})
}

// A bootstrap in a shell, as AWS's tutorial has it.
func TestShellBootstrap(t *testing.T) {
	need(t, "curl")
	dir := files(t, map[string]string{"bootstrap": `#!/bin/sh
set -eu
. "$LAMBDA_TASK_ROOT/$(echo "$_HANDLER" | cut -d. -f1).sh"
while true; do
  HEADERS="$(mktemp)"
  EVENT=$(curl -sS -LD "$HEADERS" "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next")
  ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  RESPONSE=$($(echo "$_HANDLER" | cut -d. -f2) "$EVENT")
  curl -sS "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/$ID/response" -d "$RESPONSE" > /dev/null
done
`, "function.sh": "handler() { echo \"got $1\"; }\n"})
	h := host(t, lambda.Config{})
	define(t, h, "f", lambda.Version{Revision: "1", Runtime: "provided.al2", Handler: "function.handler", CodeDir: dir, Timeout: 20 * time.Second})
	for range 3 {
		if got := string(invoke(t, h, lambda.Call{Function: "f", Payload: []byte(`{"a":1}`)}).Payload); got != `got {"a":1}` {
			t.Errorf("got %s", got)
		}
	}
}

// javaClient stands for the runtime interface client that Java packages bring.
const javaClient = `package com.amazonaws.services.lambda.runtime.api.client;
import java.net.*; import java.io.*;
public class AWSLambda {
  public static void main(String[] args) throws Exception {
    String base = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/";
    while (true) {
      HttpURLConnection next = (HttpURLConnection) new URL(base + "next").openConnection();
      byte[] event = next.getInputStream().readAllBytes();
      HttpURLConnection done = (HttpURLConnection) new URL(base + next.getHeaderField("Lambda-Runtime-Aws-Request-Id") + "/response").openConnection();
      done.setRequestMethod("POST"); done.setDoOutput(true);
      done.getOutputStream().write(("\"" + args[0] + " got " + event.length + "\"").getBytes());
      done.getInputStream().readAllBytes();
    }
  }
}
`

func TestJava(t *testing.T) {
	for _, program := range []string{"java", "javac", "jar"} {
		need(t, program)
	}
	src, code := files(t, map[string]string{"AWSLambda.java": javaClient}), t.TempDir()
	run(t, "javac", "-d", filepath.Join(src, "out"), filepath.Join(src, "AWSLambda.java"))
	if err := os.Mkdir(filepath.Join(code, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "jar", "cf", filepath.Join(code, "lib", "aws-lambda-java-runtime-interface-client-2.0.jar"), "-C", filepath.Join(src, "out"), ".")
	h := host(t, lambda.Config{})
	define(t, h, "f", lambda.Version{Revision: "1", Runtime: "java17", Handler: "a.B::c", CodeDir: code, MemoryMB: 512, Timeout: 20 * time.Second})
	if got := string(invoke(t, h, lambda.Call{Function: "f", Payload: []byte(`{"a":1}`)}).Payload); got != `"a.B::c got 7"` {
		t.Errorf("got %s", got)
	}
}

// What Go functions see is the same as what others see.
func TestGoEnvironment(t *testing.T) {
	t.Setenv("OUR_SECRET", "x")
	h := host(t, lambda.Config{})
	define(t, h, "f", golang(t))
	var env []string
	if err := json.Unmarshal(invoke(t, h, lambda.Call{Function: "f", Payload: []byte(`{"do":"environ"}`)}).Payload, &env); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(env, "PATH=/usr/local/bin:/usr/bin:/bin") || slices.Contains(env, "OUR_SECRET=x") {
		t.Errorf("environment %q", env)
	}
}
