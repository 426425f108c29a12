/* Sends requests with fetch, again if that may help. Made by stagedoor. */
(function (root) {
  'use strict';

  var inNode = typeof module === 'object' && module.exports;
  var apiGateway = inNode ? require('./sigV4Client.js') : (root.apiGateway = root.apiGateway || {});
  apiGateway.core = apiGateway.core || {};

  function wait(ms) {
    return new Promise(function (done) { setTimeout(done, ms); });
  }

  /* worthwhile says whether the same request may be answered better later. */
  function worthwhile(status) { return status === 429 || status >= 500; }

  /* A request that never got an answer is only sent again if twice does no harm. */
  function harmless(verb) { return verb !== 'POST' && verb !== 'PATCH'; }

  /* parse gives JSON as a value and all else as text, as the answer's type says. */
  function parse(text, type) {
    if (/[/+]json/i.test(type || '') && text !== '') {
      try { return JSON.parse(text); } catch (_) { return text; }
    }
    return text;
  }

  apiGateway.core.simpleHttpClientFactory = {
    /* newClient's config has maxRetries, retryBaseDelay and retryMaxDelay (ms). */
    newClient: function (config) {
      /* Full jitter: a time between none and the bound, which doubles each time. */
      function pause(tried, retryAfter) {
        var bound = Math.min(config.retryMaxDelay, config.retryBaseDelay * Math.pow(2, tried));
        var asked = Number(retryAfter) * 1000;
        return asked > 0 ? Math.min(asked, config.retryMaxDelay) : Math.random() * bound;
      }

      function answerOf(response) {
        return response.text().then(function (text) {
          var headers = {};
          response.headers.forEach(function (value, name) { headers[name] = value; });
          var answer = {data: parse(text, headers['content-type']), status: response.status, statusText: response.statusText, headers: headers};
          if (response.ok) { return answer; }
          var err = new Error('Request failed with status code ' + response.status);
          err.response = answer;
          throw err;
        });
      }

      /* attempt calls make for each try: dates and signatures must be new. */
      function attempt(make, tried) {
        var request = make();
        return fetch(request.url, request.options).then(function (response) {
          if (tried >= config.maxRetries || !worthwhile(response.status)) { return answerOf(response); }
          return response.arrayBuffer().then(function () {
            return wait(pause(tried, response.headers.get('retry-after')));
          }).then(function () { return attempt(make, tried + 1); });
        }, function (err) {
          if (tried >= config.maxRetries || !harmless(request.options.method)) { throw err; }
          return wait(pause(tried)).then(function () { return attempt(make, tried + 1); });
        });
      }

      return {makeRequest: function (make) { return attempt(make, 0); }};
    }
  };

  if (inNode) {
    module.exports = apiGateway;
  }
})(typeof self !== 'undefined' ? self : this);
