#!/usr/bin/env bash
# Builds an API from nothing with the aws CLI, deploys it, calls it, changes it
# and deletes it, as AWS's tutorials do.
. "$(dirname "$0")/lib.sh"
up

is "who am I" "$(awsl sts get-caller-identity --query Account)" 000000000000

# a function
mkdir "$work/fn"
cat >"$work/fn/app.py" <<'PY'
import json
def handler(event, context):
    return {"statusCode": 200, "headers": {"X-Fn": context.function_name}, "body": json.dumps({"pet": event["pathParameters"]["id"], "v": event["stageVariables"]})}
PY
(cd "$work/fn" && python3 -m zipfile -c ../fn.zip app.py)
role=$(awsl iam create-role --role-name fn --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}' --query Role.Arn)
is "role" "$role" arn:aws:iam::000000000000:role/fn
fn=$(awsl lambda create-function --function-name pets --runtime python3.12 --handler app.handler --role "$role" --zip-file "fileb://$work/fn.zip" --query FunctionArn)
awsl lambda wait function-active-v2 --function-name pets
refuses "second function of that name" "Function already exist: pets" awsl lambda create-function --function-name pets --runtime python3.12 --handler app.handler --role "$role" --zip-file "fileb://$work/fn.zip"
echo '{"pathParameters":{"id":"1"},"stageVariables":null}' >"$work/event"
awsl lambda invoke --function-name pets --payload "fileb://$work/event" "$work/answer" >/dev/null
has "invoke" "$(cat "$work/answer")" '"statusCode": 200'

# an API
api=$(awsl apigateway create-rest-api --name pets --query id) stage=prod
is "name" "$(awsl apigateway get-rest-api --rest-api-id "$api" --query name)" pets
rootid=$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[0].id')
pets=$(awsl apigateway create-resource --rest-api-id "$api" --parent-id "$rootid" --path-part pets --query id)
pet=$(awsl apigateway create-resource --rest-api-id "$api" --parent-id "$pets" --path-part '{id}' --query id)
refuses "sibling variable" "A sibling ({id}) of this resource already has a variable path part -- only one is allowed" \
	awsl apigateway create-resource --rest-api-id "$api" --parent-id "$pets" --path-part '{other}'
refuses "deploy without methods" "The REST API doesn't contain any methods" awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod
awsl apigateway put-method --rest-api-id "$api" --resource-id "$pet" --http-method GET --authorization-type NONE >/dev/null
refuses "deploy without integration" "No integration defined for method" awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$pet" --http-method GET --type AWS_PROXY --integration-http-method POST \
	--uri "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/$fn/invocations" >/dev/null
awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod --variables color=red >/dev/null

is "without permission" "$(invoke /pets/7 -o /dev/null -w '%{http_code}')" 500
awsl lambda add-permission --function-name pets --statement-id gw --action lambda:InvokeFunction --principal apigateway.amazonaws.com \
	--source-arn "arn:aws:execute-api:us-east-1:000000000000:$api/*/GET/pets/*" >/dev/null
is "with permission" "$(invoke /pets/7)" '{"pet": "7", "v": {"color": "red"}}'
is "no such route" "$(invoke /dogs)" '{"message":"Missing Authentication Token"}'
is "host form" "$(curl -s -H "Host: $api.execute-api.us-east-1.amazonaws.com" "$endpoint/prod/pets/8")" '{"pet": "8", "v": {"color": "red"}}'

# a change is seen after the next deployment only
awsl apigateway put-method --rest-api-id "$api" --resource-id "$pets" --http-method GET --authorization-type NONE >/dev/null
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$pets" --http-method GET --status-code 200 >/dev/null
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$pets" --http-method GET --type MOCK --request-templates '{"application/json":"{\"statusCode\": 200}"}' >/dev/null
awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$pets" --http-method GET --status-code 200 --response-templates '{"application/json":"[1,2]"}' >/dev/null
is "before deployment" "$(invoke /pets -o /dev/null -w '%{http_code}')" 403
second=$(awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod --query id)
is "after deployment" "$(invoke /pets)" '[1,2]'
awsl apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations op=replace,path=/variables/color,value=blue >/dev/null
has "stage variable" "$(invoke /pets/7)" blue

# back to the first deployment
first=$(awsl apigateway get-deployments --rest-api-id "$api" --query "items[?id!='$second'].id | [0]")
awsl apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations op=replace,path=/deploymentId,value="$first" >/dev/null
is "rolled back" "$(invoke /pets -o /dev/null -w '%{http_code}')" 403
refuses "delete what runs" "Active stages pointing to this deployment must be moved or deleted" awsl apigateway delete-deployment --rest-api-id "$api" --deployment-id "$first"

# what is not there
refuses "unknown API" "Invalid API identifier specified 000000000000:nope" awsl apigateway get-rest-api --rest-api-id nope
refuses "not built" "NotImplemented" awsl cloudtrail list-trails || true

awsl apigateway delete-rest-api --rest-api-id "$api"
is "deleted" "$(awsl apigateway get-rest-apis --query 'length(items)')" 0
is "gone" "$(invoke /pets -o /dev/null -w '%{http_code}')" 404
awsl lambda delete-function --function-name pets
awsl iam delete-role --role-name fn
done_here
