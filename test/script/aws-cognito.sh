#!/usr/bin/env bash
# AWS's pages on user pools, with the aws CLI: a pool, a client, people who sign
# up and are invited, groups, and a method that takes their tokens.
. "$(dirname "$0")/lib.sh"
up

idp() { awsl cognito-idp "$@"; }
json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval("d"+sys.argv[1]))' "$1"; }
waiting() { curl -s "http://127.0.0.1:$admin/cognito/messages?pool=$pool" | json "[-1]['$1']"; }

pool=$(idp create-user-pool --pool-name people --auto-verified-attributes email --query UserPool.Id)
has "id" "$pool" us-east-1_
client=$(idp create-user-pool-client --user-pool-id "$pool" --client-name app --query UserPoolClient.ClientId \
	--explicit-auth-flows ALLOW_USER_PASSWORD_AUTH ALLOW_ADMIN_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH)

# somebody signs up
refuses "a weak password" "(InvalidPasswordException) when calling the SignUp operation: Password did not conform with policy: Password not long enough" \
	idp sign-up --client-id "$client" --username ann --password short
is "sign up" "$(idp sign-up --client-id "$client" --username ann --password Correct-horse-7 --user-attributes Name=email,Value=ann@example.org \
	--query '[UserConfirmed,CodeDeliveryDetails.Destination]')" $'False\ta***@e***'
login() { idp initiate-auth --client-id "$client" --auth-flow USER_PASSWORD_AUTH --auth-parameters "USERNAME=$1,PASSWORD=$2" --query "$3"; }
refuses "before confirming" "(UserNotConfirmedException)" login ann Correct-horse-7 ChallengeName
refuses "a wrong code" "(CodeMismatchException) when calling the ConfirmSignUp operation: Invalid verification code provided, please try again." \
	idp confirm-sign-up --client-id "$client" --username ann --confirmation-code nonsense
idp confirm-sign-up --client-id "$client" --username ann --confirmation-code "$(waiting code)"
refuses "a wrong password" "(NotAuthorizedException) when calling the InitiateAuth operation: Incorrect username or password." login ann wrong ChallengeName
refuses "nobody" "(UserNotFoundException)" login nobody wrong ChallengeName
read -r id access refresh <<<"$(login ann Correct-horse-7 'AuthenticationResult.[IdToken,AccessToken,RefreshToken]')"
is "get user" "$(idp get-user --access-token "$access" --query Username)" ann
again=$(idp initiate-auth --client-id "$client" --auth-flow REFRESH_TOKEN_AUTH --auth-parameters REFRESH_TOKEN="$refresh" --query AuthenticationResult.AccessToken)
is "refreshed" "$(idp get-user --access-token "$again" --query "UserAttributes[?Name=='email'].Value")" ann@example.org

# somebody is invited
is "invite" "$(idp admin-create-user --user-pool-id "$pool" --username bob --user-attributes Name=email,Value=bob@example.org --query User.UserStatus)" FORCE_CHANGE_PASSWORD
read -r challenge session <<<"$(login bob "$(waiting password)" '[ChallengeName,Session]')"
is "challenge" "$challenge" NEW_PASSWORD_REQUIRED
is "choose" "$(idp respond-to-auth-challenge --client-id "$client" --challenge-name NEW_PASSWORD_REQUIRED --session "$session" \
	--challenge-responses USERNAME=bob,NEW_PASSWORD=Chosen-horse-8 --query AuthenticationResult.TokenType)" Bearer
is "list" "$(idp list-users --user-pool-id "$pool" --filter 'email ^= "bob"' --query 'Users[].[Username,UserStatus]')" $'bob\tCONFIRMED'

# groups
idp create-group --user-pool-id "$pool" --group-name editors --precedence 1 >/dev/null
idp admin-add-user-to-group --user-pool-id "$pool" --username ann --group-name editors
is "group" "$(idp list-users-in-group --user-pool-id "$pool" --group-name editors --query 'Users[].Username')" ann
read -r id access refresh <<<"$(login ann Correct-horse-7 'AuthenticationResult.[IdToken,AccessToken,RefreshToken]')"

# a method that takes their tokens
stage=s
api=$(awsl apigateway create-rest-api --name people --query id)
root=$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[0].id')
users=$(awsl apigateway create-authorizer --rest-api-id "$api" --name users --type COGNITO_USER_POOLS --identity-source method.request.header.Authorization \
	--provider-arns "arn:aws:cognito-idp:us-east-1:000000000000:userpool/$pool" --query id)
awsl apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method GET --authorization-type COGNITO_USER_POOLS --authorizer-id "$users" >/dev/null
awsl apigateway put-method-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >/dev/null
awsl apigateway put-integration --rest-api-id "$api" --resource-id "$root" --http-method GET --type MOCK --request-templates '{"application/json":"{\"statusCode\": 200}"}' >/dev/null
awsl apigateway put-integration-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 \
	--response-templates '{"application/json":"$context.authorizer.claims.email in $context.authorizer.claims[\"cognito:groups\"]"}' >/dev/null
awsl apigateway create-deployment --rest-api-id "$api" --stage-name s >/dev/null
is "with an ID token" "$(invoke / -H "Authorization: $id")" "ann@example.org in editors"
is "with an access token" "$(invoke / -H "Authorization: $access")" '{"message":"Unauthorized"}'
is "issuer" "$(curl -s "$endpoint/$pool/.well-known/openid-configuration" | json "['issuer']")" "https://cognito-idp.us-east-1.amazonaws.com/$pool"

# out
idp global-sign-out --access-token "$access"
refuses "signed out" "Access Token has been revoked" idp get-user --access-token "$access"
trail=$(curl -s "http://127.0.0.1:$admin/audit?max=1000")
has "on record" "$trail" '"eventName":"SignUp"'
for secret in Correct-horse-7 Chosen-horse-8 "$refresh" "$id"; do
	case "$trail$(cat "$work/out" "$work/err")" in *"$secret"*) fail "a secret is in the records or logs" ;; esac
done
idp delete-user-pool --user-pool-id "$pool"
refuses "deleted" "(ResourceNotFoundException) when calling the DescribeUserPool operation: User pool $pool does not exist." idp describe-user-pool --user-pool-id "$pool"
done_here
