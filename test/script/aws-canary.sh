#!/usr/bin/env bash
# AWS's pages on canary releases: create one, look at it, promote it, end it.
. "$(dirname "$0")/lib.sh"
up

stage=prod
api=$(awsl apigateway create-rest-api --name canary --query id)
root=$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[0].id')
answers() {
	awsl apigateway put-integration --rest-api-id "$api" --resource-id "$root" --http-method GET --type MOCK --request-templates '{"application/json":"{\"statusCode\": 200}"}' >/dev/null
	awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 --response-templates "{\"application/json\":\"$1 \$stageVariables.sv0\"}" >/dev/null
}
awsl apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method GET --authorization-type NONE >/dev/null
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >/dev/null
answers old
refuses "canary of no stage" "Invalid deployment content specified.Stage prod must already be created before making a canary release deployment" \
	awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod --canary-settings '{"percentTraffic":10}'
first=$(awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod --variables sv0=val0 --query id)
is "first" "$(invoke /)" "old val0"

answers new
second=$(awsl apigateway create-deployment --rest-api-id "$api" --stage-name prod --canary-settings '{"percentTraffic":10.5,"useStageCache":false,"stageVariableOverrides":{"sv0":"val2"}}' --query id)
is "the stage keeps its deployment" "$(awsl apigateway get-stage --rest-api-id "$api" --stage-name prod --query deploymentId)" "$first"
is "canary" "$(awsl apigateway get-stage --rest-api-id "$api" --stage-name prod --query 'canarySettings.[deploymentId,percentTraffic,useStageCache,stageVariableOverrides.sv0]')" "$second"$'\t10.5\tFalse\tval2'
is "more of it" "$(awsl apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations op=replace,path=/canarySettings/percentTraffic,value=25.0 --query canarySettings.percentTraffic)" 25.0
is "other variables" "$(awsl apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations op=replace,path=/canarySettings/stageVariableOverrides/sv0,value=val3 --query canarySettings.stageVariableOverrides.sv0)" val3
refuses "delete what the canary runs" "Active stages pointing to this deployment must be moved or deleted" awsl apigateway delete-deployment --rest-api-id "$api" --deployment-id "$second"

# promote: the deployment and the variables become the stage's
awsl apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations \
	op=replace,path=/canarySettings/percentTraffic,value=0.0 op=copy,from=/canarySettings/stageVariableOverrides,path=/variables op=copy,from=/canarySettings/deploymentId,path=/deploymentId >/dev/null
is "promoted" "$(awsl apigateway get-stage --rest-api-id "$api" --stage-name prod --query '[deploymentId,variables.sv0]')" "$second"$'\tval3'
is "served" "$(invoke /)" "new val3"
is "ended" "$(awsl apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations op=remove,path=/canarySettings --query canarySettings)" None
refuses "nothing to promote" "Promotion not available. Canary does not exist." \
	awsl apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations op=copy,from=/canarySettings/deploymentId,path=/deploymentId
awsl apigateway delete-deployment --rest-api-id "$api" --deployment-id "$first"
done_here
