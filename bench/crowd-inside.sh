#!/bin/sh
# What crowd.sh does, in a shell that may have enough descriptors. stagedoor itself is
# started with a soft limit of 1,024: it raises that to the hard one.
. ./crowd.conf
most=$((plain > tls ? plain : tls))
ulimit -n $((most + 1000)) || exit 1
path=/_aws/execute-api/bench/prod/proxy
GOMAXPROCS=1 ./upstream &
u=$!
for kind in plain tls; do
	n=$plain port=8501 secure=
	[ $kind = tls ] && n=$tls port=8506 secure=-tls
	[ "$n" -gt 0 ] || continue
	(ulimit -Sn 1024; exec ./stagedoor up stagedoor.yaml --data :memory: --listen 127.0.0.1:8501 --invoke-listen 127.0.0.1:8506 --log-level error \
		--tls-cert tls.crt --tls-key tls.key --admin-listen 127.0.0.1:8567 --connections "$most" --connections-per-address "$most") >/dev/null &
	p=$!
	until wget -q -O /dev/null http://127.0.0.1:8501$path 2>/dev/null; do
		kill -0 $p 2>/dev/null || { echo "stagedoor ended; a virtual machine needs one that was built with CGO_ENABLED=0"; kill -9 $u; exit 1; }
		sleep 0.2
	done
	echo "$kind: descriptors that stagedoor may have (soft, hard): $(awk '/open files/ {print $4, $5}' /proc/$p/limits)"
	# a first few, so that buffers and code that are there once are not counted
	./idle -addr 127.0.0.1:$port -path $path $secure -n 200 -hold 1s >/dev/null
	sleep 2
	./idle -addr 127.0.0.1:$port -path $path $secure -n "$n" -sources 8 -pid $p -rest "$rest" -hold 0s
	kill -9 $p
	wait $p 2>/dev/null
done
kill -9 $u
