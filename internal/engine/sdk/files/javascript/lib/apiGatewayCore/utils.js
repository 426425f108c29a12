/* Small things that the client is made of. Made by stagedoor. */
(function (root) {
  'use strict';

  var inNode = typeof module === 'object' && module.exports;
  var apiGateway = inNode ? {} : (root.apiGateway = root.apiGateway || {});
  apiGateway.core = apiGateway.core || {};

  apiGateway.core.utils = {
    /* assertParametersDefined throws if one of the keys has no value. */
    assertParametersDefined: function (params, keys) {
      keys.forEach(function (key) {
        if (params[key] === undefined || params[key] === null) {
          throw new Error(key + ' must be defined');
        }
      });
    },

    /* parseParametersToObject picks the keys that have a value. */
    parseParametersToObject: function (params, keys) {
      var picked = {};
      keys.forEach(function (key) {
        if (params[key] !== undefined && params[key] !== null) {
          picked[key] = params[key];
        }
      });
      return picked;
    },

    /* mergeInto adds what from has to all, under names that compare without case if so told. */
    mergeInto: function (all, from, noCase) {
      Object.keys(from || {}).forEach(function (key) {
        if (noCase) {
          Object.keys(all).forEach(function (other) {
            if (other !== key && other.toLowerCase() === key.toLowerCase()) {
              delete all[other];
            }
          });
        }
        all[key] = from[key];
      });
      return all;
    },

    /* encode is encodeURIComponent as RFC 3986 has it: only letters, digits and -_.~ stay. */
    encode: function (text) {
      return encodeURIComponent(text).replace(/[!'()*]/g, function (c) {
        return '%' + c.charCodeAt(0).toString(16).toUpperCase();
      });
    }
  };

  if (inNode) {
    module.exports = apiGateway;
  }
})(typeof self !== 'undefined' ? self : this);
