package stagedoor_test

import (
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/stagedoor/stagedoor"
)

// TestAdminOutOfReach: no integration reaches the admin port, which trusts
// whoever does, nor a machine's credentials.
func TestAdminOutOfReach(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	admin := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	r := start(t, func(cfg *stagedoor.Config) { cfg.AdminListen = admin })
	paths := map[string]string{"admin": "http://" + admin + "/readyz", "mapped": "http://[::ffff:127.0.0.1]:" + admin[strings.LastIndexByte(admin, ':')+1:] + "/readyz", "metadata": "http://169.254.169.254/latest/meta-data/"}
	doc := `{"swagger": "2.0", "info": {"title": "reach", "version": "1"}, "paths": {`
	for name, uri := range paths {
		doc += `"/` + name + `": {"get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "` + uri + `"}}},`
	}
	gw := apigateway.NewFromConfig(r.account())
	api, err := gw.ImportRestApi(t.Context(), &apigateway.ImportRestApiInput{Body: []byte(strings.TrimSuffix(doc, ",") + "}}")})
	if err != nil {
		t.Fatal(err)
	}
	stage := "v1"
	if _, err := gw.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: &stage}); err != nil {
		t.Fatal(err)
	}
	for name := range paths {
		if got := r.call(t, *api.Id, "GET /v1/"+name); got.status != 500 {
			t.Errorf("%s: %d %q", name, got.status, got.body)
		}
	}
}
