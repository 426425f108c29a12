package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// gateway is the stagedoor that is looked at.
type gateway struct {
	cmd               *exec.Cmd
	dir               string
	plain, tls, admin string
	client            *http.Client // for the admin endpoint and the control plane
	ended             chan error
}

// sample is what a process has at a moment.
type sample struct {
	Descriptors int64 `json:"descriptors"`
	Goroutines  int64 `json:"goroutines"`
	Coroutines  int64 `json:"coroutines"` // of loops, which keep up to 256 each for the next requests
	Heap        int64 `json:"heap_bytes"`
	Resident    int64 `json:"resident_bytes"`
	Connections int64 `json:"connections"`
}

func (s sample) String() string {
	return fmt.Sprintf("fds %d goroutines %d and %d heap %.1fM rss %.1fM connections %d", s.Descriptors, s.Goroutines, s.Coroutines,
		float64(s.Heap)/(1<<20), float64(s.Resident)/(1<<20), s.Connections)
}

func (s *sample) raise(o sample) {
	s.Descriptors, s.Goroutines, s.Heap = max(s.Descriptors, o.Descriptors), max(s.Goroutines, o.Goroutines), max(s.Heap, o.Heap)
	s.Coroutines = max(s.Coroutines, o.Coroutines)
	s.Resident, s.Connections = max(s.Resident, o.Resident), max(s.Connections, o.Connections)
}

const template = `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Tags: {"stagedoor:id": soak}
      PropagateTags: true
      DefinitionBody:
        openapi: 3.0.1
        info: {title: soak, version: "1"}
        paths:
PATHS
          /fn/{n}:
            get:
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                uri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
          /mock:
            get:
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses: {default: {statusCode: "200", responseTemplates: {application/json: '{"mock":true}'}}}
              responses: {"200": {description: ok}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Timeout: 20
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200, "body": "fn " + event["pathParameters"]["n"]}
      Events:
        Call: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/fn/{n}", Method: get}}
`

func (g *gateway) definition(ends *upstreams) string {
	var paths strings.Builder
	for _, name := range ends.names() {
		fmt.Fprintf(&paths, `          /%s/{n}:
            x-amazon-apigateway-any-method:
              parameters: [{name: n, in: path, required: true, schema: {type: string}}]
              x-amazon-apigateway-integration:
                type: http_proxy
                httpMethod: ANY
                uri: http://%s/{n}
                timeoutInMillis: 5000
                requestParameters: {integration.request.path.n: method.request.path.n}
`, name, ends.addr(name))
	}
	return strings.Replace(template, "PATHS\n", paths.String(), 1)
}

// startGateway starts a stagedoor with all back ends behind it.
func startGateway(ctx context.Context, o options, ends *upstreams) (g *gateway, err error) {
	g = &gateway{client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}, ended: make(chan error, 1)}
	if g.dir, err = os.MkdirTemp("", "soak-"); err != nil {
		return nil, err
	}
	g.plain, g.tls, g.admin = freePort(), freePort(), freePort()
	definition := filepath.Join(g.dir, "template.yaml")
	if err := os.WriteFile(definition, []byte(g.definition(ends)), 0o600); err != nil {
		return nil, err
	}
	if err := certificate(filepath.Join(g.dir, "cert.pem"), filepath.Join(g.dir, "key.pem")); err != nil {
		return nil, err
	}
	g.cmd = exec.CommandContext(ctx, o.binary, "up", definition, "--listen", g.plain, "--invoke-listen", g.tls, "--admin-listen", g.admin,
		"--tls-cert", filepath.Join(g.dir, "cert.pem"), "--tls-key", filepath.Join(g.dir, "key.pem"), "--engine", o.engine,
		"--data", filepath.Join(g.dir, "data"), "--access-log", filepath.Join(g.dir, "access.log"), "--grace", "10s")
	log, err := os.Create(filepath.Join(g.dir, "log"))
	if err != nil {
		return nil, err
	}
	g.cmd.Stdout, g.cmd.Stderr = log, log
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { g.ended <- g.cmd.Wait() }()
	for range 300 {
		if body, err := g.get("http://" + g.plain + "/_aws/execute-api/soak/prod/mock"); err == nil && strings.Contains(body, "mock") {
			return g, nil
		}
		select {
		case err := <-g.ended:
			return nil, fmt.Errorf("stagedoor ended: %v, see %s", err, log.Name())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("stagedoor does not serve the template, see %s", log.Name())
}

// stop ends it in order; what it said stays if it does not end well.
func (g *gateway) stop() {
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-g.ended:
		if err != nil {
			fmt.Fprintln(os.Stderr, "soak: stagedoor ended:", err, g.dir)
			return
		}
	case <-time.After(60 * time.Second):
		_ = g.cmd.Process.Kill()
		fmt.Fprintln(os.Stderr, "soak: stagedoor did not end", g.dir)
		return
	}
	_ = os.RemoveAll(g.dir)
}

func (g *gateway) get(url string) (string, error) {
	resp, err := g.client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return string(b), err
}

// coroutines counts those of a goroutine profile.
func coroutines(profile string) (n int64) {
	for _, stack := range strings.Split(profile, "\n\n") {
		if strings.Contains(stack, "iter.Pull[") {
			head, _, _ := strings.Cut(stack, " @ ")
			n += number(head[strings.LastIndexByte(head, '\n')+1:], "")
		}
	}
	return n
}

// forget deletes what functions have logged: stagedoor keeps the newest 64 MB of
// it in memory, which is no leak.
func (g *gateway) forget() error {
	var groups struct {
		LogGroups []struct{ LogGroupName string }
	}
	if err := g.logs("DescribeLogGroups", map[string]string{}, &groups); err != nil {
		return err
	}
	for _, group := range groups.LogGroups {
		if err := g.logs("DeleteLogGroup", map[string]string{"logGroupName": group.LogGroupName}, nil); err != nil {
			return err
		}
	}
	return nil
}

// logs calls an operation of CloudWatch Logs.
func (g *gateway) logs(operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+g.plain+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "Logs_20140328."+operation)
	resp, err := g.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		return errors.Join(err, fmt.Errorf("%s: %s %.200s", operation, resp.Status, answer))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// quiet waits and then looks, after the garbage was collected.
func (g *gateway) quiet(calm time.Duration) (sample, error) {
	g.client.CloseIdleConnections()
	time.Sleep(calm)
	if err := g.forget(); err != nil {
		return sample{}, err
	}
	if _, err := g.get("http://" + g.admin + "/debug/pprof/heap?gc=1"); err != nil {
		return sample{}, err
	}
	return g.sample()
}

// sample looks at the process.
func (g *gateway) sample() (s sample, err error) {
	pid := strconv.Itoa(g.cmd.Process.Pid)
	fds, err := os.ReadDir("/proc/" + pid + "/fd")
	if err != nil {
		return s, err
	}
	s.Descriptors = int64(len(fds))
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return s, err
	}
	s.Resident = number(string(status), "VmRSS:") << 10
	text, err := g.get("http://" + g.admin + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		return s, err
	}
	s.Coroutines = coroutines(text)
	s.Goroutines = number(text, "goroutine profile: total") - s.Coroutines
	if text, err = g.get("http://" + g.admin + "/debug/pprof/heap?debug=1"); err != nil {
		return s, err
	}
	s.Heap = number(text, "# HeapAlloc =")
	if text, err = g.get("http://" + g.admin + "/metrics"); err != nil {
		return s, err
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "stagedoor_connections_open{") {
			s.Connections += number(lines.Text(), "} ")
		}
	}
	return s, nil
}

// number is the number that follows a mark.
func number(text, mark string) int64 {
	_, rest, _ := strings.Cut(text, mark)
	rest = strings.TrimLeft(rest, " \t")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, _ := strconv.ParseInt(rest[:end], 10, 64)
	return n
}

// deploy deploys the API once more, through the control plane.
func (g *gateway) deploy() error {
	resp, err := g.client.Post("http://"+g.plain+"/restapis/soak/deployments", "application/json", bytes.NewReader([]byte(`{"stageName":"prod"}`)))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 201 {
		err = fmt.Errorf("deploy: %s %s", resp.Status, b)
	}
	return err
}

// freePort is an address that nobody listens at. It is none of those that the
// kernel hands out by itself, so nobody else's server gets it in the hour.
func freePort() string {
	for {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+mathrand.IntN(10_000))
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			continue // in use
		}
		_ = ln.Close()
		return addr
	}
}

// certificate makes one for this machine.
func certificate(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(240 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
}
