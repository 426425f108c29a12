#!/usr/bin/env bash
# AWS's tutorials "HTTP custom integration", "mock integration" and "basic
# request validation", with the aws CLI; and TestInvokeMethod on each.
. "$(dirname "$0")/lib.sh"
up

# a back end that tells what it was asked
cat >"$work/backend.py" <<'PY'
import http.server, json, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path, "who": self.headers.get("X-Who")}).encode()
        code = 404 if "missing" in self.path else 200
        self.send_response(code); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H)
print(s.server_port, flush=True)
s.serve_forever()
PY
python3 "$work/backend.py" >"$work/backend.port" &
backend=$!
trap 'kill $pid $backend 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
until [ -s "$work/backend.port" ]; do sleep 0.05; done
back=http://127.0.0.1:$(cat "$work/backend.port")

stage=test
api=$(awsl apigateway create-rest-api --name PetStore --endpoint-configuration types=REGIONAL --query id)
root=$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[0].id')
pets=$(awsl apigateway create-resource --rest-api-id "$api" --parent-id "$root" --path-part pets --query id)

# HTTP: parameters and the answer are mapped
awsl apigateway put-method --rest-api-id "$api" --resource-id "$pets" --http-method GET --authorization-type NONE \
	--request-parameters method.request.querystring.type=false,method.request.header.X-Name=false >/dev/null
is "method response" "$(awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$pets" --http-method GET --status-code 200 --query statusCode)" 200
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$pets" --http-method GET --status-code 404 >/dev/null
refuses "HTTP without a verb" "Enumeration value for HttpMethod must be non-empty" \
	awsl apigateway put-integration --rest-api-id "$api" --resource-id "$pets" --http-method GET --type HTTP --uri "$back/pets"
is "integration" "$(awsl apigateway put-integration --rest-api-id "$api" --resource-id "$pets" --http-method GET --type HTTP --integration-http-method GET --uri "$back/list" \
	--request-parameters integration.request.querystring.kind=method.request.querystring.type,integration.request.header.X-Who=method.request.header.X-Name \
	--query '[type,httpMethod,timeoutInMillis,passthroughBehavior]')" $'HTTP\tGET\t29000\tWHEN_NO_MATCH'
awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$pets" --http-method GET --status-code 200 --selection-pattern "" \
	--response-templates '{"application/json":"{\"asked\":\"$input.path('"'\$.path'"')\",\"by\":\"$input.path('"'\$.who'"')\"}"}' >/dev/null
is "selection pattern" "$(awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$pets" --http-method GET --status-code 404 --selection-pattern '4\d{2}' --query selectionPattern)" '4\d{2}'
is "tried" "$(awsl apigateway test-invoke-method --rest-api-id "$api" --resource-id "$pets" --http-method GET --path-with-query-string '/pets?type=cat' --headers X-Name=ann --query '[status,body]')" \
	$'200\t{"asked":"/list?kind=cat","by":"ann"}'
has "its log" "$(awsl apigateway test-invoke-method --rest-api-id "$api" --resource-id "$pets" --http-method GET --query log)" "Method completed with status: 200"

# mock: the template chooses the answer
mock=$(awsl apigateway create-resource --rest-api-id "$api" --parent-id "$root" --path-part mock --query id)
awsl apigateway put-method --rest-api-id "$api" --resource-id "$mock" --http-method GET --authorization-type NONE --request-parameters method.request.querystring.scope=true >/dev/null
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$mock" --http-method GET --type MOCK \
	--request-templates '{"application/json":"{#if($input.params(\"scope\")==\"internal\")\"statusCode\": 200#else\"statusCode\": 500#end}"}' >/dev/null
for code in 200 500; do
	awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$mock" --http-method GET --status-code $code --response-models application/json=Empty >/dev/null
	awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$mock" --http-method GET --status-code $code --selection-pattern $code \
		--response-templates "{\"application/json\":\"{\\\"code\\\":$code}\"}" >/dev/null
done
is "mock inside" "$(awsl apigateway test-invoke-method --rest-api-id "$api" --resource-id "$mock" --http-method GET --path-with-query-string '/mock?scope=internal' --query '[status,body]')" $'200\t{"code":200}'
is "mock outside" "$(awsl apigateway test-invoke-method --rest-api-id "$api" --resource-id "$mock" --http-method GET --path-with-query-string '/mock?scope=public' --query '[status,body]')" $'500\t{"code":500}'

# request validation
validator=$(awsl apigateway create-request-validator --rest-api-id "$api" --name params-only --validate-request-parameters --query id)
is "validators" "$(awsl apigateway get-request-validators --rest-api-id "$api" --query 'items[].[name,validateRequestBody,validateRequestParameters]')" $'params-only\tFalse\tTrue'
is "method with a validator" "$(awsl apigateway update-method --rest-api-id "$api" --resource-id "$mock" --http-method GET --patch-operations op=replace,path=/requestValidatorId,value="$validator" --query requestValidatorId)" "$validator"
is "model" "$(awsl apigateway create-model --rest-api-id "$api" --name Pet --content-type application/json --schema '{"type":"object","required":["name"],"properties":{"name":{"type":"string"}}}' --query '[name,contentType]')" $'Pet\tapplication/json'
has "its template" "$(awsl apigateway get-model-template --rest-api-id "$api" --model-name Pet --query value)" name
body=$(awsl apigateway create-request-validator --rest-api-id "$api" --name body --validate-request-body --query id)
awsl apigateway put-method --rest-api-id "$api" --resource-id "$mock" --http-method POST --authorization-type NONE --request-models application/json=Pet --request-validator-id "$body" >/dev/null
refuses "model in use" "Cannot delete model 'Pet', is referenced in method request: /mock/POST" awsl apigateway delete-model --rest-api-id "$api" --model-name Pet
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$mock" --http-method POST --status-code 200 >/dev/null
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$mock" --http-method POST --type MOCK --request-templates '{"application/json":"{\"statusCode\": 200}"}' >/dev/null
awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$mock" --http-method POST --status-code 200 --response-templates '{"application/json":"made"}' >/dev/null

awsl apigateway create-deployment --rest-api-id "$api" --stage-name test >/dev/null
is "through HTTP" "$(invoke '/pets?type=dog' -H 'X-Name: bob')" '{"asked":"/list?kind=dog","by":"bob"}'
is "without the parameter" "$(invoke /mock)" '{"message": "Missing required request parameters: [scope]"}'
is "with it" "$(invoke '/mock?scope=internal')" '{"code":200}'
is "wrong body" "$(invoke /mock -H 'Content-Type: application/json' -d '{}')" '{"message": "Invalid request body"}'
is "right body" "$(invoke /mock -H 'Content-Type: application/json' -d '{"name":"rex"}')" made
done_here
