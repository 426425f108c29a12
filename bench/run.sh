#!/usr/bin/env bash
# CPU per request of stagedoor, nginx and haproxy on equal work, in interleaved
# rounds on one pinned core; prints Markdown tables with ratios to nginx in the
# same round. Needs two CPUs; installs what it needs on Debian.
#   bench/run.sh [SCENARIOS] [ROUNDS]     default s1,cache,s4,tls 5
# bench.py says what the scenarios are. Some have a stagedoor of their own:
#   PEERS=nginx,haproxy,stagedoor-keyed bench/run.sh s2
#   PEERS=nginx,haproxy,stagedoor-callers bench/run.sh s1,key,s5,asked,signed
#   PEERS=nginx,haproxy,stagedoor-routes,stagedoor-routeslog bench/run.sh routes,routesfixed,routeskeyed,routeslog
# OPENLOOP=0 leaves the part at 2,000 requests a second out, DUR is how long a round is.
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
command -v h2load >/dev/null || need+=(nghttp2-client)
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
python3 bench.py --run run --bin bin --out "$out" --rounds "$rounds" --scen "$scenarios" --peers "$peers" --dur "${DUR:-4}" --openloop "${OPENLOOP:-1}" || died=1
python3 bench.py --run run --bin bin --out "$out" --report 1
exit "${died:-0}"
