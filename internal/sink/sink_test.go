package sink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet discards what is said.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// TestQueueLosesNothing: every record of many goroutines is written once, or
// counted.
func TestQueueLosesNothing(t *testing.T) {
	q := sink.NewQueue(time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	seen := map[string]int{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.Run(ctx, func(b []byte, records int) {
			lines := bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
			if len(lines) != records {
				t.Errorf("%d lines in a batch of %d records", len(lines), records)
			}
			for _, l := range lines {
				seen[string(l)]++
			}
		})
	}()
	const workers, each = 8, 5000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				if line := fmt.Appendf(nil, "%d-%d", w, i); i%2 == 0 {
					q.Put(line, []byte("\n"))
				} else {
					q.PutOf(uint32(w-2), line, appendLine, '\n')
				}
			}
		})
	}
	wg.Wait()
	stop()
	<-ended
	if got := int64(len(seen)) + q.Dropped(); got != workers*each {
		t.Errorf("%d records written and %d dropped of %d", len(seen), q.Dropped(), workers*each)
	}
	for l, n := range seen {
		if n != 1 {
			t.Fatalf("%q was written %d times", l, n)
		}
	}
}

// appendLine is the record that is the bytes of is.
func appendLine(of any, dst []byte) []byte {
	line, _ := of.([]byte)
	return append(dst, line...)
}

// TestPutOf: records are written whole, however long; one whose maker panics
// is none, and holds nobody up.
func TestPutOf(t *testing.T) {
	q := sink.NewQueue(time.Millisecond)
	want := ""
	for _, n := range []int{1, 5 << 10, 60 << 10, 256 << 10, 0, 70 << 10, 100} {
		line := strings.Repeat("x", n)
		if !q.PutOf(0, []byte(line), appendLine, '\n') {
			t.Fatalf("a record of %d bytes is not taken", n)
		}
		want += line + "\n"
		func() {
			defer func() { _ = recover() }()
			q.PutOf(0, nil, func(any, []byte) []byte { panic("bug") }, '\n')
		}()
	}
	got, n := 0, 0
	ctx, stop := context.WithCancel(t.Context())
	stop()
	q.Run(ctx, func(b []byte, records int) { got, n = got+len(b), n+records })
	if got != len(want) || n != 7 || q.Dropped() != 0 {
		t.Errorf("%d bytes of %d records written, %d dropped; want %d of 7", got, n, q.Dropped(), len(want))
	}
	hung := sink.NewQueue(time.Hour)
	line, puts := make([]byte, 1<<10), 0
	for ; hung.Dropped() == 0; puts++ {
		hung.PutOf(uint32(puts), line, appendLine, '\n')
	}
	if limit := 64 * 64; puts > limit+1 {
		t.Errorf("%d records of 1 KB taken, want at most %d", puts, limit)
	}
}

// TestQueueBounded: a writer that hangs costs records, not memory or time.
func TestQueueBounded(t *testing.T) {
	q := sink.NewQueue(time.Hour)
	line := make([]byte, 1<<10)
	puts := 0
	for ; q.Dropped() == 0; puts++ {
		q.Put(nil, line)
	}
	if limit := 64 * 64; puts > limit+1 {
		t.Errorf("%d KB were taken with nobody to write them, want at most %d", puts, limit)
	}
	n := 0
	ctx, stop := context.WithCancel(t.Context())
	stop()
	q.Run(ctx, func(_ []byte, records int) { n += records })
	if n != puts-1 {
		t.Errorf("%d records written, want the %d that were taken", n, puts-1)
	}
	if !q.Put(nil, line) {
		t.Error("Put = false after all was written")
	}
}

const putAllocs = 0 // records go into batches that are there

func TestPutAllocs(t *testing.T) {
	events := sink.NewEvents("seed")
	g, line, now := events.Group("g"), []byte(strings.Repeat("x", 300)), time.Now()
	for range 10 {
		g.Put(now, line)
	}
	if got := testing.AllocsPerRun(100, func() { g.Put(now, line) }); got > putAllocs {
		t.Errorf("Put allocates %v times, want at most %d", got, putAllocs)
	}
	q, of := sink.NewQueue(time.Second), &line
	write := func(of any, dst []byte) []byte {
		line, _ := of.(*[]byte)
		return append(dst, *line...)
	}
	q.PutOf(0, of, write, '\n')
	if got := testing.AllocsPerRun(100, func() { q.PutOf(0, of, write, '\n') }); got > putAllocs {
		t.Errorf("PutOf allocates %v times, want at most %d", got, putAllocs)
	}
}

func BenchmarkPut(b *testing.B) {
	q := sink.NewQueue(time.Second)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); q.Run(ctx, func([]byte, int) {}) }()
	line := []byte(strings.Repeat("x", 300))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			q.Put(line, []byte("\n"))
		}
	})
	stop()
	<-ended
}

// memory is a store that keeps events as "group stream at text".
type memory struct {
	mu  sync.Mutex
	all []string
}

func (m *memory) WriteAll(group, stream string, events iter.Seq2[int64, string]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at, text := range events {
		m.all = append(m.all, fmt.Sprintf("%s %d %d %s", group, len(stream), at, text))
	}
}

// TestEvents: events reach their groups within a moment, each in its place.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, m := sink.NewEvents("seed"), &memory{}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- events.Run(ctx, m) }()
		a, b := events.Group("a"), events.Group("b")
		if events.Group("a") != a {
			t.Error("a group is another when asked for again")
		}
		a.Put(time.UnixMilli(1), []byte("one"))
		b.Put(time.UnixMilli(2), []byte(""))
		b.Put(time.UnixMilli(3), []byte("three\nlines\n"))
		time.Sleep(time.Second)
		m.mu.Lock()
		got := slices.Sorted(slices.Values(m.all))
		m.mu.Unlock()
		if want := []string{"a 32 1 one", "b 32 2 ", "b 32 3 three\nlines\n"}; !slices.Equal(got, want) {
			t.Errorf("after a second the store has %q, want %q", got, want)
		}
		both := a.Add(a.Add(nil, time.UnixMilli(4), []byte("first")), time.UnixMilli(4), []byte("last"))
		a.PutAll(both, 2)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		if got := m.all[len(m.all)-1]; got != "a 32 4 last" {
			t.Errorf("the last event is %q after the end", got)
		}
	})
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// TestRotation: a file that is renamed gets a successor, one that is cut is
// written on from its start, and nobody has to be told.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	synctest.Test(t, func(t *testing.T) {
		f, err := sink.OpenFile(path, quiet())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		put := func(line string, then func() error) {
			f.Put(time.Time{}, []byte(line))
			time.Sleep(2 * time.Second)
			if err := then(); err != nil {
				t.Fatal(err)
			}
		}
		put("one", func() error { return os.Rename(path, path+".1") })
		put("two", func() error { return os.Truncate(path, 0) }) // copytruncate
		put("three", func() error {
			if got := content(t, path+".1") + "|" + content(t, path); got != "one\n|three\n" {
				t.Errorf("the files have %q after the second rotation", got)
			}
			return os.Remove(path)
		})
		f.Put(time.Time{}, []byte("four"))
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		if written, dropped := f.Lines(); written != 4 || dropped != 0 {
			t.Errorf("Lines = %d written, %d dropped", written, dropped)
		}
	})
	if got := content(t, path+".1") + "|" + content(t, path); got != "one\n|four\n" {
		t.Errorf("the files have %q", got)
	}
}

// full is a disk with some room.
type full struct {
	mu   sync.Mutex
	room int
	got  bytes.Buffer
}

func (f *full) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(len(p), f.room)
	f.room -= n
	f.got.Write(p[:n])
	if n < len(p) {
		return n, errors.New("no space left on device")
	}
	return n, nil
}

// TestFullDisk: lines that find no room are counted and said once; those that
// come when there is room again begin on a line of their own.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		disk := &full{room: 6}
		f := sink.NewStream(disk, slog.New(slog.NewTextHandler(&said, nil)))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		for _, s := range []string{"one", "two", "three", "four"} {
			f.Put(time.Time{}, []byte(s))
			time.Sleep(2 * time.Second)
			if s == "three" {
				disk.mu.Lock()
				disk.room = 100
				disk.mu.Unlock()
			}
		}
		stop()
		<-ended
		if got := disk.got.String(); got != "one\ntw\nfour\n" {
			t.Errorf("the disk has %q", got)
		}
		if written, dropped := f.Lines(); written != 2 || dropped != 2 {
			t.Errorf("Lines = %d written, %d dropped, want 2 and 2", written, dropped)
		}
		if got := said.String(); strings.Count(got, "cannot be written") != 1 || strings.Count(got, "written again") != 1 || !strings.Contains(got, "lines_lost=2") {
			t.Errorf("what was said:\n%s", got)
		}
	})
}

// TestUnreadable: a path that cannot be opened is said at once.
func TestUnreadable(t *testing.T) {
	if _, err := sink.OpenFile(t.TempDir(), quiet()); err == nil || !strings.HasPrefix(err.Error(), "access log: ") {
		t.Errorf("OpenFile of a folder = %v", err)
	}
}

// blocked takes nothing until it is let go.
type blocked struct{ free chan struct{} }

func (b *blocked) Write(p []byte) (int, error) { <-b.free; return len(p), nil }

// TestBlockedStream: a stream that nobody reads keeps neither requests nor the
// end waiting.
func TestBlockedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &blocked{make(chan struct{})}
		f := sink.NewStream(b, quiet())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		line := make([]byte, 1<<10)
		for range 20_000 {
			f.Put(time.Time{}, line)
		}
		if _, dropped := f.Lines(); dropped == 0 {
			t.Error("nothing was dropped of 20 MB that nobody takes")
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		close(b.free)
	})
}
