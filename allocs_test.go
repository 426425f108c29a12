package stagedoor_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stagedoor/stagedoor"
	"github.com/stagedoor/stagedoor/internal/engine/jwt/jwttest"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// frugal has what a real product's requests meet: keys, plans, throttles,
// metrics, a line for each request, tokens, a cache and validation.
const frugal = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Tags: [{Key: "stagedoor:id", Value: frugal}]
      Body:
        openapi: 3.0.1
        info: {title: frugal, version: "1"}
        x-amazon-apigateway-request-validators: {all: {validateRequestBody: true, validateRequestParameters: true}}
        components:
          schemas:
            Pet:
              type: object
              required: [name]
              properties: {name: {type: string, maxLength: 20}, age: {type: integer, minimum: 0}}
          securitySchemes:
            key: {type: apiKey, in: header, name: x-api-key}
            pool:
              type: apiKey
              in: header
              name: Authorization
              x-amazon-apigateway-authtype: cognito_user_pools
              x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_frugal"]}
        paths:
          /fixed: {get: &fixed {responses: &ok {"200": {description: ok}}, x-amazon-apigateway-integration: &mock {type: mock, requestTemplates: {application/json: '{"statusCode": 200}'}, responses: {default: {statusCode: "200", responseTemplates: {application/json: '{"ok":true}'}}}}}}
          /proxy/{id}: {get: {responses: *ok, x-amazon-apigateway-integration: &proxy {type: http_proxy, httpMethod: GET, uri: "http://UPSTREAM/pets"}}}
          /keyed: {get: {security: [{key: []}], responses: *ok, x-amazon-apigateway-integration: *proxy}}
          /token: {get: {security: [{pool: []}], responses: *ok, x-amazon-apigateway-integration: *proxy}}
          /cached: {get: {responses: *ok, x-amazon-apigateway-integration: *proxy}}
          /validated:
            post:
              x-amazon-apigateway-request-validator: all
              parameters: [{name: q, in: query, required: true, schema: {type: string}}]
              requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
              responses: *ok
              x-amazon-apigateway-integration: {type: http_proxy, httpMethod: POST, uri: "http://UPSTREAM/pets"}
  Live: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Live
      StageName: prod
      CacheClusterEnabled: true
      CacheClusterSize: "0.5"
      MethodSettings:
        - {ResourcePath: "/*", HttpMethod: "*", ThrottlingRateLimit: 1000000, ThrottlingBurstLimit: 1000000, MetricsEnabled: true, CachingEnabled: false}
        - {ResourcePath: /cached, HttpMethod: GET, ThrottlingRateLimit: 1000000, ThrottlingBurstLimit: 1000000, CachingEnabled: true, CacheTtlInSeconds: 3600}
  Key: {Type: "AWS::ApiGateway::ApiKey", Properties: {Enabled: true, Value: "0123456789abcdefghijABCDEFGHIJ0123456789"}}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      ApiStages: [{ApiId: !Ref Api, Stage: !Ref Stage}]
      Throttle: {RateLimit: 1000000, BurstLimit: 1000000}
      Quota: {Limit: 100000000, Period: MONTH}
  Member: {Type: "AWS::ApiGateway::UsagePlanKey", Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
`

// canned answers every request on every connection with the same bytes, counts
// them, and allocates nothing for it.
func canned(t *testing.T, answer string) (addr string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the gateway, which closes it
				defer func() { _ = c.Close() }()
				buf, out := make([]byte, 64<<10), []byte(answer)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					asked.Add(1)
					if _, err := c.Write(out); err != nil {
						return
					}
				}
			}()
		}
	}()
	return ln.Addr().String(), asked
}

// What one request of a kept connection allocates in the whole process, to which
// the client here adds nothing of its own. Over TLS each read through crypto/tls
// allocates the 24 bytes in which it notes how much it lacks: one read of the
// client here, and two of the loop, which finds with the second that nothing
// follows the request.
const (
	requestAllocs = 0
	tlsAllocs     = 3
)

// TestRequestAllocs: a request that goes through all of stagedoor allocates
// nothing, whatever is asked of it, but for what crypto/tls does.
func TestRequestAllocs(t *testing.T) {
	if !transport.HasLoops || raced {
		t.Skip("a matter of loops, and the race detector makes pools forget")
	}
	issuer := jwttest.New(t)
	dir, plain, secure := t.TempDir(), freePort(t), freePort(t)
	up, asked := canned(t, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"ok\":true}")
	write(t, dir, "api/template.yaml", replaceAll(frugal, "UPSTREAM", up))
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	writeCertificate(t, dir, cert)
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.InvokeListen = []string{filepath.Join(dir, "api")}, []string{secure}
		c.TLSCert, c.TLSKey = []string{filepath.Join(dir, "crt.pem")}, []string{filepath.Join(dir, "key.pem")}
		c.Listen, c.Engine, c.Loops, c.AccessLog = plain, "epoll", 1, filepath.Join(dir, "access.log")
		c.OIDCIssuers = []string{"arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_frugal=" + issuer.URL}
	})
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	for what, status := range map[string]int{"GET /prod/keyed": 403, "GET /prod/token": 401, "POST /prod/validated?q=1 {}": 400} {
		if got := r.call(t, "frugal", what, "Content-Type: application/json"); got.status != status {
			t.Errorf("%s: %d, want %d", what, got.status, status)
		}
	}
	token := issuer.Token(t, nil)
	for _, tt := range []struct{ name, line, fields, body string }{
		{"fixed", "GET /fixed", "", ""},
		{"proxy", "GET /proxy/7", "", ""},
		{"key, plan, throttles", "GET /keyed", "X-Api-Key: 0123456789abcdefghijABCDEFGHIJ0123456789\r\n", ""},
		{"token", "GET /token", "Authorization: Bearer " + token + "\r\n", ""},
		{"cache", "GET /cached", "", ""},
		{"validation", "POST /validated?q=1", "Content-Type: application/json\r\nContent-Length: 23\r\n", `{"name":"Bo","age": 12}`},
	} {
		method, path, _ := strings.Cut(tt.line, " ")
		request := []byte(method + " /_aws/execute-api/frugal/prod" + path + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: t\r\nAccept: */*\r\n" + tt.fields + "\r\n" + tt.body)
		before := asked.Load()
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", plain)
			if err != nil {
				t.Fatal(err)
			}
			allocates(t, c, request, requestAllocs)
		})
		t.Run(tt.name+", TLS", func(t *testing.T) {
			c, err := tls.Dial("tcp", secure, &tls.Config{RootCAs: pool, NextProtos: []string{"http/1.1"}})
			if err != nil {
				t.Fatal(err)
			}
			allocates(t, c, request, tlsAllocs)
		})
		if n := asked.Load() - before; tt.name == "cache" && n != 1 {
			t.Errorf("the cache asked the back end %d times, want 1", n)
		}
	}
	lines, err := os.ReadFile(filepath.Join(dir, "access.log"))
	if n := bytes.Count(lines, []byte("\n")); err != nil || n < 10_000 {
		t.Errorf("%d lines in the access log, %v", n, err)
	}
}

// allocates holds a request on a connection to so many allocations.
func allocates(t *testing.T, c net.Conn, request []byte, most float64) {
	t.Helper()
	defer func() { _ = c.Close() }()
	buf, size := make([]byte, 4096), 0
	ask := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(buf)
		if err == nil && n < size {
			_, err = io.ReadFull(c, buf[n:size])
		}
		if err != nil || !bytes.HasPrefix(buf, []byte("HTTP/1.1 200")) {
			t.Fatalf("got %q, %v", buf[:n], err)
		}
		size = max(size, n)
	}
	for range 100 {
		ask()
	}
	if got := testing.AllocsPerRun(1000, ask); got > most {
		t.Errorf("a request allocates %v times, want at most %v", got, most)
	}
}
