#!/usr/bin/env bash
# Runs h2spec against stagedoor's TLS listener and against net/http's own
# server; stagedoor may not fail more.
. "$(dirname "$0")/script/lib.sh"
H2SPEC=$root/.bin/h2spec
[ -x "$H2SPEC" ] || GOBIN=$root/.bin CGO_ENABLED=0 go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible
(cd "$root" && CGO_ENABLED=0 go build -o "$work/nethttp" ./test/h2peer)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key" -out "$work/crt" -days 2 \
	-subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" 2>/dev/null
tls=$(free_port) peer=$(free_port)
up "$root/test/h2peer/api.yaml" --invoke-listen 127.0.0.1:"$tls" --tls-cert "$work/crt" --tls-key "$work/key"
"$work/nethttp" 127.0.0.1:"$peer" "$work/crt" "$work/key" &
peerpid=$!
trap 'kill $pid $peerpid 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do curl -sk "https://127.0.0.1:$peer/" >/dev/null && break; sleep 0.05; done

# count PORT PATH FILE: h2spec's closing line; it exits with 1 if a case failed
count() {
	"$H2SPEC" -h 127.0.0.1 -p "$1" -t -k -o 3 -P "$2" >"$3" 2>&1 || true
	grep -E '^[0-9]+ tests' "$3" || { cat "$3" >&2; fail "h2spec did not finish"; }
}
ours=$(count "$tls" /_aws/execute-api/h2/prod/fixed "$work/ours.txt")
theirs=$(count "$peer" / "$work/theirs.txt")
echo "stagedoor: $ours"
echo "net/http:  $theirs"
failed() { echo "$1" | sed -E 's/.* ([0-9]+) failed.*/\1/'; }
if [ "$(failed "$ours")" -gt "$(failed "$theirs")" ]; then
	grep -A3 '×' "$work/ours.txt" | head -60 >&2
	fail "stagedoor fails more of h2spec than net/http"
fi
passed=1
done_here
