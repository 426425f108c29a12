#!/usr/bin/env bash
# AWS's tutorial "usage plans with API keys", with the aws CLI.
. "$(dirname "$0")/lib.sh"
up

stage=prod
api=$(awsl apigateway create-rest-api --name metered --query id)
root=$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[0].id')
awsl apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method GET --authorization-type NONE --no-api-key-required >/dev/null
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >/dev/null
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$root" --http-method GET --type MOCK --request-templates '{"application/json":"{\"statusCode\": 200}"}' >/dev/null
awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 --response-templates '{"application/json":"served"}' >/dev/null
is "key required" "$(awsl apigateway update-method --rest-api-id "$api" --resource-id "$root" --http-method GET --patch-operations op=replace,path=/apiKeyRequired,value=true --query apiKeyRequired)" True
awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod >/dev/null

refuses "short key" "API Key value should be at least 20 characters" awsl apigateway create-api-key --name k --enabled --value short
read -r key value < <(awsl apigateway create-api-key --name ann --description hers --enabled --query '[id,value]')
is "length of a value" "${#value}" 40
refuses "the same value" "API Key already exists" awsl apigateway create-api-key --name other --value "$value"
is "read back" "$(awsl apigateway get-api-key --api-key "$key" --query '[name,enabled,value]')" $'ann\tTrue\tNone'
is "with its value" "$(awsl apigateway get-api-key --api-key "$key" --include-value --query value)" "$value"

plan=$(awsl apigateway create-usage-plan --name gold --throttle rateLimit=100,burstLimit=50 --quota limit=3,period=DAY,offset=0 --api-stages apiId="$api",stage=prod --query id)
is "plan" "$(awsl apigateway get-usage-plan --usage-plan-id "$plan" --query '[name,quota.limit,quota.period,throttle.burstLimit,apiStages[0].stage]')" $'gold\t3\tDAY\t50\tprod'
is "before it is in the plan" "$(invoke / -H "X-Api-Key: $value" -o /dev/null -w '%{http_code}')" 403
is "joined" "$(awsl apigateway create-usage-plan-key --usage-plan-id "$plan" --key-type API_KEY --key-id "$key" --query '[id,name,type]')" "$key"$'\tann\tAPI_KEY'
is "members" "$(awsl apigateway get-usage-plan-keys --usage-plan-id "$plan" --query 'items[].id')" "$key"
is "stranger" "$(invoke /)" '{"message":"Forbidden"}'
for n in 1 2 3; do is "call $n" "$(invoke / -H "X-Api-Key: $value")" served; done
is "beyond the quota" "$(invoke / -H "X-Api-Key: $value")" '{"message":"Limit Exceeded"}'
today=$(date -u +%F)
is "used" "$(awsl apigateway get-usage --usage-plan-id "$plan" --key-id "$key" --start-date "$today" --end-date "$today" --query "items.\"$key\"[0]")" $'3\t0'
awsl apigateway update-usage --usage-plan-id "$plan" --key-id "$key" --patch-operations op=replace,path=/remaining,value=10 >/dev/null
is "after more was granted" "$(invoke / -H "X-Api-Key: $value")" served
is "changed plan" "$(awsl apigateway update-usage-plan --usage-plan-id "$plan" --patch-operations op=replace,path=/quota/limit,value=500 --query quota.limit)" 500
awsl apigateway update-api-key --api-key "$key" --patch-operations op=replace,path=/enabled,value=false >/dev/null
is "disabled" "$(invoke / -H "X-Api-Key: $value" -o /dev/null -w '%{http_code}')" 403

printf 'name,key,description,enabled,usageplanids\nbob,bobs-key-bobs-key-bobs,his,TRUE,%s\n' "$plan" >"$work/keys.csv"
is "imported" "$(awsl apigateway import-api-keys --format csv --body "fileb://$work/keys.csv" --fail-on-warnings --query 'length(ids)')" 1
is "imported key" "$(invoke / -H "X-Api-Key: bobs-key-bobs-key-bobs")" served
is "by name" "$(awsl apigateway get-api-keys --name-query bo --query 'items[].name')" bob

refuses "plan in use" "Cannot delete Usage Plan $plan because there are API Stages associated with it, including $api:prod" awsl apigateway delete-usage-plan --usage-plan-id "$plan"
awsl apigateway update-usage-plan --usage-plan-id "$plan" --patch-operations op=remove,path=/apiStages,value="$api:prod" >/dev/null
awsl apigateway delete-usage-plan --usage-plan-id "$plan"
awsl apigateway delete-api-key --api-key "$key"
refuses "deleted key" "Invalid API Key identifier specified" awsl apigateway get-api-key --api-key "$key"
done_here
