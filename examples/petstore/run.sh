#!/usr/bin/env bash
# Builds the example's Go parts, starts its back end and then stagedoor with
# the template. `make run` calls it with the path of the binary; further
# arguments go to `stagedoor up`.
set -euo pipefail
stagedoor=${1:?usage: run.sh STAGEDOOR [FLAG...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

"$root/test/deps.sh" functions
mkdir -p "$here/build/orders" "$here/build/backend"
(cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o "$here/build/orders/bootstrap" ./examples/petstore/orders &&
	CGO_ENABLED=0 go build -trimpath -o "$here/build/backend/backend" ./examples/petstore/backend)

if (exec 3<>/dev/tcp/127.0.0.1/4580) 2>/dev/null; then
	echo "port 4580 is taken: the example's back end needs it" >&2
	exit 1
fi
"$here/build/backend/backend" 127.0.0.1:4580 &
trap 'kill $! 2>/dev/null || true' EXIT
url=http://127.0.0.1:4566/_aws/execute-api/petstore/prod
cat <<TXT
Once it is up, try:
  curl $url/
  curl "$url/pets?kind=cat"
  curl $url/pets/1
  curl -H 'Accept: image/png' $url/pets/1/photo -o pet.png
  curl -d '{"sku":"bone"}' "$url/orders/77?gift=yes"
  curl $url/health
  curl -N $url/catalogue/ticks

TXT
"$stagedoor" up "$here/template.yaml" --data "$root/.stagedoor" "$@"
