"""The Lambda runtime interface client for Python: it asks the Runtime API for
events, gives them to the function's handler and posts what it returns.

It keeps to the standard library, and to one connection that user code cannot
change by patching sockets.
"""

import _socket
import importlib
import importlib.machinery
import json
import logging
import os
import sys
import time
import traceback

BASE = "/2018-06-01/runtime/"


class Fault(Exception):
    """An error of the function's packaging, with the name that Lambda gives it."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind, self.message, self.trace = kind, message, trace or []


class Client:
    """One connection to the Runtime API, one request at a time."""

    def __init__(self, address):
        self.address = address
        host, port = address.rsplit(":", 1)
        self.sock = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.sock.settimeout(None)
        self.sock.connect((host, int(port)))
        self.sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.host = ("Host: %s\r\n" % address).encode()
        self.next_request = b"GET " + BASE.encode() + b"invocation/next HTTP/1.1\r\n" + self.host + b"\r\n"

    def next(self):
        status, headers, body = self.call(self.next_request)
        if status != 200:
            sys.exit(1)  # the host refuses to give more work
        return headers, body

    def post(self, path, body, headers=b""):
        head = b"POST %b%b HTTP/1.1\r\n%bContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n" % (
            BASE.encode(), path.encode(), self.host, headers, len(body))
        if len(body) <= 65536:
            return self.call(head + body)[0]
        self.sock.sendall(head)
        return self.call(body)[0]

    def call(self, request):
        self.sock.sendall(request)
        data = b""
        while True:
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                break
            data += self.receive(65536)
        lines = data[:end].decode("utf-8").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = data[end + 4:]
        missing = int(headers.get("content-length", 0)) - len(body)
        if missing > 0:
            parts = [body]
            while missing > 0:
                part = self.receive(min(missing, 1 << 20))
                parts.append(part)
                missing -= len(part)
            body = b"".join(parts)
        return int(lines[0].split(" ", 2)[1]), headers, body

    def receive(self, size):
        part = self.sock.recv(size)
        if not part:
            os._exit(1)  # the host is gone
        return part


class ClientContext:
    """Lambda's client context: custom, env and client of a mobile application."""

    class Client:
        pass

    def __init__(self, given):
        self.custom = given.get("custom")
        self.env = given.get("env")
        self.client = None
        if given.get("client"):
            self.client = ClientContext.Client()
            for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
                setattr(self.client, name, given["client"].get(name))


class CognitoIdentity:
    """Who called through a Cognito identity pool; both ids are None otherwise."""

    def __init__(self, given):
        self.cognito_identity_id = given.get("cognitoIdentityId")
        self.cognito_identity_pool_id = given.get("cognitoIdentityPoolId")


class LambdaContext:
    """What a handler is told of its invocation."""

    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id", "")
        self.log_group_name = env.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client = headers.get("lambda-runtime-client-context")
        self.client_context = ClientContext(json.loads(client)) if client else None
        self.identity = CognitoIdentity(json.loads(headers.get("lambda-runtime-cognito-identity") or "{}"))
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return "LambdaContext([%s])" % ",".join(
            "%s=%s" % (k, v) for k, v in self.__dict__.items() if not k.startswith("_"))


class Log(logging.Handler):
    """The root logger's handler. A record is one line: its line ends become CRs,
    which the host turns back."""

    request_id = None

    def emit(self, record):
        record.aws_request_id = Log.request_id or ""
        text = self.format(record).rstrip("\n")
        sys.stdout.write(text.replace("\n", "\r") + "\n")


class JSONFormatter(logging.Formatter):
    """Lambda's JSON log format."""

    standard = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id"}

    def format(self, record):
        out = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": record.aws_request_id,
        }
        if record.exc_info:
            kind, value, trace = record.exc_info
            out["errorType"] = kind.__name__ if kind else None
            out["errorMessage"] = str(value)
            out["stackTrace"] = traceback.format_tb(trace)
            out["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        for name, value in vars(record).items():
            if name not in self.standard:
                out[name] = value
        return json.dumps({k: v for k, v in out.items() if v is not None}, default=str, ensure_ascii=False)


def set_up_logging():
    json_format = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    handler = Log()
    if json_format:
        handler.setFormatter(JSONFormatter())
    else:
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level)
    if json_format and level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)
    return json_format


def error(kind, message, trace, request_id=""):
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def of_exception(request_id=""):
    """The error being handled, without the frames of this client and of importlib."""
    kind, value, trace = sys.exc_info()
    frames = traceback.extract_tb(trace)
    for i, frame in enumerate(frames):
        if frame.filename != __file__ and "importlib" not in frame.filename:
            frames = frames[i:]
            break
    plain = [(f.filename, f.lineno, f.name, f.line) for f in frames]  # Lambda shows no carets
    return error(kind.__name__, str(value), traceback.format_list(plain), request_id)


def log_error(e, json_format):
    if json_format:
        out = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "log_level": "ERROR",
            "errorType": e["errorType"],
            "errorMessage": e["errorMessage"],
            "requestId": e["requestId"],
            "stackTrace": e["stackTrace"],
        }
        text = json.dumps(out, ensure_ascii=False)
    else:
        lines = ["[ERROR] %s: %s" % (e["errorType"], e["errorMessage"])]
        if e["stackTrace"]:
            lines.append("Traceback (most recent call last):")
            for entry in e["stackTrace"]:
                lines += ["\u00a0\u00a0" + line[2:] if line.startswith("  ") else line for line in entry.splitlines()]
        text = "\r".join("\r".join(lines).split("\n"))
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def find_handler(text):
    module, dot, function = text.rpartition(".")
    if not dot:
        raise Fault("Runtime.MalformedHandlerName",
                    "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % text)
    if module.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as e:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, e)) from None
    except SyntaxError as e:
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, e),
                    ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)]) from None
    try:
        return getattr(loaded, function)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module)) from None


def encode(value):
    decimal = sys.modules.get("decimal")  # who has none has not imported it
    if decimal and isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def encoder():
    # From python3.12 on Lambda leaves characters as they are.
    minor = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
    ascii_only = not (minor.isdigit() and int(minor) >= 12)
    return json.JSONEncoder(default=encode, ensure_ascii=ascii_only).encode


def invoke(handler, to_json, headers, body):
    """One event: the result's bytes and None, or None and the error."""
    request_id = headers.get("lambda-runtime-aws-request-id", "")
    try:
        context = LambdaContext(headers)
        try:
            event = json.loads(body)
        except Exception as e:
            raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e) from None
        result = handler(event, context)
        try:
            return to_json(result).encode("utf-8"), None
        except Exception as e:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % e) from None
    except Fault as e:
        return None, error(e.kind, e.message, e.trace, request_id)
    except Exception:
        return None, of_exception(request_id)


def error_header(e):
    kind = "".join(c for c in e["errorType"] if " " < c < "\x7f")
    return ("Lambda-Runtime-Function-Error-Type: %s\r\n" % kind).encode()


class Loader(importlib.machinery.SourceFileLoader):
    """Loads the function's modules. Their compiled code is kept in the environment's
    cache, for the function's own folder is not to be written to."""

    cache = None

    def get_code(self, fullname):
        before, sys.pycache_prefix = sys.pycache_prefix, Loader.cache
        try:
            return super().get_code(fullname)
        finally:
            sys.pycache_prefix = before


def set_up_cache(folder):
    machinery = importlib.machinery
    roots = tuple(os.path.join(r, "") for r in (os.environ.get("LAMBDA_TASK_ROOT"), os.environ.get("STAGEDOOR_OPT_DIR")) if r)
    kinds = (
        (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
        (Loader, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
    )

    def hook(path):
        if not os.path.join(path, "").startswith(roots) or not os.path.isdir(path):
            raise ImportError("not the function's", path=path)
        return machinery.FileFinder(path, *kinds)

    Loader.cache = folder
    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


def set_up_path():
    root = os.environ.get("LAMBDA_TASK_ROOT", "")
    opt = os.environ.get("STAGEDOOR_OPT_DIR", "")
    version = "python%d.%d" % sys.version_info[:2]
    # The first entry is this file's folder.
    sys.path[0:1] = [root] + ([os.path.join(opt, "python", "lib", version, "site-packages"),
                               os.path.join(opt, "python")] if opt else [])


def initialise(client, json_format):
    try:
        return find_handler(os.environ.get("_HANDLER", ""))
    except Fault as e:
        failed = error(e.kind, e.message, e.trace)
    except Exception:
        failed = of_exception()
    log_error(failed, json_format)
    client.post("init/error", json.dumps(failed).encode(), error_header(failed))
    sys.exit(1)


def main():
    set_up_path()
    set_up_cache(sys.argv.pop())
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", line_buffering=True)
    client = Client(os.environ["AWS_LAMBDA_RUNTIME_API"])
    json_format = set_up_logging()
    handler = initialise(client, json_format)
    to_json = encoder()
    while True:
        sys.stdout.flush()
        headers, body = client.next()
        request_id = Log.request_id = headers.get("lambda-runtime-aws-request-id", "")
        trace = headers.get("lambda-runtime-trace-id")
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        result, failed = invoke(handler, to_json, headers, body)
        sys.stdout.flush()
        if failed is None:
            client.post("invocation/%s/response" % request_id, result)
        else:
            log_error(failed, json_format)
            client.post("invocation/%s/error" % request_id, to_json(failed).encode("utf-8", "replace"),
                        error_header(failed))


if __name__ == "__main__":
    main()
