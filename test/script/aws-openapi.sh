#!/usr/bin/env bash
# AWS's pages on OpenAPI and on documenting an API, with the aws CLI: import,
# merge, export, import again; parts, versions.
. "$(dirname "$0")/lib.sh"
up

cat >"$work/api.yaml" <<'YAML'
openapi: 3.0.1
info: {title: pets, version: "2026-01-01"}
paths:
  /pets/{id}:
    get:
      operationId: getPet
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: fine, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: "$input.params('id')"}}}
components:
  schemas:
    Pet: {type: object, properties: {name: {type: string}}}
YAML
stage=s
api=$(awsl apigateway import-rest-api --parameters endpointConfigurationTypes=REGIONAL --body "fileb://$work/api.yaml" --query id)
is "imported" "$(awsl apigateway get-rest-api --rest-api-id "$api" --query '[name,version,endpointConfiguration.types[0]]')" $'pets\t2026-01-01\tREGIONAL'
is "paths" "$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[].path')" $'/\t/pets\t/pets/{id}'
is "model" "$(awsl apigateway get-models --rest-api-id "$api" --query 'items[].name')" Pet
echo nothing >"$work/nothing"
refuses "not a document" "Invalid OpenAPI input." awsl apigateway import-rest-api --body "fileb://$work/nothing"
awsl apigateway create-deployment --rest-api-id "$api" --stage-name s >/dev/null
is "served" "$(invoke /pets/7)" 7

sed 's/pets/dogs/g; s/getPet/getDog/' "$work/api.yaml" >"$work/more.yaml"
awsl apigateway put-rest-api --rest-api-id "$api" --mode merge --body "fileb://$work/more.yaml" >/dev/null
is "merged" "$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[].path')" $'/\t/dogs\t/dogs/{id}\t/pets\t/pets/{id}'
awsl apigateway put-rest-api --rest-api-id "$api" --mode overwrite --body "fileb://$work/api.yaml" >/dev/null
is "overwritten" "$(awsl apigateway get-resources --rest-api-id "$api" --query 'items[].path')" $'/\t/pets\t/pets/{id}'

awsl apigateway create-deployment --rest-api-id "$api" --stage-name s >/dev/null
for kind in oas30 swagger; do
	awsl apigateway get-export --rest-api-id "$api" --stage-name s --export-type $kind --parameters extensions=integrations "$work/$kind.json" >/dev/null
	again=$(awsl apigateway import-rest-api --body "fileb://$work/$kind.json" --query id)
	awsl apigateway create-deployment --rest-api-id "$again" --stage-name s >/dev/null
	is "$kind, imported again" "$(api=$again invoke /pets/8)" 8
	awsl apigateway get-export --rest-api-id "$again" --stage-name s --export-type $kind --parameters extensions=integrations "$work/again.json" >/dev/null
	paths() { python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["paths"], sort_keys=True))' "$1"; }
	is "$kind, exported again" "$(paths "$work/again.json")" "$(paths "$work/$kind.json")"
done
awsl apigateway get-export --rest-api-id "$api" --stage-name s --export-type oas30 --accepts application/yaml "$work/out.yaml" >/dev/null
has "as YAML" "$(cat "$work/out.yaml")" "openapi: \"3.0.1\""

# documentation
part=$(awsl apigateway create-documentation-part --rest-api-id "$api" --location '{"type":"METHOD","path":"/pets/{id}","method":"GET"}' --properties '{"summary":"one pet"}' --query id)
is "part" "$(awsl apigateway get-documentation-part --rest-api-id "$api" --documentation-part-id "$part" --query '[location.type,location.method,properties]')" $'METHOD\tGET\t{"summary":"one pet"}'
awsl apigateway update-documentation-part --rest-api-id "$api" --documentation-part-id "$part" --patch-operations 'op=replace,path=/properties,value="{\"summary\":\"a pet\"}"' >/dev/null
is "parts of methods" "$(awsl apigateway get-documentation-parts --rest-api-id "$api" --type METHOD --query 'items[].properties')" '{"summary":"a pet"}'
is "version" "$(awsl apigateway create-documentation-version --rest-api-id "$api" --documentation-version 1.0 --stage-name s --description first --query '[version,description]')" $'1.0\tfirst'
is "of the stage" "$(awsl apigateway get-stage --rest-api-id "$api" --stage-name s --query documentationVersion)" 1.0
awsl apigateway get-export --rest-api-id "$api" --stage-name s --export-type oas30 --parameters extensions=documentation "$work/documented.json" >/dev/null
has "in the export" "$(cat "$work/documented.json")" "a pet"
done_here
