#!/usr/bin/env bash
# What a machine does to a stagedoor: a back end that is killed within its answer,
# a queue of connections that is full, disks that are full, no descriptors, a name
# server that says nothing. Traffic goes on, and what does not is said.
. "$(dirname "$0")/script/lib.sh"
stagedoor=$work/stagedoor
CGO_ENABLED=0 go build -C "$root" -o "$stagedoor" ./cmd/stagedoor
engine=${1:-epoll}

metric() { curl -s "http://127.0.0.1:$admin/metrics" | awk -v n="$1" '$1 ~ "^"n { s += $2 } END { print s+0 }'; }
code() { curl -s -o /dev/null -m 20 -w '%{http_code}' "$@" || true; }
deploy() { curl -s -m 20 -w '\n%{http_code}' -X POST -H 'Content-Type: application/json' -d '{"stageName":"prod"}' "$endpoint/restapis/api/deployments"; }
eventually() { local what=$1; shift; for _ in $(seq 100); do "$@" && { passed=$((passed + 1)); return; }; sleep 0.1; done; fail "$what"; }
says() { grep -q "$1" "$work/err"; }

port_up=$(free_port)
cat >"$work/up.py" <<'PY'
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(64)
while True:
    c, _ = s.accept()
    if not c.recv(65536): continue
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
    time.sleep(60)
PY
cat >"$work/api.yaml" <<YAML
openapi: 3.0.1
info: {title: faults, version: "1"}
paths:
  /fixed:
    get:
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: '{"ok":true}'}}}
      responses: {"200": {description: ok}}
  /dies:
    get:
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "http://127.0.0.1:$port_up/"}
YAML
url=_aws/execute-api/api/prod
served() { [ "$(code "$endpoint/$url/fixed")" = 200 ]; }

full() { # full DIR: a disk of 3 MiB; false without the right to make one
	mkdir -p "$1" && mount -t tmpfs -o size=3m tmpfs "$1" 2>/dev/null
}
undo() {
	kill -CONT "$pid" 2>/dev/null || true
	kill "$pid" "${back:-}" 2>/dev/null || true
	wait 2>/dev/null || true
	umount "$work/data" 2>/dev/null || true
	umount "$work/logs" 2>/dev/null || true
	rm -rf "$work"
}

disks=no
if full "$work/data"; then
	full "$work/logs" && disks=yes
else
	mkdir -p "$work/data" "$work/logs"
fi
up "$work/api.yaml" --access-log "$work/logs/access.log" --engine "$engine"
trap undo EXIT
eventually "the API is served" served

# a back end that is killed within its answer
python3 "$work/up.py" "$port_up" &
back=$!
listens() { (exec 3<>/dev/tcp/127.0.0.1/"$port_up") 2>/dev/null; }
eventually "the back end listens" listens
curl -s -m 20 -N -o "$work/part" "$endpoint/$url/dies" &
asking=$!
eventually "the answer begins" test -s "$work/part"
kill -9 $back
wait $back 2>/dev/null || true
back=
if wait $asking; then fail "an answer that broke off looks whole"; fi
passed=$((passed + 1))
is "a back end that is gone" "$(code "$endpoint/$url/dies")" 504
is "others meanwhile" "$(code "$endpoint/$url/fixed")" 200

# a queue that is full: the gateway stands still, many connect, all are served
kill -STOP "$pid"
python3 - "$port" "/$url/fixed" >"$work/queue" <<'PY' &
import asyncio, sys
async def ask():
    try:
        r, w = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", int(sys.argv[1])), 60)
        w.write(("GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" % sys.argv[2]).encode())
        said = await asyncio.wait_for(r.read(), 60)
        w.close()
        return b'{"ok":true}' in said
    except (OSError, asyncio.TimeoutError):
        return False
async def all():
    return await asyncio.gather(*(ask() for _ in range(9000)))
said = asyncio.run(all())
ok, bad = said.count(True), said.count(False)
print(ok, bad)
PY
crowd=$!
sleep 3
kill -CONT "$pid"
wait $crowd
is "9000 connections at once, with a queue of $(cat /proc/sys/net/core/somaxconn)" "$(cat "$work/queue")" "9000 0"

if [ $disks = yes ]; then
	# a disk that is full under the access log
	head -c 4m /dev/zero >"$work/logs/fill" 2>/dev/null || true
	for _ in $(seq 20); do code "$endpoint/$url/fixed" >/dev/null; done
	eventually "the access log's trouble is said" says 'the access log cannot be written'
	is "traffic meanwhile" "$(code "$endpoint/$url/fixed")" 200
	has "readyz notes it" "$(curl -s "http://127.0.0.1:$admin/readyz")" 'the access log cannot be written'
	[ "$(metric stagedoor_log_lines_dropped_total)" -gt 0 ] || fail "no line was counted as lost"
	for _ in $(seq 20); do code "$endpoint/$url/fixed" >/dev/null; done
	sleep 1.5
	is "it is said once" "$(grep -c 'the access log cannot be written' "$work/err")" 1
	rm "$work/logs/fill"
	: >"$work/logs/access.log" # somebody makes room
	code "$endpoint/$url/fixed" >/dev/null
	eventually "the access log goes on" says 'the access log is written again'

	# a disk that is full under the store
	head -c 4m /dev/zero >"$work/data/fill" 2>/dev/null || true
	for _ in $(seq 200); do
		said=$(deploy)
		case "$said" in *201) ;; *) break ;; esac
	done
	has "a change is refused" "$said" 500
	has "readyz notes it" "$(curl -s "http://127.0.0.1:$admin/readyz")" 'the store cannot be written'
	is "and it is ready" "$(code "http://127.0.0.1:$admin/readyz")" 200
	[ "$(metric stagedoor_store_writes_failed_total)" -gt 0 ] || fail "no write was counted as failed"
	eventually "the log has the reason" says 'the disk is full'
	is "traffic meanwhile" "$(code "$endpoint/$url/fixed")" 200
	is "reading meanwhile" "$(code "$endpoint/restapis/api")" 200
	rm "$work/data/fill"
	has "a change is taken again" "$(deploy)" 201
	case "$(curl -s "http://127.0.0.1:$admin/readyz")" in *'cannot be written'*) fail "readyz still notes trouble" ;; esac
else
	echo "faults: full disks skipped, needs the right to mount"
fi

# no descriptors
exec 3<>/dev/tcp/127.0.0.1/"$port"
printf 'GET /%s/fixed HTTP/1.1\r\nHost: h\r\n\r\n' "$url" >&3
head -c 15 <&3 >/dev/null
open=$(ls "/proc/$pid/fd" | wc -l)
prlimit --pid "$pid" --nofile=$((open + 5)):
crowd=()
for n in $(seq 20); do { sleep 2; } 3>&- <>/dev/tcp/127.0.0.1/"$port" & crowd+=($!); done
eventually "out of descriptors is said" says 'accept paused'
[ "$(metric stagedoor_accepts_paused_total)" -gt 0 ] 2>/dev/null || true # the admin endpoint needs one, too
printf 'GET /%s/fixed HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' "$url" >&3
has "who is connected is served" "$(cat <&3)" '{"ok":true}'
wait "${crowd[@]}"
eventually "new ones are served again" served
[ "$(metric stagedoor_accepts_paused_total)" -gt 0 ] || fail "no pause was counted"
passed=$((passed + 1))
kill "$pid"
wait "$pid" || fail "stagedoor ended with $?"
echo "faults: $passed passed, 0 failed"
