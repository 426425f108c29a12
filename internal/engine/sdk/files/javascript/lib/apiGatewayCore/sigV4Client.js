/* AWS Signature Version 4. Made by stagedoor. It has its own SHA-256, as browsers have none on pages that came without TLS. */
(function (root) {
  'use strict';

  var inNode = typeof module === 'object' && module.exports;
  var apiGateway = inNode ? require('./utils.js') : (root.apiGateway = root.apiGateway || {});
  apiGateway.core = apiGateway.core || {};

  /* K and the first state are the fractions of roots of the first primes (FIPS 180-4). */
  var K = [], H0 = [];
  (function () {
    function fraction(x) { return ((x - Math.floor(x)) * 4294967296) | 0; }
    for (var n = 2; K.length < 64; n++) {
      var prime = true;
      for (var d = 2; d * d <= n; d++) {
        if (n % d === 0) { prime = false; break; }
      }
      if (prime) {
        if (H0.length < 8) { H0.push(fraction(Math.pow(n, 1 / 2))); }
        K.push(fraction(Math.pow(n, 1 / 3)));
      }
    }
  })();

  function rotate(x, n) { return (x >>> n) | (x << (32 - n)); }

  /* sha256 of bytes, as bytes. */
  function sha256(bytes) {
    var length = bytes.length, blocks = ((length + 8) >> 6) + 1;
    var padded = new Uint8Array(blocks * 64);
    padded.set(bytes);
    padded[length] = 0x80;
    var view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(length / 536870912));
    view.setUint32(padded.length - 4, (length << 3) >>> 0);
    var h = H0.slice(), w = new Int32Array(64);
    for (var block = 0; block < blocks; block++) {
      for (var i = 0; i < 64; i++) {
        if (i < 16) {
          w[i] = view.getInt32(block * 64 + i * 4);
          continue;
        }
        var s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3);
        var s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
      var v = h.slice();
      for (i = 0; i < 64; i++) {
        var e = v[4], a = v[0];
        var t1 = (v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + K[i] + w[i]) | 0;
        var t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]))) | 0;
        v = [(t1 + t2) | 0, a, v[1], v[2], (v[3] + t1) | 0, e, v[5], v[6]];
      }
      for (i = 0; i < 8; i++) { h[i] = (h[i] + v[i]) | 0; }
    }
    var out = new Uint8Array(32), outView = new DataView(out.buffer);
    h.forEach(function (word, at) { outView.setInt32(at * 4, word); });
    return out;
  }

  function join(a, b) {
    var out = new Uint8Array(a.length + b.length);
    out.set(a);
    out.set(b, a.length);
    return out;
  }

  function hmac(key, bytes) {
    if (key.length > 64) { key = sha256(key); }
    var inner = new Uint8Array(64).fill(0x36), outer = new Uint8Array(64).fill(0x5c);
    for (var i = 0; i < key.length; i++) {
      inner[i] ^= key[i];
      outer[i] ^= key[i];
    }
    return sha256(join(outer, sha256(join(inner, bytes))));
  }

  function utf8(text) { return new TextEncoder().encode(text); }

  function hex(bytes) {
    return Array.prototype.map.call(bytes, function (b) { return ('0' + b.toString(16)).slice(-2); }).join('');
  }

  function compare(a, b) { return a < b ? -1 : a > b ? 1 : 0; }

  apiGateway.core.sigV4ClientFactory = {
    sha256: sha256,
    hex: hex,

    /*
     * sign gives the headers that a request needs beside its own: the date, the
     * token, the signature. request has verb, url (a URL), headers, bytes; query
     * is a list of encoded [name, value]. Host is that of the URL, which browsers send by themselves.
     */
    sign: function (keys, request, query, now) {
      var encode = apiGateway.core.utils.encode;
      var time = now.toISOString().replace(/[:-]|\.\d{3}/g, ''), day = time.slice(0, 8);
      var signed = {'host': request.url.host, 'x-amz-date': time};
      if (keys.sessionToken) { signed['x-amz-security-token'] = keys.sessionToken; }
      var names = Object.keys(signed).sort();
      var path = request.url.pathname.split('/').map(encode).join('/');
      var canonical = [
        request.verb, path,
        query.slice().sort(function (a, b) { return compare(a[0], b[0]) || compare(a[1], b[1]); }).map(function (p) { return p[0] + '=' + p[1]; }).join('&'),
        names.map(function (n) { return n + ':' + String(signed[n]).trim().replace(/ +/g, ' ') + '\n'; }).join(''),
        names.join(';'), hex(sha256(request.bytes))
      ].join('\n');
      var scope = day + '/' + keys.region + '/execute-api/aws4_request';
      var toSign = ['AWS4-HMAC-SHA256', time, scope, hex(sha256(utf8(canonical)))].join('\n');
      var key = utf8('AWS4' + keys.secretKey);
      [day, keys.region, 'execute-api', 'aws4_request'].forEach(function (part) { key = hmac(key, utf8(part)); });
      var out = {
        'x-amz-date': time,
        'Authorization': 'AWS4-HMAC-SHA256 Credential=' + keys.accessKey + '/' + scope + ', SignedHeaders=' + names.join(';') +
          ', Signature=' + hex(hmac(key, utf8(toSign)))
      };
      if (keys.sessionToken) { out['x-amz-security-token'] = keys.sessionToken; }
      return out;
    }
  };

  if (inNode) {
    module.exports = apiGateway;
  }
})(typeof self !== 'undefined' ? self : this);
