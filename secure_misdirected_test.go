package stagedoor_test

import (
	"crypto/tls"
	"testing"
)

// TestMisdirected: a host whose certificate is another is not served on the
// connection, so that nobody reaches it past what it asks of its clients.
func TestMisdirected(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		s := startSecured(t, engine, "127.0.0.1 first.test", "*.shop.test", "pay.test")
		for _, http2 := range []bool{false, true} {
			for _, tt := range []struct {
				named, host string
				want        int
			}{
				{"a.shop.test", "a.shop.test", 200},
				{"A.Shop.test", "a.shop.test", 200},
				{"b.shop.test", "A.SHOP.test", 200}, // the same certificate
				{"a.shop.test", "a.shop.test:8443", 200},
				{"127.0.0.1", "a.shop.test", 200}, // nobody is named: the first certificate, any host
				{"a.shop.test", "pay.test", 421},
				{"pay.test", "a.shop.test", 421},
				{"pay.test", "A.SHOP.TEST", 421},
				{"pay.test", "a.shop.test.", 421},
				{"pay.test", "hosts.execute-api.localhost", 421},
				{"nobody.test", "pay.test", 421},
				{"nobody.test", "first.test", 404},
			} {
				config := &tls.Config{InsecureSkipVerify: true, ServerName: tt.named} // what the names are for is tested above
				status, body, _ := s.ask(t, config, tt.host, http2)
				if status != tt.want || status == 421 && body != `{"message":"Misdirected Request"}` {
					t.Errorf("%s on a connection for %s, HTTP/2 %v: %d %s, want %d", tt.host, tt.named, http2, status, body, tt.want)
				}
			}
		}
		if got := s.curl(t, "pay.test", 2, "-H", "Host: a.shop.test"); got != `{"message":"Misdirected Request"} 421` {
			t.Errorf("curl: %s", got)
		}
	})
}
