#!/bin/sh
# What crowd.sh does, in a shell that may have enough descriptors. stagedoor itself is
# started with a soft limit of 1,024: it raises that to the hard one.
. ./crowd.conf
most=$((plain > tls ? plain : tls))
ulimit -n $((most + 1000)) || exit 1
path=/_aws/execute-api/bench/prod/fixed
for kind in plain tls; do
	n=$plain at="-addr 127.0.0.1:8501 -path $path"
	[ $kind = tls ] && n=$tls at="-addr 127.0.0.1:8506 -path $path -tls"
	[ "$n" -gt 0 ] || continue
	(ulimit -Sn 1024; exec ./stagedoor up stagedoor.yaml --data :memory: --listen 127.0.0.1:8501 --invoke-listen 127.0.0.1:8506 --log-level error \
		--tls-cert tls.crt --tls-key tls.key --admin-listen 127.0.0.1:8567 --connections "$most" --connections-per-address "$most") >/dev/null &
	p=$!
	until ./idle $at -n 1 -hold 0s 2>/dev/null | grep -q 'open 1 '; do
		kill -0 $p 2>/dev/null || { echo "stagedoor ended"; exit 1; }
		sleep 0.5
	done
	echo "$kind: descriptors that stagedoor may have (soft, hard): $(awk '/open files/ {print $4, $5}' /proc/$p/limits)"
	# a first few, so that buffers and code that are there once are not counted
	./idle $at -n 200 -batch 200 -hold 1s >/dev/null
	sleep 2
	./idle $at -n "$n" -sources 64 -batch 200 -again "$again" -pid $p -rest "$rest" -hold 0s
	kill -9 $p
	wait $p 2>/dev/null
done
