#!/usr/bin/env bash
# Runs every fuzz target of the project for the time given (default 20s each).
# A package is compiled once, with the fuzzer's instrumentation.
set -euo pipefail
time=${1:-20s}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
for dir in $(grep -rl --include='*_test.go' '^func Fuzz' cmd internal tools *_test.go 2>/dev/null | xargs -n1 dirname | sort -u); do
	go test -c -fuzz . -o "$work/pkg.test" "./$dir" 2>/dev/null || { go vet "./$dir"; exit 1; }
	for target in $(grep -h -o '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/func //' | sort -u); do
		if ! (cd "$dir" && "$work/pkg.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzcachedir "$work/cache" -test.parallel 2) >"$work/out" 2>&1; then
			# go's fuzzer at times reports its own end as a failure; a finding leaves its input
			if grep -q '^    context deadline exceeded$' "$work/out" && ! grep -q 'Failing input' "$work/out"; then
				n=$((n + 1))
				continue
			fi
			echo "== $dir $target"
			cat "$work/out"
			exit 1
		fi
		n=$((n + 1))
	done
done
echo "fuzz: $n passed, 0 failed"
