# Sourced by the scripts beside it: a stagedoor of their own on free ports, and
# words to say what must be true.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
[ -x "$root/.bin/stagedoor" ] || make -C "$root" -s build
stagedoor=$root/.bin/stagedoor
passed=0

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

# up [FLAG...] starts stagedoor and waits until it is ready.
up() {
	port=$(free_port) admin=$(free_port)
	endpoint=http://127.0.0.1:$port
	"$stagedoor" up --listen 127.0.0.1:"$port" --admin-listen 127.0.0.1:"$admin" --data "$work/data" "$@" >"$work/out" 2>"$work/err" &
	pid=$!
	trap 'kill $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$work"' EXIT
	for _ in $(seq 200); do
		curl -sf "http://127.0.0.1:$admin/readyz" >/dev/null && return
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	cat "$work/out" "$work/err" >&2
	fail "stagedoor did not come up"
}

# down stops it, and forgets what it kept.
down() {
	kill "$pid"
	wait "$pid" || fail "stagedoor ended with $?"
	trap 'rm -rf "$work"' EXIT
	rm -rf "$work/data"
}

export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_PAGER="" AWS_EC2_METADATA_DISABLED=true
aws=aws
[ -x /usr/bin/aws ] && aws=/usr/bin/aws # Debian's, before whatever else is on PATH
awsl() { "$aws" --endpoint-url "$endpoint" --output text "$@"; }

fail() { echo "FAIL: $*" >&2; exit 1; }

# is WHAT GOT WANT
is() {
	[ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"
	passed=$((passed + 1))
}

# has WHAT TEXT PART
has() {
	case "$2" in *"$3"*) passed=$((passed + 1)) ;; *) fail "$1: '$2' does not have '$3'" ;; esac
}

# refuses WHAT PART COMMAND... : the command fails and says PART
refuses() {
	local what=$1 part=$2 said
	shift 2
	if said=$("$@" 2>&1); then fail "$what: must be refused, got $said"; fi
	has "$what" "$said" "$part"
}

# invoke PATH [CURL ARG...]: calls the API in $api on stage $stage
invoke() { local path=$1; shift; curl -s "$@" "$endpoint/_aws/execute-api/$api/$stage$path"; }

done_here() { echo "$(basename "$0"): $passed passed, 0 failed"; }
