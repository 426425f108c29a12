package handshake_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/handshake"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

func certificates(t *testing.T, names ...[]string) ([]tls.Certificate, *handshake.Certificates) {
	t.Helper()
	var all []tls.Certificate
	for _, n := range names {
		cert, _ := transporttest.Certificate(t, n...)
		all = append(all, cert)
	}
	return all, handshake.NewCertificates(all)
}

// TestFind: a host's own certificate, then that of its wildcard, then the first.
func TestFind(t *testing.T) {
	all, c := certificates(t, []string{"first.test", "127.0.0.1"}, []string{"A.shop.test", "b.test"}, []string{"*.shop.test"})
	for _, tt := range []struct {
		name string
		want int
	}{
		{"first.test", 0},
		{"", 0},
		{"nobody.test", 0},
		{"a.shop.test", 1},
		{"A.SHOP.test", 1},
		{"b.test", 1},
		{"x.shop.test", 2},
		{"x.y.shop.test", 0},
		{"shop.test", 0},
	} {
		if got, err := c.Find(&tls.ClientHelloInfo{ServerName: tt.name}); err != nil || got != &all[tt.want] {
			t.Errorf("Find(%q) is not certificate %d, %v", tt.name, tt.want, err)
		}
	}
}

// TestFindByKey: of two for one name the client gets one that it can verify.
func TestFindByKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "a.test"}, DNSNames: []string{"a.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	curve, _ := transporttest.Certificate(t, "a.test")
	c := handshake.NewCertificates([]tls.Certificate{curve, {Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}})
	for scheme, isCurve := range map[tls.SignatureScheme]bool{tls.ECDSAWithP256AndSHA256: true, tls.PSSWithSHA256: false} {
		got, err := c.Find(&tls.ClientHelloInfo{
			ServerName: "a.test", SupportedVersions: []uint16{tls.VersionTLS13}, SignatureSchemes: []tls.SignatureScheme{scheme},
			SupportedCurves: []tls.CurveID{tls.X25519}, CipherSuites: []uint16{tls.TLS_AES_128_GCM_SHA256},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := got.PrivateKey.(*ecdsa.PrivateKey); ok != isCurve {
			t.Errorf("%v got a certificate with a key of type %T", scheme, got.PrivateKey)
		}
	}
	if c.Misdirected("a.test", []byte("a.test")) {
		t.Error("one name with two certificates is misdirected")
	}
}

// TestMisdirected: Host and server name must lead to one certificate.
func TestMisdirected(t *testing.T) {
	_, c := certificates(t, []string{"first.test"}, []string{"a.test", "b.test"}, []string{"*.shop.test"})
	for _, tt := range []struct {
		serverName, host string
		want             bool
	}{
		{"a.test", "a.test", false},
		{"a.test", "A.TEST:443", false},
		{"a.test", "a.test.", false},
		{"a.test", "b.test", false}, // the same certificate
		{"x.shop.test", "y.shop.test", false},
		{"", "a.test", false}, // asked for nobody
		{"nobody.test", "first.test", false},
		{"nobody.test", "127.0.0.1", false},
		{"a.test", "x.shop.test", true},
		{"x.shop.test", "a.test.", true},
		{"x.shop.test", "A.TEST", true},
		{"a.test", "first.test", true},
		{"a.test", "nobody.test", true},
		{"nobody.test", "a.test", true},
	} {
		if got := c.Misdirected(tt.serverName, []byte(tt.host)); got != tt.want {
			t.Errorf("Misdirected(%q, %q) = %v", tt.serverName, tt.host, got)
		}
	}
	host := []byte("A.shop.test:443")
	if got := testing.AllocsPerRun(1000, func() { c.Misdirected("b.shop.test", host) }); got > 0 {
		t.Errorf("asking allocates %v times, want 0", got)
	}
}
