package stagedoor_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// demanding is a TLS server that lets in whoever has one of the certificates,
// and says which it was.
func demanding(t *testing.T, pems ...string) *httptest.Server {
	t.Helper()
	pool := x509.NewCertPool()
	for _, p := range pems {
		if !pool.AppendCertsFromPEM([]byte(p)) {
			t.Fatalf("no certificate in %q", p)
		}
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello %s %s", r.TLS.PeerCertificates[0].Subject.CommonName, r.TLS.PeerCertificates[0].SerialNumber)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TestClientCertificate: a back end that demands the certificate of the stage
// gets it, over HTTP and HTTP_PROXY; other stages of the API do not have it,
// nor does a connection that was opened under another certificate.
func TestClientCertificate(t *testing.T) {
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	one, err := gw.GenerateClientCertificate(ctx, &apigateway.GenerateClientCertificateInput{})
	if err != nil {
		t.Fatal(err)
	}
	two, err := gw.GenerateClientCertificate(ctx, &apigateway.GenerateClientCertificateInput{})
	if err != nil {
		t.Fatal(err)
	}
	server := demanding(t, *one.PemEncodedCertificate, *two.PemEncodedCertificate)
	api, err := gw.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(strings.ReplaceAll(`{
		"openapi": "3.0.1", "info": {"title": "mutual", "version": "1"},
		"paths": {
			"/proxy": {"get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "URL/", "tlsConfig": {"insecureSkipVerification": true}}}},
			"/plain": {"get": {"responses": {"200": {"description": ""}}, "x-amazon-apigateway-integration": {"type": "http", "httpMethod": "GET", "uri": "URL/", "responses": {"default": {"statusCode": "200"}},
				"tlsConfig": {"insecureSkipVerification": true}}}}
		}}`, "URL", server.URL))})
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{"prod", "bare"} {
		if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: &stage}); err != nil {
			t.Fatal(err)
		}
	}
	show := func(id *string) {
		t.Helper()
		if _, err := gw.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api.Id, StageName: aws.String("prod"), PatchOperations: replaceOp("/clientCertificateId", *id)}); err != nil {
			t.Fatal(err)
		}
	}
	serial := func(text *string) string {
		t.Helper()
		block, _ := pem.Decode([]byte(*text))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return "hello ApiGateway " + cert.SerialNumber.String()
	}
	want := func(path string, status int, body string) {
		t.Helper()
		if got := r.call(t, *api.Id, "GET "+path); got.status != status || got.body != body {
			t.Errorf("%s: %d %s, want %d %s", path, got.status, got.body, status, body)
		}
	}
	const refused = `{"message": "Network error communicating with endpoint"}`
	want("/prod/proxy", 504, refused)
	show(one.ClientCertificateId)
	want("/prod/proxy", 200, serial(one.PemEncodedCertificate))
	want("/prod/plain", 200, serial(one.PemEncodedCertificate))
	want("/bare/proxy", 504, refused)
	resources, err := gw.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id})
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range resources.Items {
		if *res.Path == "/" {
			continue
		}
		for id, status := range map[string]int32{"": 504, *two.ClientCertificateId: 200} {
			tried, err := gw.TestInvokeMethod(ctx, &apigateway.TestInvokeMethodInput{RestApiId: api.Id, ResourceId: res.Id, HttpMethod: aws.String("GET"), ClientCertificateId: &id})
			if err != nil || tried.Status != status {
				t.Errorf("trial of %s with certificate %q: %v, %v, want %d", *res.Path, id, tried, err, status)
			}
		}
	}
	show(two.ClientCertificateId)
	want("/prod/proxy", 200, serial(two.PemEncodedCertificate))
	want("/bare/plain", 504, refused)
	if _, err := gw.UpdateStage(ctx, &apigateway.UpdateStageInput{
		RestApiId: api.Id, StageName: aws.String("prod"), PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/clientCertificateId"), Value: aws.String("")}},
	}); err != nil {
		t.Fatal(err)
	}
	want("/prod/proxy", 504, refused)
}
