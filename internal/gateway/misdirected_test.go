package gateway

import (
	"testing"

	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// TestMisdirected: a request on another host's TLS connection gets 421 whatever
// it is for, and reaches neither an API nor the control plane.
func TestMisdirected(t *testing.T) {
	asked := ""
	b := stopped(t, func(c *Config) {
		c.Misdirected = func(serverName string, host []byte) bool {
			asked += serverName + " " + string(host) + "\n"
			return serverName == "a.test"
		}
	})
	for _, tt := range []struct {
		serverName string
		g          beginner
		status     int
	}{
		{"a.test", b, 421},
		{"a.test", b.Invoke(), 421},
		{"b.test", b, 200},
		{"", b.Invoke(), 200},
	} {
		x := exchange(t, "GET /ping", "x.execute-api.localhost")
		x.ServerName = tt.serverName
		tt.g.Begin(x)
		got := programtest.Play(t, x)
		if got.Status != tt.status || tt.status == 421 && string(got.Body) != `{"message":"Misdirected Request"}` {
			t.Errorf("on a connection for %q: %d %s, want %d", tt.serverName, got.Status, got.Body, tt.status)
		}
	}
	want := "a.test x.execute-api.localhost\na.test x.execute-api.localhost\nb.test x.execute-api.localhost\n x.execute-api.localhost\n"
	if asked != want {
		t.Errorf("it was asked\n%swant\n%s", asked, want)
	}
}
