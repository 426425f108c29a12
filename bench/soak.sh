#!/usr/bin/env bash
# Runs stagedoor under mixed traffic, good and bad, checks every answer and looks
# for leaks; see bench/soak. docs/soak.md has figures.
#   bench/soak.sh [DURATION] [ENGINE]     default 1h epoll
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p bin
CGO_ENABLED=0 go build -o bin/soak ./soak
CGO_ENABLED=0 go build -C .. -trimpath -o bench/bin/stagedoor ./cmd/stagedoor
exec bin/soak -binary "$PWD/bin/stagedoor" -for "${1:-1h}" -engine "${2:-epoll}"
