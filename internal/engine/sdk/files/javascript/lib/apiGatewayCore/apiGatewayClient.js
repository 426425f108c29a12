/* Makes a request of a method and its parameters. Made by stagedoor. */
(function (root) {
  'use strict';

  var inNode = typeof module === 'object' && module.exports;
  var apiGateway = inNode ? require('./simpleHttpClient.js') : (root.apiGateway = root.apiGateway || {});
  apiGateway.core = apiGateway.core || {};
  var template = inNode ? require('../url-template/url-template.js') : null;

  function given(value, otherwise) { return value === undefined || value === null || value === '' ? otherwise : value; }

  /* pairs of a query string, encoded; a list is a parameter that is there several times. */
  function pairs(query) {
    var encode = apiGateway.core.utils.encode, all = [];
    Object.keys(query).forEach(function (name) {
      [].concat(query[name]).forEach(function (value) { all.push([encode(name), encode(String(value))]); });
    });
    return all;
  }

  /* bytesOf a body and whether it is sent at all: text and bytes as they are, all else as JSON. */
  function bytesOf(body) {
    if (body === undefined || body === null || body === '') { return new Uint8Array(0); }
    if (body instanceof Uint8Array) { return body; }
    if (body instanceof ArrayBuffer) { return new Uint8Array(body); }
    return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  }

  apiGateway.core.apiGatewayClientFactory = {
    newClient: function (config) {
      var utils = apiGateway.core.utils;
      var http = apiGateway.core.simpleHttpClientFactory.newClient({
        maxRetries: given(config.maxRetries, 3), retryBaseDelay: given(config.retryBaseDelay, 100), retryMaxDelay: given(config.retryMaxDelay, 20000)
      });
      var endpoint = config.endpoint.replace(/\/+$/, '');
      var keys = config.accessKey && config.secretKey ? config : null;

      /* prepare is the request as fetch takes it, signed at this moment. */
      function prepare(method, params, bytes, additional) {
        var path = (template || root.uritemplate)(method.path).expand(utils.parseParametersToObject(params, method.inPath));
        var query = pairs(utils.mergeInto(utils.parseParametersToObject(params, method.inQuery), additional.queryParams));
        var text = query.map(function (p) { return p[0] + '=' + p[1]; }).join('&');
        var url = new URL(endpoint + path + (text === '' ? '' : '?' + text));
        var headers = {'Accept': given(config.defaultAcceptType, 'application/json')};
        if (bytes.length > 0) { headers['Content-Type'] = given(config.defaultContentType, 'application/json'); }
        if (config.apiKey) { headers['x-api-key'] = config.apiKey; }
        utils.mergeInto(headers, utils.parseParametersToObject(params, method.inHeader), true);
        utils.mergeInto(headers, additional.headers, true);
        if (keys) {
          var signature = apiGateway.core.sigV4ClientFactory.sign(keys, {verb: method.verb, url: url, bytes: bytes}, query, new Date());
          utils.mergeInto(headers, signature, true);
        }
        var options = {method: method.verb, headers: headers};
        if (bytes.length > 0) { options.body = bytes; }
        return {url: url.href, options: options};
      }

      return {
        /* makeRequest rejects with an Error; one for an answer that is no success has it as response. */
        makeRequest: function (method, params, body, additional) {
          return new Promise(function (resolve) {
            params = params || {};
            utils.assertParametersDefined(params, method.required);
            var bytes = method.verb === 'GET' || method.verb === 'HEAD' ? new Uint8Array(0) : bytesOf(body);
            resolve(http.makeRequest(function () { return prepare(method, params, bytes, additional || {}); }));
          });
        }
      };
    }
  };

  if (inNode) {
    module.exports = apiGateway;
  }
})(typeof self !== 'undefined' ? self : this);
