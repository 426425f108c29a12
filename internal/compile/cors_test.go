package compile_test

import (
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
)

// preflight is the OPTIONS method that the console makes.
// parity: spec/rest-data-plane.md 7.5.
func preflight(passthrough string) api.Integration {
	in := mock(`{"statusCode": 200}`, api.IntegrationResponse{StatusCode: "200", ResponseParameters: map[string]string{
		"method.response.header.Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token'",
		"method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'", "method.response.header.Access-Control-Allow-Origin": "'*'",
	}})
	in.PassthroughBehavior = passthrough
	return in
}

// CORS is an OPTIONS method with a MOCK, a mapped header, and gateway responses.
// parity: spec/rest-data-plane.md 7.5.
func TestCORS(t *testing.T) {
	plain := mock(`{"statusCode": 200}`, api.IntegrationResponse{StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.Access-Control-Allow-Origin": "'*'"}})
	origin := map[string]string{"gatewayresponse.header.Access-Control-Allow-Origin": "'*'", "gatewayresponse.header.Access-Control-Allow-Headers": "'*'"}
	stage := sketch{
		methods: map[string]api.Integration{"OPTIONS /": preflight("WHEN_NO_MATCH"), "OPTIONS /never": preflight("NEVER"), "GET /": plain, "GET /bare": mock(`{"statusCode": 200}`, ok200(""))},
		edit:    responses(api.GatewayResponse{Type: "DEFAULT_4XX", Parameters: origin}, api.GatewayResponse{Type: "DEFAULT_5XX", Parameters: origin}),
	}.stage(t)
	for _, tt := range []struct {
		line, media string
		status      int
		body        string
		origin      string
	}{
		{"OPTIONS /", "", 200, "", "*"},
		{"OPTIONS /", "application/json", 200, "", "*"},
		{"OPTIONS /never", "", 200, "", "*"},
		{"OPTIONS /never", "text/plain", 415, `{"message":"Unsupported Media Type"}`, "*"},
		{"OPTIONS /", "text/plain", 500, `{"message":"Internal server error"}`, "*"},
		{"GET /", "", 200, "", "*"},
		{"GET /bare", "", 200, "", ""},
		{"OPTIONS /bare", "", 403, `{"message":"Missing Authentication Token"}`, "*"},
		{"GET /nowhere", "", 403, `{"message":"Missing Authentication Token"}`, "*"},
	} {
		fields := []string{"Origin: https://pets.example"}
		if tt.media != "" {
			fields = append(fields, "Content-Type: "+tt.media)
		}
		r := send(t, stage, tt.line, fields...)
		if r.Status != tt.status || r.Body != tt.body || r.Header("access-control-allow-origin") != tt.origin {
			t.Errorf("%s %s: %+v, want %d %q with origin %q", tt.line, tt.media, r, tt.status, tt.body, tt.origin)
		}
	}
	r := send(t, stage, "OPTIONS /")
	if r.Header("access-control-allow-methods") != "GET,OPTIONS" || r.Header("access-control-allow-headers") != "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token" {
		t.Errorf("preflight: %+v", r)
	}
}
