'use strict';
// The Lambda runtime interface client for Node.js: it asks the Runtime API for
// events, gives them to the function's handler and posts what it returns.

const fs = require('fs');
const http = require('http');
const net = require('net');
const path = require('path');
const util = require('util');
const { pathToFileURL } = require('url');

const BASE = '/2018-06-01/runtime/';
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

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

// ---- the Runtime API

// Client is one connection to the Runtime API, one request at a time. It keeps
// the event loop alive only while a request is open.
class Client {
  constructor(address) {
    this.address = address;
    const [host, port] = address.split(':');
    this.host = host;
    this.port = Number(port);
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.done = null; // of the open request
    this.polling = false;
    this.chunks = [];
    this.size = 0;
    this.need = 0; // bytes of the whole answer, once its head is known
    this.socket = net.connect({ host, port: this.port, noDelay: true });
    this.socket.on('data', (b) => this.receive(b));
    this.socket.on('error', () => process.exit(1));
    this.socket.on('close', () => process.exit(1)); // the host is gone
  }

  send(head, body, done) {
    this.done = done;
    this.socket.ref();
    if (body.length > 65536) {
      this.socket.write(head);
      this.socket.write(body);
    } else {
      this.socket.write(head + body);
    }
  }

  receive(b) {
    this.chunks.push(b);
    this.size += b.length;
    if (this.size < this.need) {
      return;
    }
    const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) {
      this.chunks = [all];
      return;
    }
    const head = all.toString('utf8', 0, end).split('\r\n');
    const headers = {};
    for (let i = 1; i < head.length; i++) {
      const colon = head[i].indexOf(':');
      headers[head[i].slice(0, colon).toLowerCase()] = head[i].slice(colon + 1).trim();
    }
    this.need = end + 4 + Number(headers['content-length'] || 0);
    if (this.size < this.need) {
      this.chunks = [all];
      return;
    }
    const { done } = this;
    this.done = null;
    this.chunks = [];
    this.size = this.need = 0;
    this.socket.unref();
    done(headers, all.toString('utf8', end + 4), head[0].split(' ')[1]);
  }

  next(done) {
    this.polling = true;
    this.send(`GET ${BASE}invocation/next HTTP/1.1\r\nHost: ${this.address}\r\n\r\n`, '', (headers, body, status) => {
      this.polling = false;
      if (status !== '200') {
        process.exit(1); // the host refuses to give more work
      }
      done(headers, body);
    });
  }

  post(where, body, headers, done) {
    const length = Buffer.byteLength(body);
    this.send(`POST ${BASE}${where} HTTP/1.1\r\nHost: ${this.address}\r\nContent-Type: application/json\r\n` +
      `${headers}Content-Length: ${length}\r\n\r\n`, body, () => done());
  }

  result(id, value, done) {
    let body;
    try {
      body = JSON.stringify(value === undefined ? null : value);
    } catch {
      throw new Error('Unable to stringify response body');
    }
    this.post(`invocation/${id}/response`, body === undefined ? 'null' : body, '', done);
  }

  error(where, e, done) {
    const out = wireError(e);
    let body;
    try {
      body = JSON.stringify(out);
    } catch {
      body = JSON.stringify({ errorType: out.errorType, errorMessage: out.errorMessage, trace: out.trace });
    }
    this.post(where, body, `${ERROR_TYPE}: ${headerText(out.errorType)}\r\n`, done);
  }

  // stream opens the POST of a streamed result.
  stream(id, highWaterMark) {
    this.agent.createConnection = (options, connected) => net.createConnection({ ...options, highWaterMark }, connected);
    let finished;
    const done = new Promise((resolve, reject) => { finished = { resolve, reject }; });
    const request = http.request({
      method: 'POST',
      hostname: this.host,
      port: this.port,
      path: `${BASE}invocation/${encodeURIComponent(id)}/response`,
      agent: this.agent,
      headers: {
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        Trailer: [ERROR_TYPE, ERROR_BODY],
        'Content-Type': 'application/octet-stream',
      },
    }, (answer) => {
      answer.resume();
      answer.on('end', finished.resolve);
      answer.on('aborted', finished.reject);
    });
    request.on('error', finished.reject);
    done.catch(() => {}); // whoever awaits it hears of it
    return { stream: new ResponseStream(request).facade(), request, done };
  }
}

// ResponseStream is what a streaming handler writes to.
class ResponseStream {
  constructor(request) {
    this.request = request;
    this.begun = false;
    this.beforeFirstWrite = undefined;
  }

  write(chunk, encoding, callback) {
    if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk) && !(chunk && chunk.constructor === Uint8Array)) {
      chunk = JSON.stringify(chunk);
    }
    if (!this.begun && typeof this.beforeFirstWrite === 'function') {
      this.beforeFirstWrite((b) => this.request.write(b));
    }
    this.begun = true;
    return this.request.write(chunk, encoding, callback);
  }

  setContentType(type) {
    if (this.begun) {
      throw new named.InvalidStreamingOperation('Cannot set content-type, too late.');
    }
    this.request.setHeader('Content-Type', type);
  }

  // facade shows the request's writable side, and nothing of HTTP.
  facade() {
    const { request } = this;
    const out = {};
    for (const name of ['cork', 'destroy', 'uncork', 'addListener', 'emit', 'eventNames', 'getMaxListeners',
      'listenerCount', 'listeners', 'off', 'on', 'once', 'prependListener', 'prependOnceListener', 'rawListeners',
      'removeAllListeners', 'removeListener', 'setMaxListeners']) {
      out[name] = request[name].bind(request);
    }
    // end passes one argument on, and its data past the prelude, as Lambda's own does.
    out.end = (first) => { request.end(first); };
    out.write = (...args) => this.write(...args);
    out.setContentType = (type) => this.setContentType(type);
    for (const name of ['destroyed', 'writable', 'writableFinished', 'writableObjectMode', 'writableEnded',
      'writableNeedDrain', 'writableHighWaterMark', 'writableCorked', 'writableLength']) {
      Object.defineProperty(out, name, { get: () => request[name], set: (v) => { request[name] = v; } });
    }
    Object.defineProperty(out, '_onBeforeFirstWrite', {
      get: () => this.beforeFirstWrite,
      set: (f) => { this.beforeFirstWrite = f; },
    });
    return out;
  }
}

class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    const text = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => {
      write(text);
      write(new Uint8Array(8));
    };
    return stream;
  }
}

// ---- the handler

function typeModule(folder) {
  if (folder.endsWith('/node_modules')) {
    return false;
  }
  const file = path.join(folder, 'package.json');
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file)).type === 'module';
    } catch (e) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, e);
      return false;
    }
  }
  const parent = path.dirname(folder);
  return parent !== folder && typeModule(parent);
}

const requireFile = (file) => (fs.existsSync(file) ? require(file) : undefined);
const importFile = async (file) => (fs.existsSync(file) ? import(pathToFileURL(file).href) : undefined);

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  if (fs.existsSync(file) && fs.statSync(file).isFile()) {
    return require(file);
  }
  const esm = fs.existsSync(file + '.js') && typeModule(path.dirname(file));
  const loaded = esm ? await importFile(file + '.js') : requireFile(file + '.js');
  return loaded || await importFile(file + '.mjs') || requireFile(file + '.cjs') ||
    require(require.resolve(name, { paths: [root, folder] }));
}

async function load(root, text) {
  if (text.includes('..')) {
    throw new named.MalformedHandlerName(`'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(text);
  const match = base.match(/^([^.]*)\.(.*)$/);
  if (!match) {
    throw new named.MalformedHandlerName('Bad handler');
  }
  let loaded;
  try {
    loaded = await loadModule(root, text.slice(0, text.indexOf(base)), match[1]);
  } catch (e) {
    if (e instanceof SyntaxError) {
      throw new named.UserCodeSyntaxError(e);
    }
    throw e && e.code === 'MODULE_NOT_FOUND' ? new named.ImportModuleError(e) : e;
  }
  const handler = match[2].split('.').reduce((o, key) => o && o[key], loaded);
  if (!handler) {
    throw new named.HandlerNotFound(`${text} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw new named.HandlerNotFound(`${text} is not a function`);
  }
  if (handler[STREAMING] && handler[STREAMING] !== 'response') {
    throw new named.MalformedStreamingHandler('Only response streaming is supported.');
  }
  return handler;
}

// ---- the loop

let beforeExit = () => {}; // what an empty event loop means now
let fatal; // what to do with an error that nobody caught, and the exit code to use

function parse(text, name) {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch (e) {
    throw new Error(`Cannot parse ${name} as json: ${e.toString()}`);
  }
}

// fillContext puts what the environment and the headers tell into a context.
function fillContext(context, headers) {
  const { env } = process;
  if (headers['lambda-runtime-trace-id']) {
    env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
  } else {
    delete env._X_AMZN_TRACE_ID;
  }
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return Object.assign(context, {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse(headers['lambda-runtime-client-context'], 'ClientContext'),
    identity: parse(headers['lambda-runtime-cognito-identity'], 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  });
}

// waiting is a context's callbackWaitsForEmptyEventLoop.
function waiting() {
  let wait = true;
  return {
    get callbackWaitsForEmptyEventLoop() { return wait; },
    set callbackWaitsForEmptyEventLoop(value) { wait = value; },
  };
}

class Runtime {
  constructor(client, handler) {
    this.client = client;
    this.handler = handler;
    this.serve = handler[STREAMING] ? this.serveStream : this.servePlain;
  }

  loop() {
    setImmediate(() => this.client.next((headers, body) => {
      const id = requestID = headers['lambda-runtime-aws-request-id'];
      fatal = (e, code) => this.client.error(`invocation/${id}/error`, e, () => process.exit(code));
      this.serve(id, headers, body);
    }));
  }

  // answerer is what ends an invocation: the first call of any of its ways counts.
  answerer(id, context) {
    const next = () => this.loop();
    let ended = false;
    const fail = (e) => {
      logError('Invoke Error', e);
      this.client.error(`invocation/${id}/error`, e, next);
    };
    const end = (e, value, wait) => {
      if (ended) {
        return;
      }
      beforeExit = () => {};
      const failed = e !== undefined && e !== null;
      if (failed) {
        fail(e);
      } else if (wait) {
        beforeExit = () => setImmediate(() => { beforeExit = () => {}; this.client.result(id, value, next); });
      } else {
        this.client.result(id, value, next); // may throw: then nothing has ended
      }
      ended = true;
    };
    context.done = (e, value) => end(e, value, false);
    context.succeed = (value) => end(null, value, false);
    context.fail = (e) => end(e === undefined || e === null ? 'handled' : e, null, false);
    // A handler that never answers has answered null when its event loop is empty.
    beforeExit = () => context.succeed(null);
    return (e, value) => end(e, value, context.callbackWaitsForEmptyEventLoop);
  }

  servePlain(id, headers, body) {
    const context = waiting();
    const callback = this.answerer(id, context);
    try {
      const result = this.handler(JSON.parse(body), fillContext(context, headers), callback);
      if (result && typeof result.then === 'function') {
        result.then(context.succeed, context.fail).catch(context.fail);
      }
    } catch (e) {
      callback(e);
    }
  }

  async serveStream(id, headers, body) {
    const next = () => this.loop();
    const context = waiting();
    const { stream, request, done } = this.client.stream(id, this.handler[HIGH_WATER_MARK]);
    const fail = (e) => {
      logError('Invoke Error', e);
      const out = wireError(e);
      beforeExit = () => {};
      request.addTrailers({
        [ERROR_TYPE]: headerText(out.errorType),
        [ERROR_BODY]: Buffer.from(JSON.stringify(out)).toString('base64'),
      });
      request.end();
      done.then(next, next);
    };
    beforeExit = next;
    try {
      const result = this.handler(JSON.parse(body), stream, fillContext(context, headers));
      if (!result || typeof result.then !== 'function') {
        fail('Streaming does not support non-async handlers.');
        return;
      }
      if ((await result) !== undefined) {
        console.warn('Streaming handlers ignore return values.');
      }
      await done;
      beforeExit = () => {};
      if (context.callbackWaitsForEmptyEventLoop) {
        beforeExit = () => { beforeExit = () => {}; next(); };
      } else {
        next();
      }
    } catch (e) {
      fail(e);
    }
  }
}

async function main() {
  patchConsole();
  const client = new Client(process.env.AWS_LAMBDA_RUNTIME_API);
  fatal = (e, code) => client.error('init/error', e, () => process.exit(code));
  const die = (message, code) => (e) => {
    logError(message, e);
    if (client.polling || client.done) {
      process.exit(code); // between two events, or while an answer is under way
    }
    fatal(e, code);
  };
  const uncaught = die('Uncaught Exception', 129);
  const rejected = die('Unhandled Promise Rejection', 128);
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', (reason, promise) => {
    rejected(Object.assign(new named.UnhandledPromiseRejection(reason), { reason, promise }));
  });
  process.on('beforeExit', () => beforeExit());
  globalThis.awslambda = {
    streamifyResponse: (handler, options) => {
      handler[STREAMING] = 'response';
      if (options && typeof options.highWaterMark === 'number') {
        handler[HIGH_WATER_MARK] = options.highWaterMark;
      }
      return handler;
    },
    HttpResponseStream,
  };
  client.socket.unref();
  new Runtime(client, await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER)).loop();
}

main().catch((e) => {
  process.emit('uncaughtException', e);
});
