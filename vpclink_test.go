package stagedoor_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/stagedoor/stagedoor"
)

// TestVPCLink makes a link as a client does, leads it to two servers and one
// port that nobody listens on, and calls it by HTTP and HTTP_PROXY.
func TestVPCLink(t *testing.T) {
	server := func(name string) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "%s %s %s %s %s", name, r.Method, r.Host, r.RequestURI, body)
		}))
		t.Cleanup(s.Close)
		return s
	}
	a, b := server("a"), server("b")
	at := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	r := start(t, func(c *stagedoor.Config) {
		c.VPCLinks = []string{"orders=" + at(a) + "," + freePort(t) + "," + at(b), "dead=" + freePort(t)}
	})
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	link := func(name string) string {
		made, err := gw.CreateVpcLink(ctx, &apigateway.CreateVpcLinkInput{Name: &name, TargetArns: []string{"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := gw.GetVpcLink(ctx, &apigateway.GetVpcLinkInput{VpcLinkId: made.Id})
		if err != nil || got.Status != types.VpcLinkStatusAvailable {
			t.Fatalf("GetVpcLink = %+v, %v, want one that is available", got, err)
		}
		return *made.Id
	}
	orders, dead, none := link("orders"), link("dead"), link("none")
	document := `{"openapi":"3.0.1","info":{"title":"links","version":"1"},"paths":{
		"/{proxy+}":{"x-amazon-apigateway-any-method":{"parameters":[{"name":"proxy","in":"path","required":true,"schema":{"type":"string"}}],"responses":{},
			"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"ANY","uri":"http://orders.internal/v1/{proxy}","connectionType":"VPC_LINK","connectionId":"${stageVariables.link}",
				"requestParameters":{"integration.request.path.proxy":"method.request.path.proxy"}}}},
		"/http":{"get":{"responses":{"200":{"description":"ok"}},
			"x-amazon-apigateway-integration":{"type":"http","httpMethod":"GET","uri":"http://orders.internal:8080/h","connectionType":"VPC_LINK","connectionId":"` + orders + `",
				"responses":{"default":{"statusCode":"200"}}}}}}}`
	api, err := gw.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(document)})
	if err != nil {
		t.Fatal(err)
	}
	for stage, id := range map[string]string{"prod": orders, "dead": dead, "none": none} {
		if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: &stage, Variables: map[string]string{"link": id}}); err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(10 * time.Second); r.call(t, *api.Id, "GET /"+stage+"/x").status == 403 && time.Now().Before(until); {
		}
	}
	seen := map[string]int{}
	for range 6 {
		got := r.call(t, *api.Id, "POST /prod/x/y?q=1 text")
		if got.status != 200 || got.body[1:] != " POST orders.internal /v1/x/y?q=1 text" {
			t.Fatalf("got %d %q", got.status, got.body)
		}
		seen[got.body[:1]]++
	}
	if seen["a"] < 2 || seen["b"] < 2 {
		t.Errorf("answers by %v, want both servers to take turns", seen)
	}
	if got := r.call(t, *api.Id, "GET /prod/http"); got.status != 200 || got.body[1:] != " GET orders.internal:8080 /h " {
		t.Errorf("HTTP: %d %q", got.status, got.body)
	}
	if got := r.call(t, *api.Id, "GET /dead/x"); got.status != 504 || got.body != `{"message": "Network error communicating with endpoint"}` {
		t.Errorf("no target: %d %q, want 504", got.status, got.body)
	}
	if got := r.call(t, *api.Id, "GET /none/x"); got.status != 500 || got.body != `{"message": "Internal server error"}` {
		t.Errorf("a link that leads nowhere: %d %q, want 500", got.status, got.body)
	}
	a.Close()
	for range 4 {
		if got := r.call(t, *api.Id, "GET /prod/x"); got.status != 200 || !strings.HasPrefix(got.body, "b ") {
			t.Errorf("one server is gone: %d %q, want b's answer", got.status, got.body)
		}
	}
}
