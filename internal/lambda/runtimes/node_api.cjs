'use strict';
// The Runtime API as the runtime interface client for Node.js uses it.

const http = require('http');
const net = require('net');
const { named, wireError, headerText } = require('./node_log.cjs');

const BASE = '/2018-06-01/runtime/';
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';

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

  // stream opens the POST of a streamed result. breakOff ends it with an error.
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
    const breakOff = (e) => {
      const out = wireError(e);
      request.addTrailers({
        [ERROR_TYPE]: headerText(out.errorType),
        [ERROR_BODY]: Buffer.from(JSON.stringify(out)).toString('base64'),
      });
      request.end();
    };
    return { stream: new ResponseStream(request).facade(), breakOff, done };
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

module.exports = { Client, HttpResponseStream };
