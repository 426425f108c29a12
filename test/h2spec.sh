#!/usr/bin/env bash
# Runs h2spec against stagedoor's TLS listener: every case must pass, on both
# engines.
. "$(dirname "$0")/script/lib.sh"
H2SPEC=$root/.bin/h2spec
[ -x "$H2SPEC" ] || GOBIN=$root/.bin CGO_ENABLED=0 go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key" -out "$work/crt" -days 2 \
	-subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" 2>/dev/null
for engine in goroutine epoll; do
	tls=$(free_port)
	up "$root/test/h2spec.yaml" --engine "$engine" --invoke-listen 127.0.0.1:"$tls" --tls-cert "$work/crt" --tls-key "$work/key"
	# it exits with 1 if a case failed
	if ! "$H2SPEC" -h 127.0.0.1 -p "$tls" -t -k -o 3 -P /_aws/execute-api/h2/prod/fixed >"$work/out.txt" 2>&1; then
		grep -A3 '×' "$work/out.txt" | head -60 >&2
		fail "h2spec: $(grep -E '^[0-9]+ tests' "$work/out.txt" || tail -3 "$work/out.txt")"
	fi
	echo "$engine: $(grep -E '^[0-9]+ tests' "$work/out.txt")"
	down
	passed=$((passed + 1))
done
done_here
