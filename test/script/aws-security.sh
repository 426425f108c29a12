#!/usr/bin/env bash
# AWS's pages on client certificates, Cognito and Lambda authorizers, gateway
# responses, tags and account settings, with the aws CLI.
. "$(dirname "$0")/lib.sh"
up

stage=s
api=$(awsl apigateway create-rest-api --name safe --tags team=zoo --query id)
root=$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[0].id')

# client certificate
cert=$(awsl apigateway generate-client-certificate --description 'to back ends' --query clientCertificateId)
awsl apigateway get-client-certificate --client-certificate-id "$cert" --query pemEncodedCertificate >"$work/cert.pem"
has "certificate" "$(openssl x509 -in "$work/cert.pem" -noout -subject -checkend 0)" "Certificate will not expire"

# authorizers
pool=arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi
cognito=$(awsl apigateway create-authorizer --rest-api-id "$api" --name users --type COGNITO_USER_POOLS --provider-arns $pool --identity-source method.request.header.Authorization --query id)
is "Cognito authorizer" "$(awsl apigateway get-authorizer --rest-api-id "$api" --authorizer-id "$cognito" --query '[name,type,authType,providerARNs[0]]')" $'users\tCOGNITO_USER_POOLS\tcognito_user_pools\t'$pool
is "method" "$(awsl apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method GET --authorization-type COGNITO_USER_POOLS --authorizer-id "$cognito" --authorization-scopes pets/read \
	--query '[authorizationType,authorizerId,authorizationScopes[0]]')" $'COGNITO_USER_POOLS\t'"$cognito"$'\tpets/read'
refuses "without an authorizer" "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer." \
	awsl apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method POST --authorization-type CUSTOM
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >/dev/null
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$root" --http-method GET --type MOCK --request-templates '{"application/json":"{\"statusCode\": 200}"}' >/dev/null
awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >/dev/null
awsl apigateway create-deployment --rest-api-id "$api" --stage-name s >/dev/null
is "stage with a certificate" "$(awsl apigateway update-stage --rest-api-id "$api" --stage-name s --patch-operations op=replace,path=/clientCertificateId,value="$cert" --query clientCertificateId)" "$cert"
is "without a token" "$(invoke /)" '{"message":"Unauthorized"}'

# gateway responses
is "default" "$(awsl apigateway get-gateway-response --rest-api-id "$api" --response-type UNAUTHORIZED --query '[statusCode,defaultResponse]')" $'401\tTrue'
is "own" "$(awsl apigateway put-gateway-response --rest-api-id "$api" --response-type UNAUTHORIZED --status-code 418 --response-parameters "{\"gatewayresponse.header.X-Why\":\"'token'\"}" \
	--response-templates '{"application/json":"{\"why\":$context.error.messageString}"}' --query '[statusCode,defaultResponse]')" $'418\tFalse'
awsl apigateway create-deployment --rest-api-id "$api" --stage-name s >/dev/null
is "its answer" "$(invoke / -w ' %{http_code}')" '{"why":"Unauthorized"} 418'

# tags and account
arn=arn:aws:apigateway:us-east-1::/restapis/$api
awsl apigateway tag-resource --resource-arn "$arn" --tags env=prod
is "tags" "$(awsl apigateway get-tags --resource-arn "$arn" --query 'tags.[env,team]')" $'prod\tzoo'
awsl apigateway untag-resource --resource-arn "$arn" --tag-keys team
is "tags left" "$(awsl apigateway get-rest-api --rest-api-id "$api" --query 'keys(tags)')" env
is "account" "$(awsl apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=arn:aws:iam::000000000000:role/logs --query cloudwatchRoleArn)" arn:aws:iam::000000000000:role/logs

# what was done is on record, and no secret with it
value=$(awsl apigateway create-api-key --name k --enabled --query value)
trail=$(curl -s "http://127.0.0.1:$admin/audit?max=1000")
has "on record" "$trail" '"eventName":"PutGatewayResponse"'
has "hidden" "$trail" '"value":"HIDDEN_DUE_TO_SECURITY_REASONS"'
case "$trail" in *"$value"*) fail "the records show the value of a key" ;; esac
done_here
