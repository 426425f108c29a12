package stagedoor_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// hosts is an API below two custom domain names, and one at its own host.
const hosts = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Tags: [{Key: "stagedoor:id", Value: hosts}]
      Body:
        openapi: 3.0.1
        info: {title: hosts, version: "1"}
        paths:
          /:
            get:
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses: {default: {statusCode: "200", responseTemplates: {application/json: 'at $context.domainName'}}}
  Live: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api, StageName: prod}}
`

// secured is a stagedoor with a certificate for each of some lists of names.
type secured struct {
	*running
	addr, port string
	pools      []*x509.CertPool
	files      []string // of the certificates
}

func startSecured(t *testing.T, engine string, names ...string) secured {
	t.Helper()
	s := secured{addr: freePort(t)}
	_, s.port, _ = net.SplitHostPort(s.addr)
	dir := t.TempDir()
	write(t, dir, "api/template.yaml", hosts)
	var keys []string
	for i, n := range names {
		cert, pool := transporttest.Certificate(t, strings.Fields(n)...)
		at := filepath.Join(dir, fmt.Sprint(i))
		write(t, at, "none", "")
		writeCertificate(t, at, cert)
		s.pools, s.files, keys = append(s.pools, pool), append(s.files, filepath.Join(at, "crt.pem")), append(keys, filepath.Join(at, "key.pem"))
	}
	s.running = start(t, func(c *stagedoor.Config) {
		c.Definitions, c.InvokeListen, c.Engine = []string{filepath.Join(dir, "api")}, []string{s.addr}, engine
		c.TLSCert, c.TLSKey = s.files, keys
	})
	if a := s.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	for _, name := range []string{"a.shop.test", "pay.test"} {
		mapDomain(t, s.running, name, "hosts", "prod")
	}
	return s
}

// ask sends a GET to a host on a connection on which another may be named.
func (s secured) ask(t *testing.T, config *tls.Config, host string, http2 bool) (status int, body, protocol string) {
	t.Helper()
	config.NextProtos = []string{"http/1.1"}
	if http2 {
		config.NextProtos = []string{"h2"}
	}
	tr := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: http2}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Errorf("%s on a connection for %s: %v", host, config.ServerName, err)
		return 0, "", ""
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(text), resp.Proto
}

// onEngines runs a test on each engine that there is.
func onEngines(t *testing.T, run func(t *testing.T, engine string)) {
	t.Helper()
	t.Run("goroutine", func(t *testing.T) { run(t, "goroutine") })
	if transport.HasLoops {
		t.Run("epoll", func(t *testing.T) { run(t, "epoll") })
	}
}

// TestCertificatesByName: clients get the certificate of the host that they name,
// and the first if there is none for it.
func TestCertificatesByName(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		s := startSecured(t, engine, "127.0.0.1 first.test", "*.shop.test", "pay.test")
		for _, http2 := range []bool{false, true} {
			for host, pool := range map[string]*x509.CertPool{"a.shop.test": s.pools[1], "pay.test": s.pools[2]} {
				status, body, protocol := s.ask(t, &tls.Config{RootCAs: pool, ServerName: host}, host, http2)
				if status != 200 || body != "at "+host || (protocol == "HTTP/2.0") != http2 {
					t.Errorf("%s: %d %q over %s", host, status, body, protocol)
				}
			}
		}
		c, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: s.pools[0], ServerName: "127.0.0.1"}) // an address is not named
		if err != nil {
			t.Error(err)
		} else {
			_ = c.Close()
		}
		for _, version := range []string{"--http1.1", "--http2"} {
			for i, host := range []string{"a.shop.test", "pay.test"} {
				if got := s.curl(t, host, i+1, version); got != "at "+host+" 200" {
					t.Errorf("curl %s %s: %s", version, host, got)
				}
				if got := s.curl(t, host, 0, version); !strings.Contains(got, "certificate") {
					t.Errorf("curl %s %s that trusts another certificate: %s", version, host, got)
				}
			}
		}
	})
}

// curl calls a host as people try it out.
func (s secured) curl(t *testing.T, host string, trusts int, more ...string) string {
	t.Helper()
	need(t, "curl")
	args := append([]string{"-sS", "--resolve", host + ":" + s.port + ":127.0.0.1", "--cacert", s.files[trusts], "-w", " %{http_code}"}, more...)
	out, _ := exec.CommandContext(t.Context(), "curl", append(args, "https://"+host+":"+s.port+"/")...).CombinedOutput()
	return string(out)
}

// TestSessions: a client that comes again is known, over HTTP/1.1 and HTTP/2, in
// both versions of TLS.
func TestSessions(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		s := startSecured(t, engine, "pay.test")
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for _, protocol := range []string{"h2", "http/1.1"} {
				config := &tls.Config{
					RootCAs: s.pools[0], ServerName: "pay.test", MinVersion: version, MaxVersion: version,
					NextProtos: []string{protocol}, ClientSessionCache: tls.NewLRUClientSessionCache(1),
				}
				for i := range 4 {
					c, err := tls.Dial("tcp", s.addr, config)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.WriteString(c, map[string]string{"h2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"}[protocol])
					if protocol == "http/1.1" {
						_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: pay.test\r\n\r\n")
					}
					if n, err := c.Read(make([]byte, 1000)); n == 0 { // the ticket comes before it
						t.Error(err)
					}
					if state := c.ConnectionState(); state.DidResume != (i > 0) || state.NegotiatedProtocol != protocol {
						t.Errorf("%s, %s, connection %d: known %v, speaks %q", tls.VersionName(version), protocol, i, state.DidResume, state.NegotiatedProtocol)
					}
					_ = c.Close()
				}
			}
		}
	})
}

// TestCertificateFiles: what is wrong with them is said at start.
func TestCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	a, _ := transporttest.Certificate(t, "a.test")
	b, _ := transporttest.Certificate(t, "b.test")
	for name, cert := range map[string]tls.Certificate{"a": a, "b": b} {
		write(t, dir, name+"/none", "")
		writeCertificate(t, filepath.Join(dir, name), cert)
	}
	write(t, dir, "empty.pem", string(pem.EncodeToMemory(&pem.Block{Type: "NOTHING"})))
	crt, key := filepath.Join(dir, "a", "crt.pem"), filepath.Join(dir, "a", "key.pem")
	for name, tt := range map[string]struct {
		certs, keys []string
		want        string
	}{
		"one key for two":    {[]string{crt, crt}, []string{key}, "a key for each certificate"},
		"no key":             {[]string{crt}, nil, "a key for each certificate"},
		"another's key":      {[]string{crt}, []string{filepath.Join(dir, "b", "key.pem")}, "does not match"},
		"no certificate":     {[]string{filepath.Join(dir, "empty.pem")}, []string{key}, "tls-cert"},
		"no file":            {[]string{crt, filepath.Join(dir, "none")}, []string{key, key}, "no such file"},
		"keys the wrong way": {[]string{crt, filepath.Join(dir, "b", "crt.pem")}, []string{filepath.Join(dir, "b", "key.pem"), key}, "does not match"},
	} {
		cfg := stagedoor.Default()
		cfg.Listen, cfg.AdminListen, cfg.Data, cfg.InvokeListen = "127.0.0.1:0", "off", ":memory:", []string{"127.0.0.1:0"}
		cfg.TLSCert, cfg.TLSKey = tt.certs, tt.keys
		server, err := stagedoor.New(cfg)
		if err == nil {
			err = server.Run(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
