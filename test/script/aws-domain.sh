#!/usr/bin/env bash
# AWS's pages on custom domain names, with the aws CLI: a name, its base paths,
# and calls through it.
. "$(dirname "$0")/lib.sh"
up

api=$(awsl apigateway create-rest-api --name behind --query id)
root=$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[0].id')
awsl apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method GET --authorization-type NONE >/dev/null
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >/dev/null
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$root" --http-method GET --type MOCK --request-templates '{"application/json":"{\"statusCode\": 200}"}' >/dev/null
awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 --response-templates '{"application/json":"$context.stage"}' >/dev/null
for s in v1 v2; do awsl apigateway create-deployment --rest-api-id "$api" --stage-name $s >/dev/null; done

cert=arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012
made=$(awsl apigateway create-domain-name --domain-name api.example.com --regional-certificate-arn $cert --endpoint-configuration types=REGIONAL --security-policy TLS_1_2 \
	--query '[domainName,domainNameStatus,securityPolicy,endpointConfiguration.types[0]]')
is "made" "$made" $'api.example.com\tAVAILABLE\tTLS_1_2\tREGIONAL'
has "target" "$(awsl apigateway get-domain-name --domain-name api.example.com --query regionalDomainName)" .execute-api.us-east-1.amazonaws.com
refuses "made twice" "The domain name you provided already exists." \
	awsl apigateway create-domain-name --domain-name api.example.com --regional-certificate-arn $cert --endpoint-configuration types=REGIONAL
is "mapping" "$(awsl apigateway create-base-path-mapping --domain-name api.example.com --base-path one --rest-api-id "$api" --stage v1 --query '[basePath,restApiId,stage]')" "one	$api	v1"
is "empty path" "$(awsl apigateway create-base-path-mapping --domain-name api.example.com --rest-api-id "$api" --stage v2 --query basePath)" "(none)"
refuses "mapped twice" "Base path already exists for this domain name" awsl apigateway create-base-path-mapping --domain-name api.example.com --base-path one --rest-api-id "$api" --stage v2
refuses "unknown stage" "Invalid stage identifier specified" awsl apigateway create-base-path-mapping --domain-name api.example.com --base-path two --rest-api-id "$api" --stage v9
is "mappings" "$(awsl apigateway get-base-path-mappings --domain-name api.example.com --query 'length(items)')" 2
is "called by its base path" "$(curl -s -H 'Host: api.example.com' "$endpoint/one/")" v1
is "called without" "$(curl -s -H 'Host: api.example.com' "$endpoint/")" v2
is "moved" "$(awsl apigateway update-base-path-mapping --domain-name api.example.com --base-path one --patch-operations op=replace,path=/stage,value=v2 op=replace,path=/basePath,value=uno --query '[basePath,stage]')" $'uno\tv2'
is "called at its new place" "$(curl -s -H 'Host: api.example.com' "$endpoint/uno/")" v2
awsl apigateway delete-base-path-mapping --domain-name api.example.com --base-path "(none)"
refuses "deleted mapping" "Invalid base path mapping identifier specified" awsl apigateway get-base-path-mapping --domain-name api.example.com --base-path "(none)"
awsl apigateway delete-domain-name --domain-name api.example.com
refuses "deleted name" "Invalid domain name identifier specified" awsl apigateway get-domain-name --domain-name api.example.com
done_here
