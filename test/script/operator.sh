#!/usr/bin/env bash
# What an operator with a pager does to a stagedoor: kills it, starts it twice,
# starves it of descriptors, stops it while it works, and walks away from it.
. "$(dirname "$0")/lib.sh"

post() { curl -s -X POST -H 'Content-Type: application/json' -d "$2" "$endpoint$1"; }
put() { curl -s -X PUT -H 'Content-Type: application/json' -d "$2" "$endpoint$1" >/dev/null; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
code() { curl -s -o /dev/null -w '%{http_code}' "$@" || true; }
fds() { ls "/proc/$pid/fd" | wc -l; }

# fixed NAME makes an API that answers with its name, deployed to the stage s.
fixed() {
	local id root
	read -r id root < <(post /restapis "{\"name\":\"$1\",\"tags\":{\"stagedoor:id\":\"$1\"}}" | python3 -c 'import json, sys; a = json.load(sys.stdin); print(a["id"], a["rootResourceId"])')
	local at=/restapis/$id/resources/$root/methods/GET
	put "$at" '{"authorizationType":"NONE"}'
	put "$at/responses/200" '{}'
	put "$at/integration" '{"type":"MOCK","requestTemplates":{"application/json":"{\"statusCode\":200}"}}'
	put "$at/integration/responses/200" "{\"responseTemplates\":{\"application/json\":\"$1\"}}"
	post "/restapis/$id/deployments" '{"stageName":"s"}' | field id >/dev/null
}

# a function that works, waits and leaves children behind
mkdir "$work/fn"
cat >"$work/fn/app.py" <<'PY'
import subprocess, time
def handler(event, context):
    if event.get("note"):
        time.sleep(event.get("s", 0))
        open(event["note"], "a").write("%s\n" % event["n"])
    if event.get("fork"):
        subprocess.Popen(["sleep", event["fork"]])
    q = event.get("queryStringParameters") or {}
    time.sleep(float(q.get("s", 0)))
    return {"statusCode": 200, "body": "done"}
PY
(cd "$work/fn" && python3 -m zipfile -c ../fn.zip app.py)

up --grace 10s
fixed first
is "served" "$(curl -s "$endpoint/_aws/execute-api/first/s/")" first
fn=$(awsl lambda create-function --function-name work --runtime python3.12 --handler app.handler --role arn:aws:iam::000000000000:role/r --zip-file "fileb://$work/fn.zip" --query FunctionArn)
awsl lambda add-permission --function-name work --statement-id gw --action lambda:InvokeFunction --principal apigateway.amazonaws.com >/dev/null
root=$(curl -s "$endpoint/restapis/first" | field rootResourceId)
at=/restapis/first/resources/$root/methods/POST
put "$at" '{"authorizationType":"NONE"}'
put "$at/integration" "{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/$fn/invocations\"}"
post /restapis/first/deployments '{"stageName":"s"}' >/dev/null
is "function" "$(curl -s -d '' "$endpoint/_aws/execute-api/first/s/")" done

# started twice
refuses "the same data directory" "another stagedoor uses it" "$stagedoor" up --listen 127.0.0.1:0 --admin-listen off --data "$work/data"
refuses "a port that is taken" "address already in use" "$stagedoor" up --listen "127.0.0.1:$port" --admin-listen off --data "$work/other"

# a page of another site may not manage this machine
is "foreign page" "$(code -X POST -H 'Origin: https://evil.example' -H 'Content-Type: text/plain' -d '{"name":"x"}' "$endpoint/restapis")" 403
is "rebound name" "$(code -H "Host: evil.example" -H 'Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/lambda/aws4_request' "$endpoint/2015-03-31/functions")" 403
is "rebound name, admin" "$(code -H "Host: evil.example" "http://127.0.0.1:$admin/metrics")" 403

# clients that walk away give back what they held
before=$(fds)
python3 - "$port" <<'PY'
import socket, struct, sys, time
held = []
for i in range(300):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(b"POST /_aws/execute-api/first/s/?s=0.2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" if i % 60 == 0 else
              (b"GET /_aws/execute-api/first/s/ HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if i % 2 else b"X-Slow: ")))
    held.append(s)
time.sleep(0.1)
for s in held:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
PY
for _ in $(seq 100); do [ "$(curl -s "http://127.0.0.1:$admin/metrics" | grep -c '^stagedoor_connections_open{listener="both"} 0')" = 1 ] && break; sleep 0.05; done
after=$(fds)
[ "$after" -le $((before + 60)) ] || fail "descriptors after clients walked away: $after, before $before" # five environments, eight each
passed=$((passed + 1))

# killed while it is written to: what was acknowledged is there
for n in 1 2 3 4; do
	(for i in $(seq 1 100000); do fixed "w$n-$i" 2>/dev/null && echo "w$n-$i" >>"$work/acked.$n" || exit 0; done) &
	writers="${writers:-} $!"
done
for n in 1 2 3; do
	awsl lambda invoke --function-name work --invocation-type Event --cli-binary-format raw-in-base64-out --payload "{\"note\":\"$work/note\",\"n\":$n,\"s\":1}" /dev/null >/dev/null
done
awsl lambda invoke --function-name work --cli-binary-format raw-in-base64-out --payload '{"fork":"86399"}' /dev/null >/dev/null
children=$(pgrep -P "$pid" || true)
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
# shellcheck disable=SC2086
wait $writers 2>/dev/null || true
up --grace 10s
acked=$(cat "$work"/acked.* | wc -l)
[ "$acked" -gt 0 ] || fail "nothing was acknowledged before the kill"
for name in $(cat "$work"/acked.*); do
	[ "$(curl -s "$endpoint/_aws/execute-api/$name/s/")" = "$name" ] || fail "$name was acknowledged and is gone after kill -9"
done
is "function after the kill" "$(curl -s -d '' "$endpoint/_aws/execute-api/first/s/")" done
for _ in $(seq 100); do [ "$(sort -u "$work/note" 2>/dev/null | wc -l)" = 3 ] && break; sleep 0.1; done
is "events after the kill" "$(sort -u "$work/note" | tr '\n' ' ')" "1 2 3 "
for _ in $(seq 60); do
	left=0
	for c in $children; do kill -0 "$c" 2>/dev/null && left=$((left + 1)); done
	[ $left = 0 ] && break
	sleep 0.1
done
is "processes of the killed one" "$left" 0
is "their children" "$(pgrep -fc '^sleep 86399$' || true)" 0

# told to stop: what is under way is answered, what is new is not taken, then it ends
curl -s -d '' "$endpoint/_aws/execute-api/first/s/?s=2" >"$work/slow" &
slow=$!
sleep 0.5
kill "$pid"
sleep 0.3
is "new while stopping" "$(code --max-time 1 "$endpoint/_aws/execute-api/first/s/")" 000
wait $slow
is "under way while stopping" "$(cat "$work/slow")" done
began=$SECONDS rc=0
wait "$pid" || rc=$?
is "exit code" $rc 0
[ $((SECONDS - began)) -le 3 ] || fail "stopped $((SECONDS - began)) s after the last answer"
is "left in the run folder" "$(ls "$work/data/run" | wc -l)" 0

# few descriptors: some clients wait, nobody breaks it
ulimit -n 64
up
python3 - "$port" <<'PY'
import socket, sys
held = [socket.socket() for _ in range(50)]
for s in held:
    s.connect(("127.0.0.1", int(sys.argv[1])))
PY
is "after running out of descriptors" "$(curl -s --max-time 10 "$endpoint/_aws/execute-api/first/s/")" first
done_here
