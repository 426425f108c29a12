#!/usr/bin/env bash
# Upgrades a stagedoor under load, again and again, on both engines: no request
# may be lost and no connection refused. Then upgrades that must fail, and an end
# that drains.
#   test/upgrade.sh [ROUNDS]     default 5; docs/performance.md has the figures of 100
set -euo pipefail
rounds=${1:-5}
. "$(dirname "$0")/script/lib.sh"
stagedoor=$work/stagedoor
CGO_ENABLED=0 go build -C "$root" -o "$stagedoor" ./cmd/stagedoor
CGO_ENABLED=0 go build -C "$root/bench" -o "$work/steady" ./steady

cat >"$work/api.yaml" <<'YAML'
openapi: 3.0.1
info: {title: up, version: "1"}
paths:
  /fixed:
    get:
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: '{"ok":true}'}}}
      responses: {"200": {description: ok}}
  /slow:
    get:
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "http://127.0.0.1:SLOW/"}
YAML
slow=$(free_port)
sed -i "s/SLOW/$slow/" "$work/api.yaml"
python3 - "$slow" <<'PY' &
import http.server, sys, time
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(2)
        self.send_response(200); self.send_header("Content-Length", "4"); self.end_headers(); self.wfile.write(b"slow")
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
PY
back=$!
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 -subj /CN=localhost 2>/dev/null

# serve ENGINE
serve() {
	tls=$(free_port)
	up "$work/api.yaml" --invoke-listen 127.0.0.1:"$tls" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" --pid-file "$work/pid" --engine "$1"
	trap 'kill $(cat "$work/pid" 2>/dev/null) $back 2>/dev/null || true; sleep 0.2; rm -rf "$work"' EXIT
	url=_aws/execute-api/api/prod
	for _ in $(seq 100); do curl -sf "$endpoint/$url/fixed" >/dev/null && return; sleep 0.05; done
	fail "the API is not served"
}

# upgraded waits for the process before, which drains, and tries again
upgraded() {
	for _ in $(seq 100); do
		said=$("$stagedoor" upgrade --data "$work/data" 2>&1) && return
		case "$said" in *"has not ended yet"*) sleep 0.1 ;; *) break ;; esac
	done
	fail "upgrade: $said"
}

# resumes PROTOCOL: whether the server knows the ticket of $work/ticket; takes another
# one if there is none yet
resumes() {
	local with=-sess_out
	[ -f "$work/ticket$1" ] && with=-sess_in
	printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
		openssl s_client -connect 127.0.0.1:"$tls" -servername localhost "$1" -ign_eof $with "$work/ticket$1" 2>/dev/null |
		sed -n 's/^\(New\|Reused\),.*/\1/p' | tail -1
}

for engine in epoll goroutine; do
	serve "$engine"
	rm -f "$work"/ticket*
	for version in -tls1_2 -tls1_3; do
		is "$engine: a client that comes first, $version" "$(resumes $version)" New
		is "$engine: and again" "$(resumes $version)" Reused
	done
	"$work/steady" -n 2 -for 30m -body '{"ok":true}' -plain "$endpoint/$url/fixed" -tls "https://127.0.0.1:$tls/$url/fixed" >"$work/steady.json" &
	load=$!
	curl -s "$endpoint/$url/slow" >"$work/slow" & # under way while it is upgraded
	long=$!
	for _ in $(seq "$rounds"); do sleep 0.3; upgraded; done
	wait $long
	is "$engine: a long request" "$(cat "$work/slow")" slow
	kill -TERM $load
	wait $load || { cat "$work/steady.json" >&2; fail "$engine: requests were lost"; }
	passed=$((passed + 1))
	for version in -tls1_2 -tls1_3; do
		is "$engine: a ticket from before $rounds upgrades, $version" "$(resumes $version)" Reused
	done
	# the keys of tickets are nowhere to be read: not as a file, not in the environment
	[ -z "$(find "$work/data" -name '*ticket*')" ] || fail "$engine: keys of tickets in a file"
	has "$engine: what is in the environment" "$(tr '\0' '\n' <"/proc/$(cat "$work/pid")/environ" | grep ^STAGEDOOR_HANDOVER=)" tickets=

	# upgrades that fail leave the process in its place
	for _ in $(seq 100); do tail -1 "$work/err" | grep -q 'before has ended' && break; sleep 0.1; done
	now=$(cat "$work/pid")
	refuses "$engine: a binary that ends" "ended before it was ready" "$stagedoor" upgrade --data "$work/data" --binary /bin/false
	refuses "$engine: no binary" "no such file" "$stagedoor" upgrade --data "$work/data" --binary /nowhere
	mv "$work/cert.pem" "$work/cert.away"
	refuses "$engine: a certificate that is gone" "tls-cert" "$stagedoor" upgrade --data "$work/data"
	mv "$work/cert.away" "$work/cert.pem"
	is "$engine: the process" "$(cat "$work/pid")" "$now"
	is "$engine: it serves" "$(curl -s "$endpoint/$url/fixed")" '{"ok":true}'
	is "$engine: it takes changes" "$(curl -s -o /dev/null -w '%{http_code}' -X POST -H 'Content-Type: application/json' -d '{"stageName":"prod"}' "$endpoint/restapis/api/deployments")" 201
	upgraded
	is "$engine: after that" "$(curl -s "$endpoint/$url/fixed")" '{"ok":true}'

	# a process that is killed before it is ready costs nothing, nor does the end of
	# the old one: it drains
	kill -HUP "$(cat "$work/pid")"
	sleep 1
	is "$engine: SIGHUP" "$(curl -s "$endpoint/$url/fixed")" '{"ok":true}'
	for _ in $(seq 100); do tail -1 "$work/err" | grep -q 'before has ended' && break; sleep 0.1; done
	curl -si "$endpoint/$url/slow" >"$work/slow" &
	long=$!
	curl -si --http2 -k "https://127.0.0.1:$tls/$url/slow" >"$work/slow2" &
	long2=$!
	sleep 0.5
	now=$(cat "$work/pid")
	kill -TERM "$now"
	wait $long $long2
	has "$engine: SIGTERM lets a request finish" "$(cat "$work/slow")" slow
	has "$engine: and says that it is the last" "$(tr A-Z a-z <"$work/slow")" 'connection: close'
	has "$engine: over HTTP/2 as well" "$(cat "$work/slow2")" slow
	for _ in $(seq 100); do kill -0 "$now" 2>/dev/null || break; sleep 0.1; done
	! kill -0 "$now" 2>/dev/null || fail "$engine: it did not end"
	rm -rf "$work/data"
done
kill $back
echo "upgrade: $passed passed, 0 failed"
