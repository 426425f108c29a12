package stagedoor_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/stagedoor/stagedoor"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

const smuggled = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: smuggling
      Tags: [{Key: "stagedoor:id", Value: smuggling}]
      Body:
        openapi: 3.0.1
        info: {title: smuggling}
        paths:
          /:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://UPSTREAM/"}
          /a: {x-amazon-apigateway-any-method: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://UPSTREAM/a"}}}
          /b: {x-amazon-apigateway-any-method: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://UPSTREAM/b"}}}
          /smuggled: {x-amazon-apigateway-any-method: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://UPSTREAM/smuggled"}}}
          /public/{proxy+}:
            x-amazon-apigateway-any-method:
              parameters: [{name: proxy, in: path, required: true, schema: {type: string}}]
              x-amazon-apigateway-integration:
                type: http_proxy
                httpMethod: ANY
                uri: "http://UPSTREAM/public/{proxy}"
                requestParameters: {integration.request.path.proxy: method.request.path.proxy}
          /admin:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-auth: {type: AWS_IAM}
              x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://UPSTREAM/admin"}
  Live: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api, StageName: prod}}
`

// TestSmuggling runs the public vectors through the whole server, plain and
// over TLS, with an upstream that writes down each request it gets.
func TestSmuggling(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute: package transport runs the vectors on its own in short tests")
	}
	shared(t, "conformance/http1")
	dir, up, addr := t.TempDir(), transporttest.NewUpstream(t), freePort(t)
	write(t, dir, "template.yaml", replaceAll(smuggled, "UPSTREAM", up.Addr))
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	writeCertificate(t, dir, cert)
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.InvokeListen = []string{dir}, []string{addr}
		c.TLSCert, c.TLSKey = []string{filepath.Join(dir, "crt.pem")}, []string{filepath.Join(dir, "key.pem")}
	})
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	mapDomain(t, r, "api.test", "smuggling", "prod")
	plain := r.endpoint[len("http://"):]
	t.Run("plain", func(t *testing.T) { transporttest.RunSmuggling(t, transporttest.Target{Addr: plain}, up) })
	t.Run("tls", func(t *testing.T) {
		transporttest.RunSmuggling(t, transporttest.Target{Addr: addr, TLS: &tls.Config{RootCAs: pool}}, up)
	})
}

// mapDomain gives a stage a custom domain name of its own.
func mapDomain(t testing.TB, r *running, name, api, stage string) {
	t.Helper()
	gw := apigateway.NewFromConfig(r.account())
	if _, err := gw.CreateDomainName(t.Context(), &apigateway.CreateDomainNameInput{
		DomainName: &name, CertificateArn: aws.String("arn:aws:acm:us-east-1:000000000000:certificate/3b9bc0aa-5d2a-4ac2-9a5b-0d2a3d1c9f6e"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.CreateBasePathMapping(t.Context(), &apigateway.CreateBasePathMappingInput{DomainName: &name, RestApiId: &api, Stage: &stage}); err != nil {
		t.Fatal(err)
	}
}

func writeCertificate(t testing.TB, dir string, cert tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "crt.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})))
	write(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

// TestCustomDomain: the longest base path wins, whole segments count, and the
// stage is not in the path.
func TestCustomDomain(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "template.yaml", replaceAll(fixedTemplate, "VALUE", "here"))
	r := start(t, func(c *stagedoor.Config) { c.Definitions = []string{dir} })
	r.next(t)
	gw := apigateway.NewFromConfig(r.account())
	mapDomain(t, r, "shop.example", "w", "prod")
	if _, err := gw.UpdateBasePathMapping(t.Context(), &apigateway.UpdateBasePathMappingInput{
		DomainName: aws.String("shop.example"), BasePath: aws.String("(none)"), PatchOperations: replaceOp("/basePath", "a"),
	}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		host, path, want string
	}{
		{"shop.example", "/a", `"here"`},
		{"SHOP.example:80", "/a/", `"here"`},
		{"shop.example", "/a/prod", `{"message":"Missing Authentication Token"}`},
		{"shop.example", "/ab", `{"message":"Forbidden"}`},
		{"shop.example", "/", `{"message":"Forbidden"}`},
	} {
		if got := rawGet(t, r.endpoint[len("http://"):], tt.host, tt.path); got != tt.want {
			t.Errorf("GET %s%s = %q, want %q", tt.host, tt.path, got, tt.want)
		}
	}
}
