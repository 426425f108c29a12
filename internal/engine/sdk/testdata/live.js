// Drives a generated client, in Node.js and in a browser. Its result is text: "ok" or what was wrong.
function drive(factory, endpoint) {
  var wrong = [];
  function same(what, got, want) {
    if (JSON.stringify(got) !== JSON.stringify(want)) { wrong.push(what + ': got ' + JSON.stringify(got) + ', want ' + JSON.stringify(want)); }
  }
  var keys = {accessKey: 'AKIDEXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', region: 'eu-west-1'};
  var plain = factory.newClient({endpoint: endpoint, apiKey: 'key-of-mine', retryBaseDelay: 1});
  var signed = factory.newClient(Object.assign({endpoint: endpoint + '/', sessionToken: 'the/token+=='}, keys));
  return Promise.resolve()
    .then(function () {
      return plain.petsPetIdPut({petId: 'a b/é', kind: 'x&y', 'x-mine': 'one', none: undefined}, {name: 'Rex'}, {headers: {'X-More': 'two'}, queryParams: {z: ['1', '2']}});
    })
    .then(function (a) {
      same('status', a.status, 200);
      same('answer', a.data, {
        method: 'PUT', path: '/dev/pets/a%20b%2F%C3%A9', query: 'kind=x%26y&z=1&z=2', key: 'key-of-mine', mine: 'one', more: 'two',
        type: 'application/json', body: '{"name":"Rex"}', verified: 'no signature'
      });
      same('header', a.headers['x-answer'], 'yes');
      return signed.filesPathGet({path: "dir/it's (1)*.txt", q: 'a b+c'});
    })
    .then(function (a) {
      same('signed', a.data.verified, 'AKIDEXAMPLE');
      same('greedy', a.data.path, '/dev/files/dir/it%27s%20%281%29%2A.txt');
      return signed.petsPetIdPut({petId: '7', kind: 'k'}, '{"name": "ünï"}');
    })
    .then(function (a) {
      same('signed body', a.data.verified, 'AKIDEXAMPLE');
      return plain.troublePost({}, 'text');
    })
    .then(function (a) {
      same('tries', a.data.tries, 4);
      return plain.petsPetIdPut({kind: 'k'}).then(function () { wrong.push('a missing parameter was taken'); }, function (err) {
        same('missing', err.message, 'petId must be defined');
      });
    })
    .then(function () {
      return plain.petsPetIdPut({petId: '..', kind: 'k'}).then(function () { wrong.push('dots were taken'); }, function (err) {
        same('dots', err.message, 'a path parameter must not be ..');
      });
    })
    .then(function () {
      return plain.rootGet().then(function () { wrong.push('404 was no error'); }, function (err) {
        same('error', [err.message, err.response.status, err.response.data], ['Request failed with status code 404', 404, {message: 'no'}]);
      });
    })
    .then(function () { return wrong.length === 0 ? 'ok' : wrong.join('; '); }, function (err) { return 'threw ' + err + (err.response ? JSON.stringify(err.response) : ''); });
}
if (typeof module === 'object' && module.exports) {
  drive(require(process.argv[2]), process.argv[3]).then(function (said) { console.log(said); });
}
