//go:build unix

package lambda_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

// outcome is how a function's call must come out. In payload, ID stands for the
// request id and CODE for the code's folder; with match it is a regular expression.
type outcome struct {
	name    string
	event   string
	change  func(*lambda.Version)
	kind    string // error type; "" when it went well
	payload string
	match   bool
}

func (o *outcome) check(t *testing.T, h *lambda.Host, v lambda.Version) {
	t.Helper()
	name := strings.ReplaceAll(strings.ReplaceAll(t.Name(), "/", "-"), "#", "-")
	if o.change != nil {
		o.change(&v)
	}
	define(t, h, name, v)
	t.Cleanup(func() { h.Remove(name) })
	for range 2 { // an environment that fails leaves nothing to the next
		r := invoke(t, h, lambda.Call{Function: name, Payload: []byte(o.event), Tail: true})
		got := string(r.Payload)
		want := strings.NewReplacer("ID", r.RequestID, "CODE", v.CodeDir).Replace(o.payload)
		ok := got == want
		if o.match {
			ok = regexp.MustCompile("^(?s:" + want + ")$").MatchString(got)
		}
		if !ok || r.ErrorType != o.kind || (r.FunctionError == "Unhandled") != (o.kind != "") {
			t.Errorf("%s %s\n got %s\nwant %s\nlog:\n%s", r.FunctionError, r.ErrorType, got, want, r.LogTail)
		}
		if r.ExecutedVersion != "$LATEST" {
			t.Errorf("version %q", r.ExecutedVersion)
		}
		tail := string(r.LogTail)
		if !strings.Contains(tail, "START RequestId: "+r.RequestID+" Version: $LATEST\n") || !strings.Contains(tail, "\nEND RequestId: "+r.RequestID+"\nREPORT RequestId: "+r.RequestID+"\tDuration: ") {
			t.Errorf("log %s", tail)
		}
		if o.kind != "" && !json.Valid(r.Payload) {
			t.Errorf("the error is no JSON: %s", r.Payload)
		}
	}
}

func oneSecond(v *lambda.Version) { v.Timeout = time.Second }

func handler(name string) func(*lambda.Version) {
	return func(v *lambda.Version) { v.Handler = name }
}

const pythonOutcomes = `
import os, sys, time, json, decimal
class Mine(Exception): pass
def lambda_handler(event, context):
    do = event["do"]
    if do == "raise": raise Mine("boom")
    if do == "sleep": time.sleep(30)
    if do == "exit": sys.exit(event["n"])
    if do == "_exit": os._exit(event["n"])
    if do == "abort": os.abort()
    if do == "kill": os.kill(os.getpid(), 9)
    if do == "memory":
        keep = [bytearray(50 << 20) for _ in range(20)]
        time.sleep(30)
    if do == "large": return "x" * event["n"]
    if do == "set": return {1}
    if do == "decimal": return {"d": decimal.Decimal("1.5"), "u": "é"}
    if do == "none": return None
    return event
other = "no function"
`

func TestPythonOutcomes(t *testing.T) {
	v := python(t, pythonOutcomes)
	h := host(t, lambda.Config{})
	exit := func(how string) string {
		return `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime ` + how + `"}`
	}
	for _, tt := range []outcome{
		{name: "echo", event: `{"do":"x","u":"é"}`, payload: `{"do": "x", "u": "\u00e9"}`},
		{name: "echo of 3.12", event: `{"do":"x","u":"é"}`, payload: `{"do": "x", "u": "é"}`, change: func(v *lambda.Version) { v.Runtime = "python3.12" }},
		{name: "none", event: `{"do":"none"}`, payload: "null"},
		{name: "decimal", event: `{"do":"decimal"}`, payload: `{"d": 1.5, "u": "\u00e9"}`},
		{name: "exception", event: `{"do":"raise"}`, kind: "Mine", payload: `{"errorMessage": "boom", "errorType": "Mine", "requestId": "ID", "stackTrace": ["  File \"CODE/lambda_function.py\", line 6, in lambda_handler\n    if do == \"raise\": raise Mine(\"boom\")\n"]}`},
		{name: "timeout", event: `{"do":"sleep"}`, change: oneSecond, kind: "Sandbox.Timedout", payload: `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"}`},
		{name: "exit 0", event: `{"do":"exit","n":0}`, kind: "Runtime.ExitError", payload: exit("exited without providing a reason")},
		{name: "exit 1", event: `{"do":"exit","n":1}`, kind: "Runtime.ExitError", payload: exit("exited with error: exit status 1")},
		{name: "_exit 7", event: `{"do":"_exit","n":7}`, kind: "Runtime.ExitError", payload: exit("exited with error: exit status 7")},
		{name: "abort", event: `{"do":"abort"}`, kind: "Runtime.ExitError", payload: exit("exited with error: signal: aborted")},
		{name: "kill", event: `{"do":"kill"}`, kind: "Runtime.ExitError", payload: exit("exited with error: signal: killed")},
		{name: "memory", event: `{"do":"memory"}`, kind: "Runtime.ExitError", payload: exit("exited with error: signal: killed")},
		{name: "as large as may be", event: `{"do":"large","n":6291554}`, payload: `"x+"`, match: true},
		{name: "too large", event: `{"do":"large","n":6291555}`, kind: "Function.ResponseSizeTooLarge", payload: `{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}`},
		{name: "event is no JSON", event: `{"do":`, kind: "Runtime.UnmarshalError", payload: `{"errorMessage": "Unable to unmarshal input: .*", "errorType": "Runtime.UnmarshalError", "requestId": "ID", "stackTrace": \[\]}`, match: true},
		{name: "result is no JSON", event: `{"do":"set"}`, kind: "Runtime.MarshalError", payload: `{"errorMessage": "Unable to marshal response: Object of type set is not JSON serializable", "errorType": "Runtime.MarshalError", "requestId": "ID", "stackTrace": []}`},
		{name: "no such module", change: handler("nope.f"), kind: "Runtime.ImportModuleError", payload: `{"errorMessage": "Unable to import module 'nope': No module named 'nope'", "errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []}`},
		{name: "no such handler", change: handler("lambda_function.nope"), kind: "Runtime.HandlerNotFound", payload: `{"errorMessage": "Handler 'nope' missing on module 'lambda_function'", "errorType": "Runtime.HandlerNotFound", "requestId": "", "stackTrace": []}`},
		{name: "no function", change: handler("lambda_function.other"), kind: "TypeError", payload: `{"errorMessage": "'str' object is not callable", "errorType": "TypeError", "requestId": "ID", .*`, match: true},
		{name: "handler without a dot", change: handler("nope"), kind: "Runtime.MalformedHandlerName", payload: `{"errorMessage": "Bad handler 'nope': not enough values to unpack (expected 2, got 1)", "errorType": "Runtime.MalformedHandlerName", "requestId": "", "stackTrace": []}`},
		{name: "built-in module", change: handler("sys.exit"), kind: "Runtime.BuiltInModuleConflict", payload: `{"errorMessage": "Cannot use built-in module sys as a handler module", "errorType": "Runtime.BuiltInModuleConflict", "requestId": "", "stackTrace": []}`},
		{name: "syntax error", change: func(v *lambda.Version) {
			v.CodeDir = files(t, map[string]string{"lambda_function.py": "def f(:\n"})
		}, kind: "Runtime.UserCodeSyntaxError", payload: `{"errorMessage": "Syntax error in module 'lambda_function': .*", "errorType": "Runtime.UserCodeSyntaxError", "requestId": "", "stackTrace": \["  File \\".*/lambda_function.py\\" Line 1\\n    def f\(:\\n"\]}`, match: true},
		{name: "error on import", change: func(v *lambda.Version) {
			v.CodeDir = files(t, map[string]string{"lambda_function.py": "x = 1\nraise ValueError('bad')\n"})
		}, kind: "ValueError", payload: `{"errorMessage": "bad", "errorType": "ValueError", "requestId": "", "stackTrace": \["  File \\".*/lambda_function.py\\", line 2, in <module>\\n    raise ValueError\('bad'\)\\n"\]}`, match: true},
		{name: "exit on import", change: func(v *lambda.Version) {
			v.CodeDir = files(t, map[string]string{"lambda_function.py": "import os\nos._exit(5)\n"})
		}, kind: "Runtime.ExitError", payload: exit("exited with error: exit status 5")},
		{name: "module in a package", change: func(v *lambda.Version) {
			v.Handler = "pkg/sub.handle"
			v.CodeDir = files(t, map[string]string{"pkg/__init__.py": "", "pkg/sub.py": "from pkg import other\ndef handle(e, c): return other.x\n", "pkg/other.py": "x = 5\n"})
		}, payload: "5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.check(t, h, v)
		})
	}
}

const nodeOutcomes = `
exports.handler = async (event) => {
  switch (event.do) {
  case 'throw': { const e = new Error('boom'); e.name = 'Mine'; throw e; }
  case 'throw text': throw 'just text';
  case 'sleep': await new Promise((r) => setTimeout(r, 30000)); break;
  case 'spin': for (;;) {}
  case 'exit': process.exit(event.n); break;
  case 'kill': process.kill(process.pid, 'SIGKILL'); await new Promise((r) => setTimeout(r, 30000)); break;
  case 'memory': globalThis.keep = []; for (let i = 0; i < 40; i++) { keep.push(Buffer.alloc(50 << 20, 1)); await new Promise((r) => setTimeout(r, 20)); } break;
  case 'large': return 'x'.repeat(event.n);
  case 'circular': { const o = {}; o.o = o; return o; }
  case 'reject': Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 30000)); break;
  case 'uncaught': setTimeout(() => { throw new TypeError('late'); }, 1); await new Promise((r) => setTimeout(r, 30000)); break;
  case 'nothing': return undefined;
  case 'never': await new Promise(() => {}); break;
  }
  return event;
};
exports.callback = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.wait;
  globalThis.ran = false;
  setTimeout(() => { globalThis.ran = true; }, event.later);
  if (event.fail) { callback(new Error(event.fail)); return; }
  callback(null, { get ran() { return globalThis.ran; } });
};
exports.done = (event, context) => { context.done(null, event); context.fail('too late'); };
exports.succeed = (event, context) => context.succeed(event);
exports.fail = (event, context) => context.fail();
exports.silent = () => {};
exports.nested = { deep: { handler: async () => 'deep' } };
exports.text = 'text';
`

func TestNodeOutcomes(t *testing.T) {
	v := node(t, "index.js", nodeOutcomes)
	h := host(t, lambda.Config{})
	exit := func(how string) string {
		return `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime ` + how + `"}`
	}
	trace := `,"trace":\[".*\]}`
	code := func(all map[string]string) func(*lambda.Version) {
		return func(v *lambda.Version) { v.CodeDir = files(t, all) }
	}
	for _, tt := range []outcome{
		{name: "echo", event: `{"do":"x","u":"é"}`, payload: `{"do":"x","u":"é"}`},
		{name: "nothing", event: `{"do":"nothing"}`, payload: "null"},
		{name: "never", event: `{"do":"never"}`, payload: "null"},
		{name: "exception", event: `{"do":"throw"}`, kind: "Mine", payload: `{"errorType":"Mine","errorMessage":"boom","trace":\["Mine: boom","    at .*index.js:4:.*\]}`, match: true},
		{name: "thrown text", event: `{"do":"throw text"}`, kind: "string", payload: `{"errorType":"string","errorMessage":"just text","trace":[]}`},
		{name: "timeout", event: `{"do":"sleep"}`, change: oneSecond, kind: "Sandbox.Timedout", payload: `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"}`},
		{name: "spinning", event: `{"do":"spin"}`, change: oneSecond, kind: "Sandbox.Timedout", payload: `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"}`},
		{name: "exit 0", event: `{"do":"exit","n":0}`, kind: "Runtime.ExitError", payload: exit("exited without providing a reason")},
		{name: "exit 1", event: `{"do":"exit","n":1}`, kind: "Runtime.ExitError", payload: exit("exited with error: exit status 1")},
		{name: "kill", event: `{"do":"kill"}`, kind: "Runtime.ExitError", payload: exit("exited with error: signal: killed")},
		{name: "memory", event: `{"do":"memory"}`, kind: "Runtime.ExitError", payload: exit("exited with error: signal: killed")},
		{name: "too large", event: `{"do":"large","n":6291555}`, kind: "Function.ResponseSizeTooLarge", payload: `{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}`},
		{name: "circular", event: `{"do":"circular"}`, kind: "Error", payload: `{"errorType":"Error","errorMessage":"Unable to stringify response body"` + trace, match: true},
		{name: "unhandled rejection", event: `{"do":"reject"}`, kind: "Runtime.UnhandledPromiseRejection", payload: `{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: lost","reason":{"errorType":"Error","errorMessage":"lost","trace":\[.*\]},"promise":{},"trace":\["Runtime.UnhandledPromiseRejection: Error: lost".*\]}`, match: true},
		{name: "uncaught", event: `{"do":"uncaught"}`, kind: "TypeError", payload: `{"errorType":"TypeError","errorMessage":"late"` + trace, match: true},
		{name: "event is no JSON", event: `{"do":`, kind: "SyntaxError", payload: `{"errorType":"SyntaxError","errorMessage":"Unexpected end of JSON input"` + trace, match: true},
		{name: "callback waits", event: `{"wait":true,"later":20}`, change: handler("index.callback"), payload: `{"ran":true}`},
		{name: "callback does not wait", event: `{"wait":false,"later":20}`, change: handler("index.callback"), payload: `{"ran":false}`},
		{name: "callback fails", event: `{"fail":"sorry"}`, change: handler("index.callback"), kind: "Error", payload: `{"errorType":"Error","errorMessage":"sorry"` + trace, match: true},
		{name: "done", event: `{"a":1}`, change: handler("index.done"), payload: `{"a":1}`},
		{name: "succeed", event: `{"a":1}`, change: handler("index.succeed"), payload: `{"a":1}`},
		{name: "fail", event: `{"a":1}`, change: handler("index.fail"), kind: "string", payload: `{"errorType":"string","errorMessage":"handled","trace":[]}`},
		{name: "silent", change: handler("index.silent"), payload: "null"},
		{name: "nested", change: handler("index.nested.deep.handler"), payload: `"deep"`},
		{name: "no such handler", change: handler("index.nope"), kind: "Runtime.HandlerNotFound", payload: `{"errorType":"Runtime.HandlerNotFound","errorMessage":"index.nope is undefined or not exported"` + trace, match: true},
		{name: "no function", change: handler("index.text"), kind: "Runtime.HandlerNotFound", payload: `{"errorType":"Runtime.HandlerNotFound","errorMessage":"index.text is not a function"` + trace, match: true},
		{name: "no such module", change: handler("nope.handler"), kind: "Runtime.ImportModuleError", payload: `{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module 'nope'.*"` + trace, match: true},
		{name: "handler without a dot", change: handler("nope"), kind: "Runtime.MalformedHandlerName", payload: `{"errorType":"Runtime.MalformedHandlerName","errorMessage":"Bad handler"` + trace, match: true},
		{name: "handler outside", change: handler("../x.y"), kind: "Runtime.MalformedHandlerName", payload: `{"errorType":"Runtime.MalformedHandlerName","errorMessage":"'../x.y' is not a valid handler name.*"` + trace, match: true},
		{name: "syntax error", change: code(map[string]string{"index.js": "exports.handler = ("}), kind: "Runtime.UserCodeSyntaxError", payload: `{"errorType":"Runtime.UserCodeSyntaxError","errorMessage":"SyntaxError: Unexpected .*"` + trace, match: true},
		{name: "missing dependency", change: code(map[string]string{"index.js": "require('left-pad')"}), kind: "Runtime.ImportModuleError", payload: `{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module 'left-pad'.*"` + trace, match: true},
		{name: "error on load", change: code(map[string]string{"index.js": "throw new RangeError('bad')"}), kind: "RangeError", payload: `{"errorType":"RangeError","errorMessage":"bad"` + trace, match: true},
		{name: "ES module", change: code(map[string]string{"index.mjs": "import { x } from './x.mjs'; export const handler = async () => x;", "x.mjs": "export const x = await Promise.resolve('esm');"}), payload: `"esm"`},
		{name: "package of ES modules", change: code(map[string]string{"index.js": "import fs from 'node:fs'; export const handler = async () => typeof fs.readFileSync;", "package.json": `{"type":"module"}`}), payload: `"function"`},
		{name: "CommonJS in a package of ES modules", change: code(map[string]string{"index.cjs": "exports.handler = async () => 'cjs'", "package.json": `{"type":"module"}`}), payload: `"cjs"`},
		{name: "module in a folder", change: func(v *lambda.Version) {
			v.Handler = "src/app.run"
			v.CodeDir = files(t, map[string]string{"src/app.js": "const x = require('dep'); exports.run = async () => x", "node_modules/dep/index.js": "module.exports = 'dep'"})
		}, payload: `"dep"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.check(t, h, v)
		})
	}
}

func TestGoOutcomes(t *testing.T) {
	v := golang(t)
	h := host(t, lambda.Config{})
	exit := func(how string) string {
		return `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime ` + how + `"}`
	}
	for _, tt := range []outcome{
		{name: "echo", event: `{"echo":{"a":1}}`, payload: `{"echo":{"a":1},"pid":\d+}`, match: true},
		{name: "error", event: `{"do":"fail","text":"boom"}`, kind: "failed", payload: `{"errorMessage":"boom","errorType":"failed"}`},
		{name: "panic", event: `{"do":"panic","text":"boom"}`, kind: "string", payload: `{"errorMessage":"boom","errorType":"string","stackTrace":\[.*\]}`, match: true},
		{name: "timeout", event: `{"do":"sleep","n":30000}`, change: oneSecond, kind: "Sandbox.Timedout", payload: `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"}`},
		{name: "exit 0", event: `{"do":"exit","n":0}`, kind: "Runtime.ExitError", payload: exit("exited without providing a reason")},
		{name: "exit 3", event: `{"do":"exit","n":3}`, kind: "Runtime.ExitError", payload: exit("exited with error: exit status 3")},
		{name: "kill", event: `{"do":"kill"}`, kind: "Runtime.ExitError", payload: exit("exited with error: signal: killed")},
		{name: "event is no JSON", event: `{"do":`, kind: "errorString", payload: `{"errorMessage":"unexpected EOF","errorType":"errorString"}`},
		{name: "reader", event: `{"do":"stream","text":"hello"}`, payload: "hello"},
		{name: "reader that breaks off", event: `{"do":"broken","text":"hello"}`, kind: "failed", payload: `{"errorMessage":"broke off","errorType":"failed"}`},
		{name: "no bootstrap", change: func(v *lambda.Version) { v.CodeDir = t.TempDir() }, kind: "Runtime.InvalidEntrypoint", payload: `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ID Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}`},
		{name: "bootstrap for another machine", change: func(v *lambda.Version) {
			v.CodeDir = files(t, map[string]string{"bootstrap": "#!/no/such/program\n"})
		}, kind: "Runtime.InvalidEntrypoint", payload: `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ID Error: fork/exec .*/bootstrap: no such file or directory"}`, match: true},
		{name: "bootstrap that ends", change: func(v *lambda.Version) {
			v.CodeDir = files(t, map[string]string{"bootstrap": "#!/bin/sh\nexit 0\n"})
		}, kind: "Runtime.ExitError", payload: exit("exited without providing a reason")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.check(t, h, v)
		})
	}
}
