#!/usr/bin/env bash
# Starts a queue server and a DynamoDB-compatible server from npm, makes the
# queue and the table, and then runs stagedoor with the template. Further
# arguments go to `stagedoor up`.
set -euo pipefail
stagedoor=${1:?usage: run.sh STAGEDOOR [FLAG...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
build="$here/build"
for program in node npm aws; do
	command -v "$program" >/dev/null || { echo "$program is needed" >&2; exit 1; }
done
mkdir -p "$build"
[ -d "$build/node_modules/dynalite" ] && [ -d "$build/node_modules/local-aws-sqs" ] ||
	npm install --silent --no-audit --no-fund --prefix "$build" local-aws-sqs@2.0.2 dynalite@4.0.0

queues=http://localhost:4581 tables=http://localhost:4582
(cd "$build" && exec node --input-type=module -e '
import {createSqsServer} from "local-aws-sqs";
await createSqsServer({port: 4581, hostname: "localhost", accountId: "000000000000", emulateQueueCreationLifecycle: false});') &
first=$!
node "$build/node_modules/dynalite/cli.js" --port 4582 --createTableMs 0 &
second=$!
trap 'kill $first $second 2>/dev/null || true' EXIT
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=
aws --endpoint-url $queues --cli-connect-timeout 20 sqs create-queue --queue-name orders >/dev/null
aws --endpoint-url $tables --cli-connect-timeout 20 dynamodb create-table --table-name pets --billing-mode PAY_PER_REQUEST \
	--attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH >/dev/null
url=http://127.0.0.1:4566/_aws/execute-api/services/prod
cat <<TXT
Once it is up, try:
  curl -d '{"sku":"bone"}' -H 'Content-Type: application/json' $url/orders
  aws --endpoint-url $queues sqs receive-message --queue-url $queues/000000000000/orders
  curl -X PUT -d '{"name":"Rex"}' -H 'Content-Type: application/json' $url/pets/1
  curl $url/pets/1
  curl $url/pets

TXT
"$stagedoor" up "$here/template.yaml" --data :memory: --aws-endpoint sqs=$queues --aws-endpoint dynamodb=$tables "$@"
