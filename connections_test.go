package stagedoor_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor"
)

// TestConnections: a listener has as many connections as it is told, in all and
// from one address. They could not be set before, so 100,000 were never held.
func TestConnections(t *testing.T) {
	for name, change := range map[string]func(*stagedoor.Config){
		"in all":           func(c *stagedoor.Config) { c.Connections = 2 },
		"from one address": func(c *stagedoor.Config) { c.ConnectionsPerAddress = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, change)
			for i := range 3 {
				conn, err := net.Dial("tcp", strings.TrimPrefix(r.endpoint, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				_, _ = io.WriteString(conn, "GET /_aws/execute-api/none/prod/ HTTP/1.1\r\nHost: x\r\n\r\n")
				var b [9]byte
				_, err = io.ReadFull(conn, b[:])
				if closed := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET); closed != (i == 2) {
					t.Errorf("connection %d: answered %q, %v", i+1, b, err)
				}
			}
		})
	}
	cfg := stagedoor.Default()
	cfg.Connections = -1
	if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), "connections -1") {
		t.Errorf("Check = %v", err)
	}
}
