package apigateway_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

func TestDocumentationPart(t *testing.T) {
	s := newAPI(t)
	const (
		one  = `{"id":"000005","location":{"type":"API"},"properties":"{\"a\":1}"}`
		two  = `{"id":"000006","location":{"type":"RESPONSE_HEADER","path":"/p","method":"GET","statusCode":"200","name":"X-A"},"properties":"{}"}`
		list = "Please choose supported operations"
	)
	s.play([]step{
		{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"API"},"properties":"{\"a\":1}"}`, one},
		{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"RESPONSE_HEADER","path":"/p","method":"GET","statusCode":"200","name":"X-A"},"properties":"{}"}`, two},
		{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"API"},"properties":"{}"}`, "409 Documentation part already exists for the specified location: type API, path /, method *, statusCode *, name *"},
		{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"API","path":"/"},"properties":"{}"}`, "400 Invalid documentation part location: path is not allowed for type API"},
		{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"MODEL","method":"GET"},"properties":"{}"}`, "400 Invalid documentation part location: method is not allowed for type MODEL"},
		{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"MODEL"},"properties":""}`, "400 Documentation part properties must be non-empty"},
		{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"MODEL"},"properties":"x"}`, "400 Documentation part properties must be a valid JSON object"},
		{"CreateDocumentationPart", `{"restApiId":"nope","location":{"type":"API"},"properties":"{}"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetDocumentationPart", `{"restApiId":"$api","documentationPartId":"000005"}`, one},
		{"GetDocumentationPart", `{"restApiId":"nope","documentationPartId":"000005"}`, "404 Invalid Documentation part identifier specified"},
		{"GetDocumentationParts", `{"restApiId":"$api"}`, `{"items":[` + one + `,` + two + `]}`},
		{"GetDocumentationParts", `{"restApiId":"$api","type":"API"}`, `{"items":[` + one + `]}`},
		{"GetDocumentationParts", `{"restApiId":"$api","path":"/p","nameQuery":"X-"}`, `{"items":[` + two + `]}`},
		{"GetDocumentationParts", `{"restApiId":"$api","locationStatus":"DOCUMENTED"}`, `{"items":[` + one + `]}`},
		{"GetDocumentationParts", `{"restApiId":"$api","locationStatus":"UNDOCUMENTED"}`, `{"items":[` + two + `]}`},
		{"GetDocumentationParts", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"UpdateDocumentationPart", `{"restApiId":"$api","documentationPartId":"000006","patchOperations":[{"op":"replace","path":"/properties","value":"{\"b\":2}"}]}`, strings.Replace(two, `"{}"`, `"{\"b\":2}"`, 1)},
		{"UpdateDocumentationPart", `{"restApiId":"$api","documentationPartId":"000006","patchOperations":[{"op":"replace","path":"/properties","value":""}]}`, "400 Documentation part properties must be non-empty"},
		{"UpdateDocumentationPart", `{"restApiId":"$api","documentationPartId":"000006","patchOperations":[{"op":"replace","path":"/x"}]}`, "400 Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/properties]"},
		{"UpdateDocumentationPart", `{"restApiId":"$api","documentationPartId":"000006","patchOperations":[{"op":"add","path":"/properties"}]}`, "400 Invalid patch path  '/properties' specified for op 'add'. " + list},
		{"UpdateDocumentationPart", `{"restApiId":"nope","documentationPartId":"000006"}`, "404 Invalid Documentation part identifier specified"},
		{"DeleteDocumentationPart", `{"restApiId":"$api","documentationPartId":"000006"}`, `{}`},
		{"DeleteDocumentationPart", `{"restApiId":"$api","documentationPartId":"000006"}`, "404 Invalid Documentation part identifier specified"},
	})
}

func TestImportDocumentationParts(t *testing.T) {
	s := newAPI(t)
	s.make("old", "CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"API"},"properties":"{}"}`)
	s.make("gone", "CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"MODEL","name":"M"},"properties":"{}"}`)
	document := base64.StdEncoding.EncodeToString([]byte(`{"swagger":"2.0","info":{"title":"t","version":"1"},"paths":{},
		"x-amazon-apigateway-documentation":{"documentationParts":[
			{"location":{"type":"API"},"properties":{"description":"d"}},
			{"location":{"type":"METHOD","path":"/p","method":"GET"},"properties":{"summary":"s"}}]}}`))
	const (
		merged = `{"id":"$old","location":{"type":"API"},"properties":"{\"description\":\"d\"}"}`
		added  = `{"id":"000007","location":{"type":"METHOD","path":"/p","method":"GET"},"properties":"{\"summary\":\"s\"}"}`
	)
	s.play([]step{
		{"ImportDocumentationParts", `{"restApiId":"$api","body":"` + document + `"}`, `{"ids":["$old","000007"]}`},
		{"GetDocumentationParts", `{"restApiId":"$api"}`, `{"items":[` + merged + `,{"id":"$gone","location":{"type":"MODEL","name":"M"},"properties":"{}"},` + added + `]}`},
		{"ImportDocumentationParts", `{"restApiId":"$api","mode":"overwrite","body":"` + document + `"}`, `{"ids":["$old","000007"]}`},
		{"GetDocumentationParts", `{"restApiId":"$api"}`, `{"items":[` + merged + `,` + added + `]}`},
		{"ImportDocumentationParts", `{"restApiId":"$api","body":"e30="}`, "400 Unable to build importer with provided input."},
		{"ImportDocumentationParts", `{"restApiId":"nope","body":"` + document + `"}`, "404 Invalid API identifier specified 123456789012:nope"},
	})
}

func TestDocumentationVersion(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	s.make("", "CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"API"},"properties":"{}"}`)
	const one = `{"version":"1","createdDate":1760000000,"description":"d"}`
	s.play([]step{
		{"CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1","description":"d","stageName":"prod"}`, one},
		{"GetStage", `{"restApiId":"$api","stageName":"prod"}`, `{"stageName":"prod","deploymentId":"$first","documentationVersion":"1",` + plainStage + `}`},
		{"CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`, "409 Documentation version 1 already exists"},
		{"CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":""}`, "400 Documentation version must be non-empty"},
		{"CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"2","stageName":"nope"}`, "404 Invalid stage identifier specified"},
		{"CreateDocumentationVersion", `{"restApiId":"nope","documentationVersion":"2"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`, one},
		{"GetDocumentationVersion", `{"restApiId":"$api","documentationVersion":"2"}`, "404 Invalid Documentation version specified"},
		{"GetDocumentationVersions", `{"restApiId":"$api"}`, `{"items":[` + one + `]}`},
		{"GetDocumentationVersions", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"UpdateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1","patchOperations":[{"op":"replace","path":"/description","value":"e"}]}`, `{"version":"1","createdDate":1760000000,"description":"e"}`},
		{"UpdateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"2"}`, "404 Invalid Documentation version specified"},
		{"DeleteDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`, "409 Cannot delete documentation version '1', is referenced in stage: prod"},
		{"DeleteStage", `{"restApiId":"$api","stageName":"prod"}`, `{}`},
		{"DeleteDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`, `{}`},
		{"DeleteDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`, "404 Invalid Documentation version specified"},
	})
}

func TestClientCertificate(t *testing.T) {
	s := newDeployment(t)
	made := s.call("GenerateClientCertificate", `{"description":"d","tags":{"a":"b"}}`)
	var out struct {
		ClientCertificateID, PemEncodedCertificate, Description string
		CreatedDate, ExpirationDate                             int64
		Tags                                                    map[string]string
	}
	if err := json.Unmarshal([]byte(made), &out); err != nil {
		t.Fatal(err)
	}
	if out.Description != "d" || out.Tags["a"] != "b" || out.CreatedDate != 1760000000 || out.ExpirationDate != 1760000000+365*86400 || strings.Contains(made, "PRIVATE") {
		t.Errorf("GenerateClientCertificate = %s", made)
	}
	block, rest := pem.Decode([]byte(out.PemEncodedCertificate))
	if block == nil || len(rest) > 0 {
		t.Fatalf("GenerateClientCertificate made %q, want one PEM block", out.PemEncodedCertificate)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, CurrentTime: time.Unix(1760000001, 0)}); err != nil {
		t.Errorf("a backend that knows the certificate does not trust it: %v", err)
	}
	s.names["cert"] = out.ClientCertificateID
	var kept api.ClientCertificate
	if err := s.store.View(t.Context(), func(tx store.Tx) (err error) {
		kept, err = store.Get[api.ClientCertificate](tx, api.ClientCertificateKey(out.ClientCertificateID))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair([]byte(kept.CertificatePEM), []byte(kept.PrivateKeyPEM)); err != nil {
		t.Errorf("the key does not fit the certificate: %v", err)
	}
	const prod = `"restApiId":"$api","stageName":"prod"`
	s.make("", "CreateStage", `{`+prod+`,"deploymentId":"$first"}`)
	s.play([]step{
		{"GetClientCertificate", `{"clientCertificateId":"$cert"}`, made},
		{"GetClientCertificate", `{"clientCertificateId":"nope"}`, "404 Invalid client certificate identifier specified"},
		{"GetClientCertificates", `{}`, `{"items":[` + made + `]}`},
		{"UpdateClientCertificate", `{"clientCertificateId":"$cert","patchOperations":[{"op":"replace","path":"/description","value":"e"}]}`, strings.Replace(made, `"d"`, `"e"`, 1)},
		{"UpdateClientCertificate", `{"clientCertificateId":"nope"}`, "404 Invalid client certificate identifier specified"},
		{"UpdateStage", `{` + prod + `,"patchOperations":[{"op":"replace","path":"/clientCertificateId","value":"$cert"}]}`, `{"stageName":"prod","deploymentId":"$first","clientCertificateId":"$cert",` + plainStage + `}`},
		{"DeleteClientCertificate", `{"clientCertificateId":"$cert"}`, "409 Cannot delete client certificate '$cert', is referenced in stage: $api/prod"},
		{"UntagResource", `{"resourceArn":"arn:aws:apigateway:us-east-1::/clientcertificates/$cert","tagKeys":["a"]}`, `{}`},
		{"DeleteStage", `{` + prod + `}`, `{}`},
		{"DeleteClientCertificate", `{"clientCertificateId":"$cert"}`, `{}`},
		{"DeleteClientCertificate", `{"clientCertificateId":"$cert"}`, "404 Invalid client certificate identifier specified"},
	})
}

func TestVpcLink(t *testing.T) {
	s := newMethod(t)
	const (
		arn   = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/a/b"
		ready = `"status":"AVAILABLE","statusMessage":"Your vpc link is ready for use"`
	)
	s.play([]step{
		{"CreateVpcLink", `{"name":"l","targetArns":["` + arn + `"]}`, `{"id":"000006","name":"l","status":"PENDING","targetArns":["` + arn + `"]}`},
		{"CreateVpcLink", `{"name":"m","description":"d","tags":{"a":"b"},"targetArns":["` + arn + `"]}`, `{"id":"000007","name":"m","description":"d","tags":{"a":"b"},"status":"PENDING","targetArns":["` + arn + `"]}`},
		{"CreateVpcLink", `{"name":"","targetArns":["` + arn + `"]}`, "400 Name cannot be empty"},
		{"CreateVpcLink", `{"name":"l","targetArns":["x"]}`, "400 Invalid ARN. ARN is not well formed x"},
		{"CreateVpcLink", `{"name":"l","targetArns":[]}`, "400 A VPC link must have exactly one target ARN"},
		{"GetVpcLink", `{"vpcLinkId":"000006"}`, `{"id":"000006","name":"l",` + ready + `,"targetArns":["` + arn + `"],"tags":{}}`},
		{"GetVpcLink", `{"vpcLinkId":"nope"}`, "404 Invalid Vpc Link identifier specified"},
		{"GetVpcLinks", `{"limit":1}`, `{"items":[{"id":"000006","name":"l",` + ready + `,"targetArns":["` + arn + `"]}],"position":"MDAwMDA2"}`},
		{"UpdateVpcLink", `{"vpcLinkId":"000006","patchOperations":[{"op":"replace","path":"/name","value":"n"},{"op":"replace","path":"/description","value":"e"}]}`, `{"id":"000006","name":"n","description":"e",` + ready + `,"targetArns":["` + arn + `"],"tags":{}}`},
		{"UpdateVpcLink", `{"vpcLinkId":"000006","patchOperations":[{"op":"replace","path":"/name","value":""}]}`, "400 Name cannot be empty"},
		{"UpdateVpcLink", `{"vpcLinkId":"nope"}`, "404 Invalid Vpc Link identifier specified"},
		{"GetTags", `{"resourceArn":"arn:aws:apigateway:us-east-1::/vpclinks/000007"}`, `{"tags":{"a":"b"}}`},
	})
	s.make("", "PutIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","type":"HTTP_PROXY","integrationHttpMethod":"GET","uri":"http://h","connectionType":"VPC_LINK","connectionId":"000006"}`)
	s.play([]step{
		{"DeleteVpcLink", `{"vpcLinkId":"000006"}`, "400 Cannot delete vpc link. Vpc link '000006', is referenced in [GET:$pets:$api] in format of [Method:Resource:Api]."},
		{"DeleteIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, `{}`},
		{"DeleteVpcLink", `{"vpcLinkId":"000006"}`, `{}`},
		{"DeleteVpcLink", `{"vpcLinkId":"000006"}`, "404 Invalid Vpc Link identifier specified"},
	})
}

func TestSdkTypes(t *testing.T) {
	s := newScript(t)
	s.play([]step{
		{"GetSdkType", `{"id":"javascript"}`, `{"id":"javascript","friendlyName":"JavaScript","description":"A client for JavaScript"}`},
		{"GetSdkType", `{"id":"swift"}`, `{"id":"swift","friendlyName":"iOS (Swift)","description":"A client for iOS (Swift)","configurationProperties":[{"name":"classPrefix","friendlyName":"Prefix","required":true}]}`},
		{"GetSdkType", `{"id":"cobol"}`, "404 Invalid SDK type identifier specified"},
	})
	for _, id := range []string{"android", "java", "javascript", "objectivec", "ruby", "swift"} {
		if all := s.call("GetSdkTypes", `{}`); !strings.Contains(all, `"id": "`+id+`"`) {
			t.Errorf("GetSdkTypes has no %s: %s", id, all)
		}
	}
}
