package apigateway_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestModel(t *testing.T) {
	const noSchema = "400 Model schema must have at least 1 property or array items defined"
	s := newMethod(t)
	s.play([]step{
		{
			"CreateModel", `{"restApiId":"$api","name":"Pet","contentType":"application/json","description":"d","schema":"{\"type\":\"object\"}"}`,
			`{"id":"000006","name":"Pet","contentType":"application/json","description":"d","schema":"{\"type\":\"object\"}"}`,
		},
		{"GetModel", `{"restApiId":"$api","modelName":"Pet"}`, `{"id":"000006","name":"Pet","contentType":"application/json","description":"d","schema":"{\"type\":\"object\"}"}`},
		{"CreateModel", `{"restApiId":"$api","name":"Pet","contentType":"application/json","schema":"{}"}`, "409 Model name already exists for this REST API"},
		{"CreateModel", `{"restApiId":"$api","name":"","contentType":"application/json","schema":"{}"}`, "400 Model name must be non-empty"},
		{"CreateModel", `{"restApiId":"$api","name":"my-pet","contentType":"application/json","schema":"{}"}`, "400 Model name must be alphanumeric: my-pet"},
		{"CreateModel", `{"restApiId":"$api","name":"A","contentType":"application/json"}`, noSchema},
		{"CreateModel", `{"restApiId":"$api","name":"A","contentType":"application/json","schema":""}`, noSchema},
		{"CreateModel", `{"restApiId":"$api","name":"A","contentType":"application/xml","schema":""}`, noSchema},
		{"CreateModel", `{"restApiId":"$api","name":"A","contentType":"application/json","schema":"{"}`, "400 Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"},
		{"CreateModel", `{"restApiId":"nope","name":"A","contentType":"application/json","schema":"{}"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetModels", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetModel", `{"restApiId":"nope","modelName":"Pet"}`, "404 Invalid model name specified: Pet"},
		{"GetModel", `{"restApiId":"$api","modelName":"pet"}`, "404 Invalid model name specified: pet"},
		{"DeleteModel", `{"restApiId":"nope","modelName":"Pet"}`, "404 Invalid model name specified: Pet"},

		{
			"UpdateModel", `{"restApiId":"$api","modelName":"Pet","patchOperations":[{"op":"replace","path":"/description","value":"e"},{"op":"replace","path":"/schema","value":"{}"}]}`,
			`{"id":"000006","name":"Pet","contentType":"application/json","description":"e","schema":"{}"}`,
		},
		{"UpdateModel", `{"restApiId":"$api","modelName":"Pet","patchOperations":[{"op":"replace","path":"/schema","value":""}]}`, noSchema},
		{"UpdateModel", `{"restApiId":"$api","modelName":"Pet","patchOperations":[{"op":"replace","path":"/name","value":"x"}]}`, "400 Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]"},
		{"UpdateModel", `{"restApiId":"$api","modelName":"Pet","patchOperations":[{"op":"add","path":"/description","value":"x"}]}`, "400 Invalid patch path  '/description' specified for op 'add'. Please choose supported operations"},
		{"UpdateModel", `{"restApiId":"$api","modelName":"Nope"}`, "404 Invalid model name specified: Nope"},

		{"PutMethod", `{"restApiId":"$api","resourceId":"$root","httpMethod":"ANY","authorizationType":"NONE","requestModels":{"a/b":"Pet"}}`, `{"httpMethod":"ANY","authorizationType":"NONE","apiKeyRequired":false,"requestModels":{"a/b":"Pet"}}`},
		{"DeleteModel", `{"restApiId":"$api","modelName":"Pet"}`, "409 Cannot delete model 'Pet', is referenced in method request: //ANY"},
		{"DeleteMethod", `{"restApiId":"$api","resourceId":"$root","httpMethod":"ANY"}`, `{}`},
		{"PutMethodResponse", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","statusCode":"200","responseModels":{"a/b":"Pet"}}`, `{"statusCode":"200","responseModels":{"a/b":"Pet"}}`},
		{"DeleteModel", `{"restApiId":"$api","modelName":"Pet"}`, "409 Cannot delete model 'Pet', is referenced in method response: /pets/GET"},
		{"DeleteMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, `{}`},
		{"DeleteModel", `{"restApiId":"$api","modelName":"Pet"}`, `{}`},
		{"DeleteModel", `{"restApiId":"$api","modelName":"Pet"}`, "404 Invalid model name specified: Pet"},
	})
}

// Models that refer to each other, in a circle too, are flattened into one
// schema; what is not there stays a reference.
func TestGetModelFlat(t *testing.T) {
	s := newAPI(t)
	const url = `https://apigateway.amazonaws.com/restapis/$api/models/`
	s.make("", "CreateModel", `{"restApiId":"$api","name":"A","contentType":"application/json","schema":"{\"items\":[{\"$ref\":\"`+url+`B\"}],\"definitions\":{\"x\":1}}"}`)
	s.make("", "CreateModel", `{"restApiId":"$api","name":"B","contentType":"application/json","schema":"{\"a\":{\"$ref\":\"`+url+`A\"},\"n\":{\"$ref\":\"`+url+`Nope\"},\"big\":12345678901234567890}"}`)
	s.play([]step{
		{"GetModel", `{"restApiId":"$api","modelName":"Empty","flatten":true}`, s.call("GetModel", `{"restApiId":"$api","modelName":"Empty"}`)},
		{
			"GetModel", `{"restApiId":"$api","modelName":"A","flatten":true}`,
			`{"id":"000005","name":"A","contentType":"application/json","schema":"{\"definitions\":{` +
				`\"A\":{\"definitions\":{\"x\":1},\"items\":[{\"$ref\":\"#/definitions/B\"}]},` +
				`\"B\":{\"a\":{\"$ref\":\"#/definitions/A\"},\"big\":12345678901234567890,\"n\":{\"$ref\":\"` + url + `Nope\"}},` +
				`\"x\":1},\"items\":[{\"$ref\":\"#/definitions/B\"}]}"}`,
		},
	})
}

func TestGetModelTemplate(t *testing.T) {
	s := newAPI(t)
	s.make("", "CreateModel", `{"restApiId":"$api","name":"Pets","contentType":"application/json","schema":"{\"type\":\"array\",\"items\":{\"properties\":{`+
		`\"id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},\"tags\":{\"type\":\"array\"},\"error\":{\"$ref\":\"https://apigateway.amazonaws.com/restapis/$api/models/Error\"}}}}"}`)
	s.play([]step{
		{"GetModelTemplate", `{"restApiId":"$api","modelName":"Empty"}`, `{"value":"#set($inputRoot = $input.path('$'))\n{ }"}`},
		{"GetModelTemplate", `{"restApiId":"$api","modelName":"Error"}`, `{"value":"#set($inputRoot = $input.path('$'))\n{\n  \"message\" : \"$inputRoot.message\"\n}"}`},
		{
			"GetModelTemplate", `{"restApiId":"$api","modelName":"Pets"}`,
			`{"value":"#set($inputRoot = $input.path('$'))\n[\n#foreach($elem1 in $inputRoot)\n  {\n    \"error\" : {\n      \"message\" : \"$elem1.error.message\"\n    },` +
				`\n    \"id\" : $elem1.id,\n    \"name\" : \"$elem1.name\",\n    \"tags\" : [ ]\n  }#if($foreach.hasNext),#end\n#end\n]"}`,
		},
		{"GetModelTemplate", `{"restApiId":"$api","modelName":"Nope"}`, "404 Invalid model name specified: Nope"},
	})
}

// A model that is made of itself many times over has a sample that ends.
func TestGetModelTemplateEnds(t *testing.T) {
	s := newAPI(t)
	var members []string
	for i := range 40 {
		members = append(members, fmt.Sprintf(`\"m%d\":{\"$ref\":\"https://apigateway.amazonaws.com/restapis/$api/models/A\"}`, i))
	}
	s.make("", "CreateModel", `{"restApiId":"$api","name":"A","contentType":"application/json","schema":"{\"properties\":{`+strings.Join(members, ",")+`}}"}`)
	if n := len(s.call("GetModelTemplate", `{"restApiId":"$api","modelName":"A"}`)); n > 200<<10 {
		t.Errorf("the sample has %d bytes", n)
	}
}

func TestRequestValidator(t *testing.T) {
	s := newMethod(t)
	const paths = "Must be one of: [/name, /validateRequestParameters, /validateRequestBody]"
	s.play([]step{
		{"CreateRequestValidator", `{"restApiId":"$api","name":"v"}`, `{"id":"000006","name":"v","validateRequestBody":false,"validateRequestParameters":false}`},
		{"CreateRequestValidator", `{"restApiId":"$api","name":"w","validateRequestBody":true,"validateRequestParameters":true}`, `{"id":"000007","name":"w","validateRequestBody":true,"validateRequestParameters":true}`},
		{"CreateRequestValidator", `{"restApiId":"nope","name":"v"}`, "400 Invalid REST API identifier specified"},
		{"CreateRequestValidator", `{"restApiId":"$api","name":""}`, "400 Request Validator name cannot be blank"},
		{"GetRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006"}`, `{"id":"000006","name":"v","validateRequestBody":false,"validateRequestParameters":false}`},
		{"GetRequestValidator", `{"restApiId":"nope","requestValidatorId":"000006"}`, "404 Invalid Request Validator identifier specified"},
		{"GetRequestValidators", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetRequestValidators", `{"restApiId":"$api"}`, `{"items":[{"id":"000006","name":"v","validateRequestBody":false,"validateRequestParameters":false},{"id":"000007","name":"w","validateRequestBody":true,"validateRequestParameters":true}]}`},
		{
			"UpdateRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006","patchOperations":[{"op":"replace","path":"/name","value":"x"},
				{"op":"replace","path":"/validateRequestBody","value":"true"},{"op":"replace","path":"/validateRequestParameters","value":"true"}]}`,
			`{"id":"000006","name":"x","validateRequestBody":true,"validateRequestParameters":true}`,
		},
		{"UpdateRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006","patchOperations":[{"op":"replace","path":"/validateRequestBody"}]}`, `{"id":"000006","name":"x","validateRequestBody":false,"validateRequestParameters":true}`},
		{"UpdateRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006","patchOperations":[{"op":"replace","path":"/name","value":""}]}`, "400 Request Validator name cannot be blank"},
		{"UpdateRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006","patchOperations":[{"op":"replace","path":"/x","value":""}]}`, "400 Invalid patch path  '/x' specified for op 'replace'. " + paths},
		{"UpdateRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006","patchOperations":[{"op":"replace","value":""}]}`, "400 Invalid patch path  'null' specified for op 'replace'. " + paths},
		{"UpdateRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006","patchOperations":[{"op":"remove","path":"/name"}]}`, "400 Invalid patch path  '/name' specified for op 'remove'. Please choose supported operations"},
		{"UpdateRequestValidator", `{"restApiId":"$api","requestValidatorId":"nope"}`, "404 Invalid Request Validator identifier specified"},
		{"UpdateMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","patchOperations":[{"op":"replace","path":"/requestValidatorId","value":"000006"},{"op":"remove","path":"/requestParameters/method.request.path.id"},{"op":"remove","path":"/requestParameters/method.request.header.X-Who"},{"op":"remove","path":"/requestParameters/method.request.querystring.kind"}]}`, `{"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false,"requestValidatorId":"000006"}`},
		{"DeleteRequestValidator", `{"restApiId":"$api","requestValidatorId":"000006"}`, "409 Cannot delete request validator 'x', is referenced in method: /pets/GET"},
		{"DeleteRequestValidator", `{"restApiId":"$api","requestValidatorId":"000007"}`, `{}`},
		{"DeleteRequestValidator", `{"restApiId":"$api","requestValidatorId":"000007"}`, "404 Invalid Request Validator identifier specified"},
	})
}

func TestAuthorizer(t *testing.T) {
	const (
		uri  = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
		pool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"
		made = `{"id":"000006","name":"g","type":"TOKEN","authType":"custom","authorizerUri":"` + uri + `","identitySource":"method.request.header.Auth"}`
	)
	s := newMethod(t)
	s.play([]step{
		{"CreateAuthorizer", `{"restApiId":"$api","name":"g","type":"TOKEN","authorizerUri":"` + uri + `","identitySource":"method.request.header.Auth"}`, made},
		{
			"CreateAuthorizer", `{"restApiId":"$api","name":"h","type":"REQUEST","authorizerUri":"` + uri + `","identitySource":"method.request.header.A, context.b","authorizerResultTtlInSeconds":0,"authorizerCredentials":"c","identityValidationExpression":"e","authType":"x"}`,
			`{"id":"000007","name":"h","type":"REQUEST","authType":"x","authorizerUri":"` + uri + `","identitySource":"method.request.header.A, context.b","authorizerResultTtlInSeconds":0,"authorizerCredentials":"c","identityValidationExpression":"e"}`,
		},
		{
			"CreateAuthorizer", `{"restApiId":"$api","name":"i","type":"COGNITO_USER_POOLS","providerARNs":["` + pool + `"],"identitySource":"method.request.header.A"}`,
			`{"id":"000008","name":"i","type":"COGNITO_USER_POOLS","authType":"cognito_user_pools","providerARNs":["` + pool + `"],"identitySource":"method.request.header.A"}`,
		},
		{"CreateAuthorizer", `{"restApiId":"nope","name":"g","type":"TOKEN","authorizerUri":"` + uri + `","identitySource":"method.request.header.Auth"}`, "409 Unable to complete operation due to concurrent modification. Please try again later."},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"g","type":"TOKEN","authorizerUri":"` + uri + `","identitySource":"method.request.header.Auth"}`, "400 Authorizer name must be unique. Authorizer g already exists in this RestApi."},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"","type":"TOKEN"}`, "400 Authorizer name cannot be empty"},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"TOKEN"}`, "400 Invalid Authorizer URI: null. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"REQUEST","authorizerUri":"arn:aws:lambda:a:b:c"}`, "400 Invalid Authorizer URI: arn:aws:lambda:a:b:c. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"TOKEN","authorizerUri":"` + uri + `"}`, "400 Identity source must be specified for authorizers of type TOKEN"},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"REQUEST","authorizerUri":"` + uri + `"}`, "400 Identity source must be specified for authorizers of type REQUEST"},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"TOKEN","authorizerUri":"` + uri + `","identitySource":"method.request.querystring.a"}`, badMappingText + "method.request.querystring.a]"},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"REQUEST","authorizerUri":"` + uri + `","identitySource":"method.request.path.a"}`, badMappingText + "method.request.path.a]"},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"COGNITO_USER_POOLS"}`, "400 Provider ARNs must be specified for authorizers of type COGNITO_USER_POOLS"},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"COGNITO_USER_POOLS","providerARNs":["x"]}`, "400 Invalid ARN specified in the request"},
		{"CreateAuthorizer", `{"restApiId":"$api","name":"j","type":"TOKEN","authorizerResultTtlInSeconds":3601}`, "400 Authorizer result TTL must be between 0 and 3600 seconds"},
		{"GetAuthorizer", `{"restApiId":"$api","authorizerId":"000006"}`, made},
		{"GetAuthorizer", `{"restApiId":"$api","authorizerId":"nope"}`, "404 Invalid Authorizer identifier specified"},
		{"GetAuthorizers", `{"restApiId":"$api","limit":1}`, `{"items":[` + made + `],"position":"MDAwMDA2"}`},
		{"GetAuthorizers", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},

		{
			"UpdateAuthorizer", `{"restApiId":"$api","authorizerId":"000006","patchOperations":[
				{"op":"replace","path":"/name","value":"k"},{"op":"replace","path":"/type","value":"REQUEST"},{"op":"replace","path":"/authType","value":"y"},
				{"op":"replace","path":"/authorizerCredentials","value":"c"},{"op":"replace","path":"/authorizerResultTtlInSeconds","value":"10"},
				{"op":"replace","path":"/identityValidationExpression","value":"e"},{"op":"add","path":"/identitySource","value":"stageVariables.a"},
				{"op":"replace","path":"/authorizerUri","value":"` + uri + `"}]}`,
			`{"id":"000006","name":"k","type":"REQUEST","authType":"y","authorizerUri":"` + uri + `","identitySource":"stageVariables.a","authorizerCredentials":"c","authorizerResultTtlInSeconds":10,"identityValidationExpression":"e"}`,
		},
		{
			"UpdateAuthorizer", `{"restApiId":"$api","authorizerId":"000008","patchOperations":[{"op":"add","path":"/providerARNs","value":"` + pool + `2"},{"op":"remove","path":"/providerARNs","value":"` + pool + `"}]}`,
			`{"id":"000008","name":"i","type":"COGNITO_USER_POOLS","authType":"cognito_user_pools","providerARNs":["` + pool + `2"],"identitySource":"method.request.header.A"}`,
		},
		{"UpdateAuthorizer", `{"restApiId":"$api","authorizerId":"000008","patchOperations":[{"op":"replace","path":"/name","value":"k"}]}`, "400 Authorizer name must be unique. Authorizer k already exists in this RestApi."},
		{"UpdateAuthorizer", `{"restApiId":"$api","authorizerId":"000008","patchOperations":[{"op":"replace","path":"/type","value":"x"}]}`, "400 Invalid AuthorizerType specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS"},
		{"UpdateAuthorizer", `{"restApiId":"$api","authorizerId":"000008","patchOperations":[{"op":"add","path":"/name","value":"x"}]}`, "400 Invalid patch path  '/name' specified for op 'add'. Must be one of: [/identitySource, /providerARNs]"},
		{"UpdateAuthorizer", `{"restApiId":"$api","authorizerId":"nope"}`, "404 Invalid Authorizer identifier specified"},

		{"PutMethod", `{"restApiId":"$api","resourceId":"$root","httpMethod":"GET","authorizationType":"CUSTOM","authorizerId":"000006"}`, `{"httpMethod":"GET","authorizationType":"CUSTOM","authorizerId":"000006","apiKeyRequired":false}`},
		{"DeleteAuthorizer", `{"restApiId":"$api","authorizerId":"000006"}`, "409 Cannot delete authorizer, is referenced in method: GET/"},
		{"DeleteAuthorizer", `{"restApiId":"$api","authorizerId":"000007"}`, `{}`},
		{"DeleteAuthorizer", `{"restApiId":"$api","authorizerId":"000007"}`, "404 Invalid Authorizer identifier specified"},
	})
}

func TestGatewayResponse(t *testing.T) {
	const (
		template = `"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"}`
		denied   = `{"responseType":"ACCESS_DENIED","statusCode":"403","responseParameters":{},` + template + `,"defaultResponse":true}`
		at       = `"restApiId":"$api","responseType":`
		custom4  = `"responseParameters":{"gatewayresponse.header.A":"'a'"},"responseTemplates":{"a/b":"t"}`
	)
	s := newAPI(t)
	s.play([]step{
		{"GetGatewayResponse", `{` + at + `"ACCESS_DENIED"}`, denied},
		{"GetGatewayResponse", `{` + at + `"DEFAULT_4XX"}`, `{"responseType":"DEFAULT_4XX","responseParameters":{},` + template + `,"defaultResponse":true}`},
		{"GetGatewayResponses", `{"restApiId":"$api","limit":1}`, `{"items":[` + denied + `],"position":"QUNDRVNTX0RFTklFRA"}`},
		{"GetGatewayResponse", `{"restApiId":"nope","responseType":"ACCESS_DENIED"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetGatewayResponses", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"PutGatewayResponse", `{"restApiId":"nope","responseType":"ACCESS_DENIED"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"DeleteGatewayResponse", `{"restApiId":"nope","responseType":"ACCESS_DENIED"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"DeleteGatewayResponse", `{` + at + `"ACCESS_DENIED"}`, "404 Gateway response type not defined on api"},

		// What DEFAULT_4XX is made shows through on all of its class that nobody made anything.
		{"PutGatewayResponse", `{` + at + `"DEFAULT_4XX","statusCode":"418",` + custom4 + `}`, `{"responseType":"DEFAULT_4XX","statusCode":"418",` + custom4 + `,"defaultResponse":false}`},
		{"GetGatewayResponse", `{` + at + `"ACCESS_DENIED"}`, `{"responseType":"ACCESS_DENIED","statusCode":"418",` + custom4 + `,"defaultResponse":true}`},
		{"GetGatewayResponse", `{` + at + `"AUTHORIZER_FAILURE"}`, `{"responseType":"AUTHORIZER_FAILURE","statusCode":"500","responseParameters":{},` + template + `,"defaultResponse":true}`},
		{"PutGatewayResponse", `{` + at + `"ACCESS_DENIED"}`, `{"responseType":"ACCESS_DENIED","statusCode":"403","responseParameters":{},` + template + `,"defaultResponse":false}`},
		{"DeleteGatewayResponse", `{` + at + `"ACCESS_DENIED"}`, `{}`},
		{"GetGatewayResponse", `{` + at + `"ACCESS_DENIED"}`, `{"responseType":"ACCESS_DENIED","statusCode":"418",` + custom4 + `,"defaultResponse":true}`},

		{
			"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"replace","path":"/statusCode","value":"430"},
				{"op":"add","path":"/responseParameters/gatewayresponse.header.A","value":"'x'"},{"op":"replace","path":"/responseParameters/gatewayresponse.header.A","value":"method.request.header.B"},
				{"op":"add","path":"/responseTemplates/application~1xml","value":"<a/>"}]}`,
			`{"responseType":"THROTTLED","statusCode":"430","responseParameters":{"gatewayresponse.header.A":"method.request.header.B"},
				"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}","application/xml":"<a/>"},"defaultResponse":false}`,
		},
		{
			"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"remove","path":"/responseParameters/gatewayresponse.header.A"},{"op":"remove","path":"/responseTemplates/application~1json"}]}`,
			`{"responseType":"THROTTLED","statusCode":"430","responseParameters":{},"responseTemplates":{"application/xml":"<a/>"},"defaultResponse":false}`,
		},
		{"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"add","path":"/responseTemplates/a~1b"}]}`, "400 Invalid null or empty value in responseTemplates"},
		{"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"add","path":"/responseParameters/gatewayresponse.header.A","value":""}]}`, "400 Invalid null or empty value in responseParameters"},
		{"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"replace","path":"/x","value":"a"}]}`, "400 Invalid patch path /x"},
		{"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"add","path":"/statusCode","value":"400"}]}`, "400 Invalid patch path /statusCode"},
		{"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"replace"}]}`, "400 Invalid patch path null"},
		{"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"replace","path":"/statusCode","value":"900"}]}`, "400 Invalid status code specified: 900"},
		{"UpdateGatewayResponse", `{` + at + `"THROTTLED","patchOperations":[{"op":"add","path":"/responseParameters/x","value":"'a'"}]}`, badMappingText + "x]"},
		{"PutGatewayResponse", `{` + at + `"THROTTLED","responseParameters":{"gatewayresponse.header.A":"a"}}`, badMappingText + "a]"},
		{
			"PutGatewayResponse", `{` + at + `"WAF_FILTERED","responseParameters":{"gatewayresponse.path.P":"'p'","gatewayresponse.querystring.Q":"'q'"}}`,
			`{"responseType":"WAF_FILTERED","statusCode":"403","responseParameters":{"gatewayresponse.path.P":"'p'","gatewayresponse.querystring.Q":"'q'"},"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"},"defaultResponse":false}`,
		},
		{"PutGatewayResponse", `{` + at + `"THROTTLED","responseParameters":{"gatewayresponse.header.A":"a","gatewayresponse.body.b":"'b'"}}`, badMappingText + "gatewayresponse.body.b, Invalid mapping expression specified: a]"},
		{"UpdateGatewayResponse", `{"restApiId":"nope","responseType":"THROTTLED"}`, "404 Invalid API identifier specified 123456789012:nope"},
	})
	all := s.call("GetGatewayResponses", `{"restApiId":"$api"}`)
	if n := strings.Count(all, `"responseType"`); n != 21 {
		t.Errorf("GetGatewayResponses lists %d types, want all 21", n)
	}
}

func TestAccount(t *testing.T) {
	const rest = `"apiKeyVersion":"4","features":["UsagePlans"],"throttleSettings":{"burstLimit":5000,"rateLimit":10000}`
	newScript(t).play([]step{
		{"GetAccount", `{}`, `{` + rest + `}`},
		{"UpdateAccount", `{"patchOperations":[{"op":"replace","path":"/cloudwatchRoleArn","value":"arn:aws:iam::123456789012:role/a/b"}]}`, `{"cloudwatchRoleArn":"arn:aws:iam::123456789012:role/a/b",` + rest + `}`},
		{"UpdateAccount", `{"patchOperations":[{"op":"replace","path":"/cloudwatchRoleArn","value":"x"}]}`, "400 The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy."},
		{"GetAccount", `{}`, `{"cloudwatchRoleArn":"arn:aws:iam::123456789012:role/a/b",` + rest + `}`},
		{"UpdateAccount", `{"patchOperations":[{"op":"replace","path":"/cloudwatchRoleArn"}]}`, `{` + rest + `}`},
		{"UpdateAccount", `{"patchOperations":[{"op":"add","path":"/features","value":"UsagePlans"}]}`, `{` + rest + `}`},
		{"UpdateAccount", `{"patchOperations":[{"op":"add","path":"/features","value":"x"}]}`, "400 Invalid feature specified: x"},
		{"UpdateAccount", `{"patchOperations":[{"op":"remove","path":"/features","value":"UsagePlans"}]}`, "400 Usage Plans cannot be disabled once enabled"},
		{"UpdateAccount", `{"patchOperations":[{"op":"replace","path":"/x","value":"y"}]}`, "400 Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/cloudwatchRoleArn]"},
	})
}

func TestTags(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first","tags":{"a":"1"}}`)
	const (
		api   = `"resourceArn":"arn:aws:apigateway:us-east-1::/restapis/$api"`
		stage = `"resourceArn":"arn:aws:apigateway:us-east-1::/restapis/$api/stages/prod"`
		bad   = "400 Invalid ARN specified in the request"
	)
	many := strings.TrimSuffix(strings.Repeat(`"k":"",`, 51), ",")
	for i := range 51 {
		many = strings.Replace(many, `"k"`, fmt.Sprintf(`"key%d"`, i), 1)
	}
	s.play([]step{
		{"GetTags", `{` + api + `}`, `{"tags":{}}`},
		{"TagResource", `{` + api + `,"tags":{"a":"1","b":"2"}}`, `{}`},
		{"TagResource", `{` + api + `,"tags":{"b":"3","c":"4"}}`, `{}`},
		{"GetTags", `{` + api + `}`, `{"tags":{"a":"1","b":"3","c":"4"}}`},
		{"UntagResource", `{` + api + `,"tagKeys":["a","c","x"]}`, `{}`},
		{"GetTags", `{` + api + `,"limit":1}`, `{"tags":{"b":"3"}}`},
		{"GetTags", `{` + stage + `}`, `{"tags":{"a":"1"}}`},
		{"UntagResource", `{` + stage + `,"tagKeys":["a"]}`, `{}`},
		{"GetStage", `{"restApiId":"$api","stageName":"prod"}`, `{"stageName":"prod","deploymentId":"$first",` + plainStage + `}`},
		{"TagResource", `{` + api + `,"tags":{` + many + `}}`, "400 The number of tags exceeds the limit of 50"},
		{"TagResource", `{` + stage + `,"tags":{"aws:cloudformation:stack-name":"s"}}`, `{}`},
		{"TagResource", `{` + stage + `,"tags":{"AWS:x":"s"}}`, "400 Invalid tag key: AWS:x. Keys that start with aws: are reserved"},
		{"TagResource", `{` + stage + `,"tags":{"x":"` + strings.Repeat("é", 257) + `"}}`, "400 Invalid value of tag x. A value has at most 256 characters"},
		{"GetTags", `{"resourceArn":"arn:aws:apigateway:us-east-1::/restapis/nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetTags", `{"resourceArn":"arn:aws:apigateway:us-east-1::/restapis/$api/stages/x"}`, "404 Invalid stage identifier specified"},
		{"GetTags", `{"resourceArn":"arn:aws:apigateway:us-east-1::/account"}`, bad},
		{"GetTags", `{"resourceArn":"arn:aws:lambda:us-east-1::/restapis/x"}`, bad},
		{"GetTags", `{"resourceArn":"x"}`, bad},
	})
}
