package transport_test

import (
	"net"
	"runtime"
	"testing"

	"github.com/stagedoor/stagedoor/internal/transport"
)

// The most memory that an idle connection may hold: a goroutine's stack, its
// head buffer, and what package net keeps; on a loop a struct and a slot. The
// client's end is counted as well, which is about 450 bytes.
const (
	idleBytes       = 20 << 10
	idleBytesOnLoop = 400 + 450
)

// TestIdleConns: what idle connections hold is little, and is given back.
func TestIdleConns(t *testing.T) {
	const n = 2000
	addr, s, _ := start(t, transport.Config{Handler: routes{"*": fixed(200, "hello")}})
	conns := make([]net.Conn, 0, n)
	request := []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	buf := make([]byte, 1000)
	goroutines, before := 0, int64(0)
	for i := range n + 100 {
		if i == 100 { // the loops have the tasks that they need
			goroutines, before = runtime.NumGoroutine(), inUse()
		}
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(buf); err != nil {
			t.Fatal(err)
		}
	}
	each := (inUse() - before) / n
	t.Logf("%d bytes for each of %d idle connections, the client's end included", each, n)
	most := int64(idleBytes)
	if engine == "epoll" {
		most = idleBytesOnLoop
	}
	if each > most && !raced {
		t.Errorf("an idle connection holds %d bytes, want at most %d", each, most)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	await(t, "all connections are closed", func() bool {
		return s.Counters.Open.Load() == 0 && runtime.NumGoroutine() <= goroutines+1
	})
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
