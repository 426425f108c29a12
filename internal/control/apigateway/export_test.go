package apigateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// everythingDocument has each thing that an import and an export know.
const everythingDocument = `
openapi: 3.0.1
info: {title: all, version: "2", description: about}
x-amazon-apigateway-api-key-source: AUTHORIZER
x-amazon-apigateway-binary-media-types: [a/b]
x-amazon-apigateway-minimum-compression-size: 10
x-amazon-apigateway-policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}]}
x-amazon-apigateway-request-validators: {all: {validateRequestBody: true, validateRequestParameters: true}, none: {}}
x-amazon-apigateway-gateway-responses: {THROTTLED: {statusCode: 430, responseParameters: {gatewayresponse.header.X: "'x'"}, responseTemplates: {application/json: "{}"}}}
x-amazon-apigateway-documentation: {version: v1, documentationParts: [{location: {type: API}, properties: {description: told}}]}
components:
  schemas:
    Pet: {type: object, description: a pet, required: [name], properties: {name: {type: string}, mother: {$ref: "#/components/schemas/Pet"}}}
  securitySchemes:
    key: {type: apiKey, in: header, name: x-api-key}
    sig: {type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authtype: awsSigv4}
    tok: {type: apiKey, in: header, name: Auth, x-amazon-apigateway-authtype: oauth2, x-amazon-apigateway-authorizer: {type: token,
      authorizerUri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations", authorizerResultTtlInSeconds: 60}}
    req: {type: apiKey, in: header, name: Unused, x-amazon-apigateway-authtype: custom, x-amazon-apigateway-authorizer: {type: request, authorizerResultTtlInSeconds: 0,
      authorizerUri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations"}}
    pool: {type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authtype: cognito_user_pools, x-amazon-apigateway-authorizer: {type: cognito_user_pools,
      providerARNs: ["arn:aws:cognito-idp:us-east-1:1:userpool/p"]}}
paths:
  /leaf/alone: {}
  /pets/{id}:
    parameters: [{name: id, in: path, required: true}]
    get:
      operationId: getPet
      tags: [pets]
      security: [{tok: []}, {key: []}]
      parameters: [{name: q, in: query}, {name: H, in: header, required: true}]
      responses: {"200": {description: fine, headers: {X-H: {schema: {type: string}}}, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}, "404": {description: gone}}
      x-amazon-apigateway-request-validator: all
      x-amazon-apigateway-integration: {type: http, httpMethod: POST, uri: "http://h/{id}", passthroughBehavior: never, timeoutInMillis: 1000,
        requestParameters: {integration.request.path.id: method.request.path.id}, requestTemplates: {application/json: "$input.json('$')"},
        cacheKeyParameters: [method.request.querystring.q], cacheNamespace: ns, tlsConfig: {insecureSkipVerification: true},
        responses: {default: {statusCode: 200, responseParameters: {method.response.header.X-H: "'h'"}}, "4..": {statusCode: 404, responseTemplates: {application/json: }}}}
    put:
      security: [{pool: [a/b]}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}
      x-amazon-apigateway-integration: {type: mock, contentHandling: CONVERT_TO_TEXT}
    post: {security: [{sig: []}], x-amazon-apigateway-integration: {type: mock}}
    x-amazon-apigateway-any-method: {security: [{req: []}], x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://h", connectionType: VPC_LINK, connectionId: l}}
`

// deployed imports a document, deploys it to stage s, which shows the
// documentation v1 if there is one, and answers with the API's id.
func deployed(t testing.TB, s *apigateway.Service, doc []byte) string {
	t.Helper()
	id, err := tryDeploy(t, s, doc)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// tryDeploy is deployed for documents that may be refused.
func tryDeploy(t testing.TB, s *apigateway.Service, doc []byte) (string, error) {
	t.Helper()
	a, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: doc})
	if err != nil {
		return "", err
	}
	if err := redeploy(t, s, *a.Id); err != nil {
		return "", err
	}
	_, _ = s.UpdateStage(t.Context(), &v1.UpdateStageInput{RestApiId: *a.Id, StageName: "s", PatchOperations: []v1.PatchOperation{
		{Op: new("replace"), Path: new("/documentationVersion"), Value: new("v1")},
	}})
	return *a.Id, nil
}

func redeploy(t testing.TB, s *apigateway.Service, id string) error {
	t.Helper()
	_, err := s.CreateDeployment(t.Context(), &v1.CreateDeploymentInput{RestApiId: id, StageName: new("s")})
	return err
}

// overwrite makes an API what a document says, and deploys it.
func overwrite(t testing.TB, s *apigateway.Service, id string, doc []byte) error {
	t.Helper()
	if _, err := s.PutRestApi(t.Context(), &v1.PutRestApiInput{RestApiId: id, Body: doc, Mode: new("overwrite")}); err != nil {
		return err
	}
	return redeploy(t, s, id)
}

func export(t testing.TB, s *apigateway.Service, id, kind, accepts, extensions string) string {
	t.Helper()
	out, err := s.GetExport(t.Context(), &v1.GetExportInput{
		RestApiId: id, StageName: "s", ExportType: kind, Accepts: &accepts, Parameters: map[string]string{"extensions": extensions},
	})
	if err != nil {
		t.Fatal(err)
	}
	name := map[bool]string{true: ".yaml", false: ".json"}[strings.Contains(accepts, "yaml")]
	if want := `attachment; filename="` + kind + "_2" + name + `"`; *out.ContentDisposition != want || *out.ContentType != "application/octet-stream" {
		t.Errorf("GetExport is %s, %s, want %s", *out.ContentType, *out.ContentDisposition, want)
	}
	return strings.ReplaceAll(string(out.Body), id, "API")
}

// TestExportFixedPoint: an API that was exported and imported is exported as
// it was, in both kinds and both notations.
func TestExportFixedPoint(t *testing.T) {
	for _, kind := range []string{"oas30", "swagger"} {
		for _, accepts := range []string{"application/json", "application/yaml"} {
			t.Run(kind+" "+accepts, func(t *testing.T) {
				s := apigateway.New(memory(t), apigateway.Config{Now: func() time.Time { return start }})
				first := deployed(t, s, []byte(everythingDocument))
				text := export(t, s, first, kind, accepts, "apigateway")
				again := export(t, s, deployed(t, s, []byte(text)), kind, accepts, "apigateway")
				const docs = "x-amazon-apigateway-documentation"
				before, _, _ := strings.Cut(text, docs)
				after, _, _ := strings.Cut(again, docs)
				if diff := cmp.Diff(before, after); diff != "" {
					t.Errorf("the second export (-first +second):\n%s", diff)
				}
				// What a response is called by an export is known from then on.
				third := export(t, s, deployed(t, s, []byte(again)), kind, accepts, "apigateway")
				if diff := cmp.Diff(again, third); diff != "" {
					t.Errorf("the third export (-second +third):\n%s", diff)
				}
			})
		}
	}
}

// TestExportRefusals holds GetExport to its refusals.
func TestExportRefusals(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"s","deploymentId":"$first"}`)
	s.play([]step{
		{"GetExport", `{"restApiId":"$api","stageName":"s","exportType":"raml"}`, "400 No API exporter for type 'raml'"},
		{"GetExport", `{"restApiId":"nope","stageName":"s","exportType":"oas30"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetExport", `{"restApiId":"$api","stageName":"t","exportType":"oas30"}`, "404 Invalid stage identifier specified"},
	})
	s.call("CreateModel", `{"restApiId":"$api","name":"X","contentType":"application/xml","schema":"<x/>"}`)
	s.call("UpdateMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","patchOperations":[{"op":"add","path":"/requestModels/application~1xml","value":"X"}]}`)
	s.make("", "CreateDeployment", `{"restApiId":"$api","stageName":"s"}`)
	s.play([]step{
		{"GetExport", `{"restApiId":"$api","stageName":"s","exportType":"swagger"}`, "400 Only found non-JSON body models for X"},
	})
}

// TestExportOfDeployment: an export shows what the stage runs, not what was
// edited since; an API without a version has its date.
func TestExportOfDeployment(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"s","deploymentId":"$first"}`)
	s.call("DeleteMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`)
	got := s.call("GetExport", `{"restApiId":"$api","stageName":"s","exportType":"oas30"}`)
	if !strings.Contains(got, `filename=\"oas30_2025-10-09T08:53:20Z.json\"`) {
		t.Errorf("GetExport = %s, want the date of the API in the file's name", got)
	}
}

// origins and functions make programs that nobody plays.
type origins struct{}

func (origins) Origin(scheme, address, serverName string, skipVerify bool) *program.Origin {
	return &program.Origin{Scheme: scheme, Address: address, ServerName: serverName, SkipVerify: skipVerify}
}

// manyRoutes is a document with n routes, each with a model of its own.
func manyRoutes(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"openapi":"3.0.1","info":{"title":"many","version":"1"},"components":{"schemas":{"M":{"type":"object"}}},"paths":{`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"/a%d/b%d/{id}":{"get":{"summary":"s%d","parameters":[{"in":"path","name":"id"},{"in":"query","name":"q"}],
		 "requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"p%d":{"type":"string"}}}}}},
		 "responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/M"}}}}},
		 "x-amazon-apigateway-integration":{"type":"http","httpMethod":"GET","uri":"http://h/{id}","requestParameters":{"integration.request.path.id":"method.request.path.id"},
		 "responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":"$input.json('$')"}}}}}}`, i%20, i, i, i)
	}
	b.WriteString("}}")
	return []byte(b.String())
}

// BenchmarkThousandRoutes imports, deploys and compiles an API of 1,000
// routes: 2 s is what it may take.
func BenchmarkThousandRoutes(b *testing.B) {
	doc := manyRoutes(1000)
	for b.Loop() {
		st := memory(b)
		s := apigateway.New(st, apigateway.Config{Quotas: map[string]int{apigateway.QuotaResources: apigateway.Unlimited}})
		at := time.Now()
		lap := func(what string) {
			b.ReportMetric(float64(time.Since(at).Milliseconds()), what+"-ms")
			at = time.Now()
		}
		a, err := s.ImportRestApi(b.Context(), &v1.ImportRestApiInput{Body: doc})
		if err != nil {
			b.Fatal(err)
		}
		lap("import")
		d, err := s.CreateDeployment(b.Context(), &v1.CreateDeploymentInput{RestApiId: *a.Id, StageName: new("s")})
		if err != nil {
			b.Fatal(err)
		}
		lap("deploy")
		err = st.View(b.Context(), func(tx store.Tx) error {
			frozen, err := store.Get[snapshot.REST](tx, api.SnapshotKey(*a.Id, *d.Id))
			if err != nil {
				return err
			}
			_, err = compile.REST(compile.Env{Origins: origins{}}, frozen, api.Stage{Name: "s"})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		lap("compile")
	}
}
