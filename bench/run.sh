#!/usr/bin/env bash
# CPU per request of stagedoor, nginx and haproxy on equal work, in interleaved
# rounds on one pinned core; prints Markdown tables with ratios to nginx in the
# same round. Needs two CPUs; installs what it needs on Debian.
#   bench/run.sh [SCENARIOS] [ROUNDS]     default s1,cache,s4,tls 5
set -euo pipefail
cd "$(dirname "$0")"
scenarios=${1:-s1,cache,s4,tls}
rounds=${2:-5}
peers=${PEERS:-nginx,haproxy,stagedoor}

need=()
command -v nginx >/dev/null || need+=(nginx)
[ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ] || need+=(libnginx-mod-http-lua lua-resty-core lua-resty-lrucache lua-cjson)
command -v haproxy >/dev/null || need+=(haproxy)
command -v wrk >/dev/null || need+=(wrk)
command -v gcc >/dev/null || need+=(gcc libc6-dev)
if [ ${#need[@]} -gt 0 ]; then
	apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${need[@]}" openssl >/dev/null
fi
# the packages' own services are not what is measured
for s in nginx haproxy; do service "$s" stop >/dev/null 2>&1 || true; done

mkdir -p bin
for c in upstream openloop idle; do CGO_ENABLED=0 go build -o bin/$c ./$c; done
gcc -O2 -o bin/floor floor/floor.c
install ../.bin/stagedoor bin/stagedoor
rm -rf run
python3 gen.py run
ulimit -n 65536 2>/dev/null || true
out=run/results.jsonl
python3 bench.py --run run --bin bin --out "$out" --rounds "$rounds" --scen "$scenarios" --peers "$peers"
python3 bench.py --run run --bin bin --out "$out" --report 1
