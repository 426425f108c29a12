package cfn_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
)

// big is a plain template of nearly 1 MB with as many resources as AWS allows.
func big() string {
	var b strings.Builder
	b.WriteString("Parameters: {Name: {Type: String, Default: world}}\nResources:\n  Api: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: big}}\n")
	for i := range 499 {
		fmt.Fprintf(&b, "  Method%d:\n    Type: AWS::ApiGateway::Method\n    Properties:\n      RestApiId: !Ref Api\n      HttpMethod: GET\n      ResourceId: !GetAtt Api.RootResourceId\n      Integration:\n        Type: HTTP\n        Uri: !Sub 'https://${Name}/${AWS::Region}'\n        IntegrationResponses:\n", i)
		for j := range 13 {
			fmt.Fprintf(&b, "          - StatusCode: %d\n            ResponseTemplates: {application/json: !Join ['', ['{', !Ref Name, '}']]}\n", 200+j)
		}
	}
	return b.String()
}

// petstore is a SAM template of the usual size: some functions with events of
// one REST API.
func petstore() string {
	var b strings.Builder
	b.WriteString("Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function: {Runtime: python3.12, Handler: app.handler, Timeout: 10, Environment: {Variables: {TABLE: !Ref Table}}}\n" +
		"  Api: {Cors: \"'*'\", Auth: {ApiKeyRequired: true}}\nResources:\n  Table: {Type: 'AWS::Serverless::SimpleTable'}\n")
	for i := range 20 {
		fmt.Fprintf(&b, "  Pet%d:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: s3://b/k\n      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Table}}]\n      Events:\n"+
			"        Get: {Type: Api, Properties: {Path: '/pets%d/{id}', Method: get}}\n        Put: {Type: Api, Properties: {Path: '/pets%d', Method: post}}\n", i, i, i)
	}
	return b.String()
}

// whole takes a template to the properties of all its resources.
func whole(t testing.TB, text string) {
	t.Helper()
	tmpl, problems := cfn.Parse(cfn.Source{Text: []byte(text)}, nil)
	if len(problems) > 0 {
		t.Fatal(lines(problems))
	}
	p, problems := tmpl.Transform(inputs(nil))
	if len(problems) > 0 {
		t.Fatal(lines(problems))
	}
	for _, id := range p.Order() {
		tree, problems := p.Resolve(id, made{})
		if len(problems) > 0 {
			t.Fatal(lines(problems))
		}
		tree.Plain()
	}
}

func BenchmarkBig(b *testing.B) {
	text := big()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		whole(b, text)
	}
}

func BenchmarkPetstore(b *testing.B) {
	text := petstore()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		whole(b, text)
	}
}

// TestSpeed keeps a deployment's share of the 300 ms that a change may take
// until it serves, with room for slow machines.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	for _, tt := range []struct {
		name, text string
		within     time.Duration
	}{
		{"petstore", petstore(), 200 * time.Millisecond},
		{"1 MB", big(), 5 * time.Second},
	} {
		best := time.Hour
		for range 3 {
			begin := time.Now()
			whole(t, tt.text)
			best = min(best, time.Since(begin))
		}
		if best > tt.within {
			t.Errorf("%s: %v, want at most %v", tt.name, best, tt.within)
		}
		t.Logf("%s (%d bytes): %v", tt.name, len(tt.text), best)
	}
}
