package transport_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stagedoor/stagedoor/internal/transport"
)

// descriptors is how many are open in this process.
func descriptors(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// said counts what is logged under a message.
type said struct {
	slog.Handler
	message string
	n       *atomic.Int32
}

func (s said) Enabled(context.Context, slog.Level) bool { return true }

func (s said) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, s.message) {
		s.n.Add(1)
	}
	return nil
}

// TestNoDescriptors: a gateway that is out of descriptors says so, serves whom
// it has, and takes the others in when there are some again.
func TestNoDescriptors(t *testing.T) {
	var paused atomic.Int32
	log := slog.New(said{slog.DiscardHandler, "accept paused", &paused})
	addr, _, _ := start(t, transport.Config{Log: log, Handler: routes{"*": fixed(200, "x")}})
	ask := func(c *client) {
		c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if _, body := c.response("GET"); body != "x" {
			t.Errorf("got %q", body)
		}
	}
	friend := dial(t, addr)
	ask(friend)

	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = uint64(descriptors(t) + 30)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	restore := func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	}
	defer restore()
	var fill []int
	for {
		fd, err := syscall.Dup(0)
		if err != nil {
			break
		}
		fill = append(fill, fd)
	}
	_ = syscall.Close(fill[0]) // one for the stranger's own end
	stranger := dial(t, addr)
	await(t, "the pause is said", func() bool { return paused.Load() > 0 })
	ask(friend)
	for _, fd := range fill[1:] {
		_ = syscall.Close(fd)
	}
	ask(stranger)
}
