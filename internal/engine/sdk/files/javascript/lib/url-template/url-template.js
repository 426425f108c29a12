/* Paths with parameters: {name} and {greedy+}. Made by stagedoor. */
(function (root) {
  'use strict';

  var inNode = typeof module === 'object' && module.exports;
  var utils = inNode ? require('../apiGatewayCore/utils.js').core.utils : null;

  /* uritemplate is a path that expand fills in: a value is encoded whole, a greedy one keeps its '/'. */
  function uritemplate(path) {
    return {
      expand: function (values) {
        /* A segment of dots would be taken for a step in the path, however it is encoded. */
        function encode(text) {
          if (text === '.' || text === '..') { throw new Error('a path parameter must not be ' + text); }
          return (utils || root.apiGateway.core.utils).encode(text);
        }
        return path.replace(/\{([^{}+]+)(\+?)\}/g, function (_, name, greedy) {
          var value = String(values[name]);
          return greedy ? value.split('/').map(encode).join('/') : encode(value);
        });
      }
    };
  }

  if (inNode) {
    module.exports = uritemplate;
  } else {
    root.uritemplate = uritemplate;
  }
})(typeof self !== 'undefined' ? self : this);
