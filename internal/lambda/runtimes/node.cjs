'use strict';
// The Lambda runtime interface client for Node.js: it asks the Runtime API for
// events, gives them to the function's handler and posts what it returns.

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { Client, HttpResponseStream } = require('./node_api.cjs');
const { named, logError, patchConsole, setRequestID } = require('./node_log.cjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

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
      const id = headers['lambda-runtime-aws-request-id'];
      setRequestID(id);
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
    const { stream, breakOff, done } = this.client.stream(id, this.handler[HIGH_WATER_MARK]);
    const fail = (e) => {
      logError('Invoke Error', e);
      beforeExit = () => {};
      breakOff(e);
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
