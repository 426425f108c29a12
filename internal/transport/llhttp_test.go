package transport_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

type llhttpCase struct {
	Name, Mode, Verdict, ServerMay string
	Raw                            []byte
	Messages                       int
	Incomplete, HasHost            bool
}

// TestLLHTTPOverSockets plays the cases of the parser of Node.js, whole and in
// pieces. Where each piece ends makes no difference, what is malformed ends the
// connection, and no case has more requests in it than llhttp says. What the
// codec itself makes of each is tested beside it.
func TestLLHTTPOverSockets(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(transporttest.Shared(t), "conformance", "http1", "llhttp.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []llhttpCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	addr, _, _ := start(t, transport.Config{Handler: routes{"*": echo(0)}})
	date := regexp.MustCompile(`Date: [^\r]*\r\n`)
	ran := 0
	for _, c := range cases {
		if c.Mode != "strict" {
			continue
		}
		ran++
		raw := c.Raw
		if !c.HasHost {
			raw = regexp.MustCompile(`(?m)^(\S+ \S+ HTTP/1\.1\r\n)`).ReplaceAll(raw, []byte("${1}Host: example.com\r\n"))
		}
		whole := date.ReplaceAll(converse(t, addr, raw, len(raw)), nil)
		pieces := date.ReplaceAll(converse(t, addr, raw, 7), nil)
		if !bytes.Equal(whole, pieces) {
			t.Errorf("%s: whole and in pieces differ:\n%q\n%q", c.Name, whole, pieces)
		}
		good := bytes.Count(whole, []byte("HTTP/1.1 200 OK\r\n"))
		if c.Verdict == "reject" && good > max(c.Messages, 1) {
			t.Errorf("%s: %d requests were served, want at most %d", c.Name, good, c.Messages)
		}
	}
	if ran < 120 {
		t.Errorf("ran %d strict cases, want all 123", ran)
	}
}

// converse sends raw in pieces, closes its side and reads to the end.
func converse(t *testing.T, addr string, raw []byte, size int) []byte {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	tcp, ok := c.Conn.(*net.TCPConn)
	if !ok {
		t.Fatal("not TCP")
	}
	for len(raw) > 0 {
		n := min(size, len(raw))
		if _, err := c.Write(raw[:n]); err != nil {
			break // it was refused already
		}
		if raw = raw[n:]; len(raw) > 0 {
			time.Sleep(200 * time.Microsecond) // so that it is read by itself, mostly
		}
	}
	_ = tcp.CloseWrite() // the gateway may have closed
	got, err := io.ReadAll(c.br)
	if err != nil {
		t.Errorf("%q: %v", raw, err)
	}
	return got
}
