#!/usr/bin/env bash
# What a machine does to a stagedoor: a back end that is killed within its answer,
# or again and again under a crowd, a queue of connections that is full, disks that
# are full, no descriptors. Traffic goes on, and what does not is said.
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
port_kept=$(free_port)
cat >"$work/kept.py" <<'PY'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        left = int(self.headers.get("Content-Length", 0))
        while left > 0: left -= len(self.rfile.read(min(left, 65536)))
        self.send_response(200); self.send_header("Content-Length", "100000"); self.end_headers(); self.wfile.write(b"k" * 100000)
    do_POST = do_GET
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
PY
cat >"$work/crowd.py" <<'PY'
# Asks as long as a file is there, 8 clients for answers and 4 with uploads; prints
# whether answers were whole, whether any were a 5xx or broke off, and how many were
# wrong or did not come at all.
import http.client, os, socket, sys, threading, time
port, path, file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
whole = broken = wrong = 0
lock = threading.Lock()
def client(body):
    global whole, broken, wrong
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    while os.path.exists(file):
        said = "broken"
        try:
            c.request("POST" if body else "GET", path, body)
            r = c.getresponse()
            text = r.read()
            if r.status == 200: said = "whole" if text == b"k" * 100000 else "wrong"
            elif r.status < 500: said = "wrong"
        except (TimeoutError, socket.timeout): said = "wrong"; c.close()
        except (OSError, http.client.HTTPException): c.close()
        with lock: globals()[said] += 1
        if said == "broken": time.sleep(0.02)
all = [threading.Thread(target=client, args=(b"u" * 3000000 if n < 4 else None,)) for n in range(12)]
for t in all: t.start()
for t in all: t.join()
print("whole" if whole > 0 else whole, "broken" if broken > 0 else broken, "wrong:", wrong)
PY
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 -subj /CN=localhost 2>/dev/null
port_other=$(free_port)
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
  /kept:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://127.0.0.1:$port_kept/"}
  /other:
    get:
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "http://127.0.0.1:$port_other/"}
YAML
url=_aws/execute-api/api/prod
served() { [ "$(code "$endpoint/$url/fixed")" = 200 ]; }

full() { # full DIR: a disk of 3 MiB; false without the right to make one
	mkdir -p "$1" && mount -t tmpfs -o size=3m tmpfs "$1" 2>/dev/null
}
undo() {
	kill -CONT "$pid" 2>/dev/null || true
	kill "$pid" ${back:+"$back"} ${kept:+"$kept"} ${other:+"$other"} 2>/dev/null || true
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
tls=$(free_port)
up "$work/api.yaml" --access-log "$work/logs/access.log" --engine "$engine" \
	--invoke-listen 127.0.0.1:"$tls" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"
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
eventually "an answer that broke off is counted" test "$(metric stagedoor_answers_aborted_total)" -gt 0

# the same over TLS: who was promised more is told that it is not all
for version in --http1.1 --http2; do
	python3 "$work/up.py" "$port_up" &
	back=$!
	eventually "the back end listens" listens
	rm -f "$work/part"
	curl -sk $version -m 20 -N -o "$work/part" "https://127.0.0.1:$tls/$url/dies" &
	asking=$!
	eventually "the answer begins, $version" test -s "$work/part"
	kill -9 $back
	wait $back 2>/dev/null || true
	back=
	if wait $asking; then fail "$version: an answer that broke off looks whole"; fi
	is "others meanwhile, $version" "$(code -k $version "https://127.0.0.1:$tls/$url/fixed")" 200
done

# a back end that is killed and comes again under a crowd of requests and uploads
keep() { python3 "$work/kept.py" "$port_kept" & kept=$!; }
kept_serves() { [ "$(code "$endpoint/$url/kept")" = 200 ]; }
keep
eventually "the back end of a crowd serves" kept_serves
touch "$work/going"
python3 "$work/crowd.py" "$port" "/$url/kept" "$work/going" >"$work/crowd" &
crowd=$!
for _ in 1 2 3; do
	sleep 0.7
	kill -9 $kept
	wait $kept 2>/dev/null || true
	sleep 0.3
	keep
	eventually "it is served again" kept_serves
done
sleep 0.7
rm "$work/going"
wait $crowd
is "a back end that is killed under a crowd" "$(cat "$work/crowd")" "whole broken wrong: 0"
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
python3 "$work/kept.py" "$port_other" & # nobody has called it yet
other=$!
exec 4<>/dev/tcp/127.0.0.1/"$port"
for fd in 3 4; do
	printf 'GET /%s/fixed HTTP/1.1\r\nHost: h\r\n\r\n' "$url" >&$fd
	head -c 15 <&$fd >/dev/null
done
open=$(ls "/proc/$pid/fd" | wc -l)
prlimit --pid "$pid" --nofile=$((open + 5)):
crowd=()
for n in $(seq 20); do { sleep 2; } 3>&- 4>&- <>/dev/tcp/127.0.0.1/"$port" & crowd+=($!); done
eventually "out of descriptors is said" says 'accept paused'
printf 'GET /%s/other HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' "$url" >&4
has "a back end that cannot be called for want of one" "$(cat <&4)" "HTTP/1.1 50"
[ "$(metric stagedoor_accepts_paused_total)" -gt 0 ] 2>/dev/null || true # the admin endpoint needs one, too
printf 'GET /%s/fixed HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' "$url" >&3
has "who is connected is served" "$(cat <&3)" '{"ok":true}'
wait "${crowd[@]}"
eventually "new ones are served again" served
over_tls() { [ "$(code -k "https://127.0.0.1:$tls/$url/fixed")" = 200 ]; }
eventually "over TLS as well" over_tls
other_serves() { [ "$(code "$endpoint/$url/other")" = 200 ]; }
eventually "and the back end is called" other_serves
[ "$(metric stagedoor_accepts_paused_total)" -gt 0 ] || fail "no pause was counted"
passed=$((passed + 1))
kill $kept $other
kill "$pid"
wait "$pid" || fail "stagedoor ended with $?"
echo "faults: $passed passed, 0 failed"
