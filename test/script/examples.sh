#!/usr/bin/env bash
# The commands of the READMEs of the examples that show how callers are told
# apart: each example on a stagedoor of its own.
. "$(dirname "$0")/lib.sh"

# call WANTED-STATUS WANTED-PART URL [CURL ARG...]
call() {
	local status=$1 part=$2 url=$3 got
	shift 3
	got=$(curl -s -w ' %{http_code}' "$@" "$url")
	has "$url $*" "$got" "$part"
	is "$url $*, status" "${got##* }" "$status"
}

# example NAME [FLAG...]: starts it and waits until its API is served
example() {
	local name=$1 api=$2
	shift 2
	up "$root/examples/$name/template.yaml" "$@"
	url=$endpoint/_aws/execute-api/$api/prod
	for _ in $(seq 200); do
		grep -q "$api" "$work/out" && return
		sleep 0.05
	done
	cat "$work/out" "$work/err" >&2
	fail "$name was not deployed"
}

# no authorization, a key for the count
example api-keys quotes
call 200 '"ok"' "$url/health"
call 403 '{"message":"Forbidden"}' "$url/quote"
call 403 '{"message":"Forbidden"}' "$url/quote" -H 'x-api-key: free-key-0123456789y'
for _ in 1 2 3 4 5; do call 200 'Festina lente' "$url/quote" -H 'x-api-key: free-key-0123456789x'; done
call 429 '{"message":"Limit Exceeded"}' "$url/quote" -H 'x-api-key: free-key-0123456789x'
call 200 'Festina lente' "$url/search" -H 'x-api-key: paid-key-0123456789x'
down

# AWS_IAM
export AWS_ACCESS_KEY_ID=AKIAROOTROOTROOTROOT AWS_SECRET_ACCESS_KEY=choose-a-long-secret-of-your-own
example signed ledger --auth on --root-access-key-id $AWS_ACCESS_KEY_ID --root-secret-access-key $AWS_SECRET_ACCESS_KEY
awsl iam create-user --user-name ann >/dev/null
awsl iam put-user-policy --user-name ann --policy-name read --policy-document "file://$root/examples/signed/policy.json"
read -r key secret <<<"$(awsl iam create-access-key --user-name ann --query 'AccessKey.[AccessKeyId,SecretAccessKey]')"
sign=(--aws-sigv4 aws:amz:us-east-1:execute-api)
call 403 '{"message":"Missing Authentication Token"}' "$url/entries"
call 200 '"arn:aws:iam::000000000000:user/ann"' "$url/entries" "${sign[@]}" --user "$key:$secret"
call 403 'is not authorized to perform: execute-api:Invoke' "$url/entries" "${sign[@]}" --user "$key:$secret" -d x
call 200 '"verb": "POST"' "$url/entries" "${sign[@]}" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H 'Content-Type: application/json' -d '{}'
call 403 'does not match the signature you provided' "$url/entries" "${sign[@]}" --user "$key:wrong"
refuses "a call without a signature" "UnrecognizedClientException" env AWS_ACCESS_KEY_ID=AKIANOBODYNOBODYNOBO "$aws" --endpoint-url "$endpoint" apigateway get-rest-apis
down
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

# a resource policy
example resource-policy office --trusted-proxy 127.0.0.1
call 200 '{"path": "/prod/desk", "from": "127.0.0.1"}' "$url/desk"
call 200 '"from": "203.0.113.7"' "$url/public" -H 'X-Forwarded-For: 203.0.113.7'
call 403 'is not authorized to perform: execute-api:Invoke' "$url/desk" -H 'X-Forwarded-For: 203.0.113.7'
call 403 'is not authorized to perform: execute-api:Invoke' "$url/desk" -H 'X-Forwarded-For: 127.0.0.1, 203.0.113.7'
call 403 'with an explicit deny' "$url/closed"
call 403 'message' "$url/%63losed/"
down

# a private API
inside=$(free_port) other=$(free_port)
example private-api vault --private-listen vpce-0inside=127.0.0.1:"$inside" --private-listen vpce-0other=127.0.0.1:"$other" \
	--vpc-endpoint-policy vpce-0inside="$root/examples/private-api/endpoint-policy.json"
call 200 '{"path": "/prod/silver"}' "http://127.0.0.1:$inside/_aws/execute-api/vault/prod/silver"
call 403 'with an explicit deny' "http://127.0.0.1:$inside/_aws/execute-api/vault/prod/gold"
call 403 'is not authorized' "http://127.0.0.1:$other/_aws/execute-api/vault/prod/silver"
call 403 '{"message":"Forbidden"}' "$url/silver"
down

# TOKEN, REQUEST and a user pool
(cd "$root" && CGO_ENABLED=0 go build -o "$work/issuer" ./examples/authorizers/issuer)
"$work/issuer" &
issuer=$!
trap 'kill $pid $issuer 2>/dev/null || true; wait $pid $issuer 2>/dev/null || true; rm -rf "$work"' EXIT
example authorizers notes --oidc-issuer arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_example=http://127.0.0.1:4581
trap 'kill $pid $issuer 2>/dev/null || true; wait $pid $issuer 2>/dev/null || true; rm -rf "$work"' EXIT
call 401 '{"message":"Unauthorized"}' "$url/notes"
call 200 '"principalId": "alice"' "$url/notes" -H 'Authorization: Bearer alice'
call 200 '"role": "reader"' "$url/notes" -H 'Authorization: Bearer bob'
call 403 'User is not authorized to access this resource' "$url/notes" -H 'Authorization: Bearer bob' -d hello
call 403 'with an explicit deny' "$url/notes" -H 'Authorization: Bearer mallory'
call 401 '{"message":"Unauthorized"}' "$url/notes" -H 'Authorization: Bearer 7'
call 200 '"team": "blue"' "$url/team?key=b1" -H 'X-Team: blue'
call 401 '{"message":"Unauthorized"}' "$url/team" -H 'X-Team: blue'
call 200 carol "$url/me" -H "Authorization: $(curl -s 'http://127.0.0.1:4581/token?sub=carol')"
call 401 '{"message":"Unauthorized"}' "$url/me" -H 'Authorization: Bearer alice'
awsl apigateway flush-stage-authorizers-cache --rest-api-id notes --stage-name prod
call 200 '"principalId": "alice"' "$url/notes" -H 'Authorization: Bearer alice'
kill $issuer
done_here
