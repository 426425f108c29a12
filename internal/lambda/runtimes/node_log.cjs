'use strict';
// What the runtime interface client for Node.js says: errors as the Runtime API
// takes them, and the log.

const util = require('util');

// ---- errors

const named = {};
for (const name of ['ImportModuleError', 'HandlerNotFound', 'MalformedHandlerName', 'UserCodeSyntaxError',
  'MalformedStreamingHandler', 'InvalidStreamingOperation', 'UnhandledPromiseRejection']) {
  named[name] = class extends Error {};
  named[name].prototype.name = `Runtime.${name}`;
}

const isError = (e) => util.types.isNativeError(e) ||
  (e && ['name', 'message', 'stack'].every((k) => typeof e[k] === 'string' && e[k]));

// wireError is an error as the Runtime API takes it.
function wireError(e) {
  try {
    if (!isError(e)) {
      return { errorType: typeof e, errorMessage: e.toString(), trace: [] };
    }
    const out = { errorType: e.name, errorMessage: e.message };
    if (e instanceof named.UnhandledPromiseRejection) {
      out.reason = isError(e.reason) ? wireError(e.reason) : e.reason;
      out.promise = e.promise;
    }
    out.trace = (e.stack || '').split('\n');
    return out;
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

// headerText is s without what would break a header.
const headerText = (s) => String(s).replace(/[^\x21-\x7e]/g, '');

function withProperties(_key, e) {
  if (!(e instanceof Error)) {
    return e;
  }
  const out = Object.assign({ errorType: e.name, errorMessage: e.message, code: e.code }, e);
  if (typeof e.stack === 'string') {
    out.stack = e.stack.split('\n');
  }
  return out;
}

// ---- log

let requestID;
const jsonFormat = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';

function jsonError(_key, e) {
  if (!(e instanceof Error)) {
    return e;
  }
  return Object.assign({
    errorType: e.constructor ? e.constructor.name : 'UnknownError',
    errorMessage: e.message,
    stackTrace: typeof e.stack === 'string' ? e.stack.split('\n') : e.stack,
  }, e);
}

function jsonLine(level, args) {
  const out = { timestamp: new Date().toISOString(), level, requestId: requestID };
  if (args.length === 1) {
    out.message = args[0];
    try {
      return JSON.stringify(out, jsonError);
    } catch {
      out.message = util.format(args[0]);
      return JSON.stringify(out);
    }
  }
  out.message = util.format(...args);
  const e = args.find((a) => a instanceof Error);
  return JSON.stringify(e ? Object.assign(out, jsonError('', e)) : out);
}

// log writes one line: line ends inside of it become CRs, which the host turns back.
function log(level, args) {
  const line = jsonFormat ? jsonLine(level, args)
    : `${new Date().toISOString()}\t${requestID}\t${level}\t${util.format(...args)}`;
  process.stdout.write(line.replace(/\n/g, '\r') + '\n');
}

function patchConsole() {
  const order = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
  const least = Math.max(order.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase()), 0);
  for (const [i, level] of order.entries()) {
    console[level.toLowerCase()] = i >= least ? (...args) => log(level, args) : () => {};
  }
  console.log = console.info;
}

function logError(message, e) {
  const err = e instanceof Error ? e : new Error(e);
  if (jsonFormat) {
    console.error(err);
    return;
  }
  let text;
  try {
    text = JSON.stringify(err, withProperties);
  } catch {
    text = JSON.stringify(wireError(err));
  }
  console.error(message, '\t' + text);
}

const setRequestID = (id) => { requestID = id; };

module.exports = { named, wireError, headerText, logError, patchConsole, setRequestID };
