#!/usr/bin/env bash
# Holds many idle connections, has each ask again, and prints what each takes of
# stagedoor's resident memory; see bench/idle for one process and few of them.
#   bench/crowd.sh [PLAIN] [TLS]     default 100000 20000
# Where a process may not have so many descriptors, and root cannot raise that either,
# the same is done under User-Mode Linux (Debian's package user-mode-linux, and a C
# compiler for crowd-uml.c): a kernel that is a process and has limits of its own. It
# needs no rights, memory in /dev/shm, and one core that is mostly its own: programs run
# natively there, but each of their system calls takes some switches between processes
# here. Memory and numbers count, times do not. WHERE=here or WHERE=uml decides where.
# SD is the stagedoor to measure, built with CGO_ENABLED=0; REST is how long it rests
# before its memory is read: over 2m, the collector has been there by itself. AGAIN is how
# long a connection is idle before it asks again, below the time-out of 60s.
set -euo pipefail
cd "$(dirname "$0")"
plain=${1:-100000} tls=${2:-20000} sd=${SD:-../.bin/stagedoor}
most=$((plain > tls ? plain : tls))
want=$((most + 1000))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

CGO_ENABLED=0 go build -o "$work/idle" ./idle
install "$sd" "$work/stagedoor"
python3 gen.py "$work/run" >/dev/null
cp "$work"/run/{stagedoor.yaml,tls.crt,tls.key} crowd-inside.sh "$work"
printf 'plain=%s tls=%s rest=%s again=%s\n' "$plain" "$tls" "${REST:-10s}" "${AGAIN:-45s}" >"$work/crowd.conf"

prlimit --pid $$ --nofile="$want:$want" 2>/dev/null || true
if [ "${WHERE:-}" = here ] || { [ "${WHERE:-}" != uml ] && [ "$(ulimit -Hn)" -ge "$want" ]; }; then
	(cd "$work" && sh ./crowd-inside.sh)
	exit
fi
echo "a process may have $(ulimit -Hn) descriptors here, $want are needed: under User-Mode Linux"
if ! command -v linux.uml >/dev/null; then
	apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends user-mode-linux >/dev/null
fi
cc -O2 -shared -fPIC -o "$work/crowd-uml.so" crowd-uml.c
cat >"$work/init" <<INIT
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export TMPDIR=$work/tmp
mount -t proc proc /proc
mount -t tmpfs tmp $work/tmp
ip link set lo up
cd $work && sh ./crowd-inside.sh
poweroff -f 2>/dev/null
INIT
chmod +x "$work/init"
mkdir "$work/tmp"
# its processes take turns, so one core is enough, and no turn has to wake another core
LD_PRELOAD="$work/crowd-uml.so" TMPDIR=/dev/shm taskset -c $(($(nproc) - 1)) linux.uml mem=8G root=98:0 rootfstype=hostfs ro init="$work/init" \
	quiet loglevel=1 con=null con0=null,fd:1 </dev/null &
uml=$!
trap 'kill $uml; rm -rf "$work"' EXIT
wait $uml
trap 'rm -rf "$work"' EXIT
