#!/usr/bin/env bash
# Installs what the tests use beside Go, on Debian. Elsewhere it says what is
# missing; tests that need it then skip with a message.
set -euo pipefail
need=()
command -v /usr/bin/python3 >/dev/null || need+=(python3)
command -v node >/dev/null || need+=(nodejs)
command -v aws >/dev/null || need+=(awscli)
command -v gcc >/dev/null || need+=(gcc libc6-dev)
[ -e /usr/share/java/velocity.jar ] || need+=(velocity)
command -v curl >/dev/null || need+=(curl)
command -v ruby >/dev/null || need+=(ruby)
command -v javac >/dev/null || need+=(default-jdk-headless)
command -v chromium >/dev/null || need+=(chromium)
[ ${#need[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "tests: missing ${need[*]}; install them to run every test" >&2
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
apt-get install -qy --no-install-recommends "${need[@]}" >/dev/null
