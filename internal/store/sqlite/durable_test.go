package sqlite

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/stagedoor/stagedoor/internal/store"
)

// writePair writes two documents in one transaction.
func writePair(tx store.Tx, key store.Key) error {
	return errors.Join(tx.Put("a/"+key, []byte(key)), tx.Put("b/"+key, []byte(key)))
}

// checkPairs fails unless every acknowledged pair is there, no pair is torn,
// and the feed knows every key that there is.
func checkPairs(t *testing.T, s *Store, acknowledged []string) {
	t.Helper()
	there := map[string]int{}
	var last store.Revision
	err := s.View(t.Context(), func(tx store.Tx) (err error) {
		for item, err := range tx.Scan("", "") {
			if err != nil {
				return err
			}
			there[item.Key[2:]]++
		}
		last, err = tx.Revision()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range acknowledged {
		if there[key] == 0 {
			t.Errorf("%s was acknowledged and is lost", key)
		}
	}
	for key, n := range there {
		if n != 2 {
			t.Errorf("%s is torn", key)
		}
	}
	told := map[string]int{}
	for changes, err := range s.Watch(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			told[c.Key[2:]]++
		}
		if changes[len(changes)-1].Revision == last {
			break
		}
	}
	for key := range there {
		if told[key] != 2 {
			t.Errorf("%s is not in the feed", key)
		}
	}
}

const childEnv = "STAGEDOOR_TEST_STORE"

// TestKillChild is the process that TestKill kills.
func TestKillChild(t *testing.T) {
	path, run := os.Getenv(childEnv), os.Getenv(childEnv+"_RUN")
	if path == "" {
		t.Skip("runs only as a child of TestKill")
	}
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var out sync.Mutex
	for g := range 8 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s/%d/%d", run, g, i)
				if err := s.Update(t.Context(), func(tx store.Tx) error { return writePair(tx, key) }); err != nil {
					key = "error: " + err.Error()
				}
				out.Lock()
				_, _ = io.WriteString(os.Stdout, "ack "+key+"\n")
				out.Unlock()
			}
		}()
	}
	select {} // until killed
}

// TestKill kills a process that writes, time and again, with one file.
func TestKill(t *testing.T) {
	runs := 25
	if testing.Short() {
		runs = 5
	}
	path := file(t)
	var acknowledged []string
	for run := range runs {
		acked := killed(t, path, run)
		if len(acked) == 0 {
			t.Fatalf("run %d acknowledged nothing", run)
		}
		acknowledged = append(acknowledged, acked...)
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatalf("open after kill %d: %v", run, err)
		}
		checkPairs(t, s, acknowledged)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d acknowledged writes", runs, len(acknowledged))
}

// killed starts a child and kills it at a random moment after its first
// acknowledged write. It returns the writes that the child acknowledged.
func killed(t *testing.T, path string, run int) []string {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
	child.Env = append(os.Environ(), childEnv+"="+path, fmt.Sprintf("%s_RUN=%d", childEnv, run))
	var stderr bytes.Buffer
	child.Stderr = &stderr
	pipe, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acked []string
	in := bufio.NewReader(pipe)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break // what has no end was not written whole, and counts for nothing
		}
		key, ok := strings.CutPrefix(strings.TrimSpace(line), "ack ")
		if !ok || strings.HasPrefix(key, "error") {
			t.Errorf("the child says %q", line)
		}
		if acked = append(acked, key); len(acked) == 1 {
			// Real time on purpose: the kill must meet the child anywhere.
			time.AfterFunc(rand.N(40*time.Millisecond), func() { _ = child.Process.Kill() })
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	if len(acked) == 0 {
		t.Logf("the child: %s", stderr.String())
	}
	return acked
}

// TestPowerCut cuts the power under a store that is being written. Unlike a
// kill, this loses what was written and not flushed.
func TestPowerCut(t *testing.T) {
	d, name := newDisk(t)
	s, err := open(t.Context(), file(t), settings{vfs: name, history: 1 << 16, readers: 4})
	if err != nil {
		t.Fatal(err)
	}
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	var mu sync.Mutex
	var acknowledged []string
	var writing sync.WaitGroup
	stop := make(chan struct{})
	for g := range 8 {
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprintf("%d/%d", g, i)
				if err := s.Update(t.Context(), func(tx store.Tx) error { return writePair(tx, key) }); err != nil {
					t.Errorf("Update: %v", err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, key)
				mu.Unlock()
			}
		})
	}
	cuts := 40
	if testing.Short() {
		cuts = 8
	}
	for range cuts {
		mu.Lock()
		had := len(acknowledged)
		mu.Unlock()
		for enough := had; enough < had+50; { // until more was acknowledged
			time.Sleep(time.Millisecond)
			mu.Lock()
			enough = len(acknowledged)
			mu.Unlock()
		}
		mu.Lock()
		acked := append([]string(nil), acknowledged...)
		mu.Unlock()
		after := mustOpen(t, filepath.Join(d.cut(t, random), "stagedoor.db"))
		checkPairs(t, after, acked)
	}
	close(stop)
	writing.Wait()
	t.Logf("%d cuts, %d acknowledged writes, %d flushes", cuts, len(acknowledged), d.syncs)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// queue makes n Updates wait behind a slow one, lets them go, and returns what
// became of each. It runs in a bubble, where waiting is certain.
func queue(t *testing.T, s *Store, n int, fn func(i int, tx store.Tx) error, ready func()) []error {
	t.Helper()
	leave := make(chan struct{})
	results := make([]error, n)
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.Update(t.Context(), func(store.Tx) error { <-leave; return nil }); err != nil {
			t.Errorf("the slow Update: %v", err)
		}
	})
	synctest.Wait()
	for i := range n {
		all.Go(func() {
			results[i] = s.Update(t.Context(), func(tx store.Tx) error { return fn(i, tx) })
		})
	}
	synctest.Wait()
	ready()
	close(leave)
	all.Wait()
	return results
}

// TestGroupCommit counts the flushes of Updates that come together.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, name := newDisk(t)
		s, err := open(t.Context(), file(t), settings{vfs: name, history: 100, readers: 4})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("first", nil) }); err != nil {
			t.Fatal(err)
		}
		before := 0
		results := queue(t, s, 100, func(i int, tx store.Tx) error {
			return tx.Put(fmt.Sprintf("k%d", i), []byte("1"))
		}, func() { before = d.syncs })
		if err := errors.Join(results...); err != nil {
			t.Error(err)
		}
		if got := d.syncs - before; got != 1 {
			t.Errorf("100 Updates that came together needed %d flushes, want 1", got)
		}
	})
}

// TestFullDisk lets one Update of a batch be too much for the disk: the others
// must not suffer from it.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, name := newDisk(t)
		s, err := open(t.Context(), file(t), settings{vfs: name, history: 100, readers: 4})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		reason := errors.New("reason")
		results := queue(t, s, 7, func(i int, tx store.Tx) error {
			key := fmt.Sprintf("k%d", i)
			switch i {
			case 3: // spills before the commit
				return tx.Put(key, make([]byte, 20<<20))
			case 4: // and pays no heed to it
				_ = tx.Put("lost", make([]byte, 20<<20))
				_ = tx.Put(key, nil)
				_ = tx.Delete("k0")
				return nil
			case 5:
				return reason
			}
			return tx.Put(key, []byte("small"))
		}, func() {
			d.mu.Lock()
			d.room = 4 << 20
			d.mu.Unlock()
		})
		for i, err := range results {
			switch {
			case i == 3 && (!errors.Is(err, sqlite3.FULL) || !strings.Contains(err.Error(), "the disk is full")):
				t.Errorf("the large Update = %v, want that the disk is full", err)
			case i == 5 && !errors.Is(err, reason):
				t.Errorf("the Update that fails = %v, want its own error", err)
			case i == 4 && err == nil:
				t.Error("the Update that goes on after the disk is full is no error")
			case i != 3 && i != 4 && i != 5 && err != nil:
				t.Errorf("Update %d = %v", i, err)
			}
		}
		var keys []string
		err = s.View(t.Context(), func(tx store.Tx) error {
			for item, err := range tx.Scan("", "") {
				if err != nil {
					return err
				}
				keys = append(keys, item.Key)
			}
			return nil
		})
		if got := strings.Join(keys, " "); err != nil || got != "k0 k1 k2 k6" {
			t.Errorf("the store holds %s, %v", got, err)
		}

		d.mu.Lock()
		d.room = -1
		d.mu.Unlock()
		if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("k7", nil) }); err != nil {
			t.Errorf("Update once there is room: %v", err)
		}
	})
}

// TestFlushFails is a disk that cannot flush: what it may have lost was not
// acknowledged, and is not there.
func TestFlushFails(t *testing.T) {
	d, name := newDisk(t)
	s, err := open(t.Context(), file(t), settings{vfs: name, history: 100, readers: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d.mu.Lock()
	d.fail = sqlite3.IOERR_FSYNC
	d.mu.Unlock()
	err = s.Update(t.Context(), func(tx store.Tx) error { return writePair(tx, "lost") })
	if !errors.Is(err, sqlite3.IOERR) || !strings.Contains(err.Error(), "the disk has failed") {
		t.Errorf("Update = %v, want that the disk has failed", err)
	}
	d.mu.Lock()
	d.fail = nil
	d.mu.Unlock()
	err = s.Update(t.Context(), func(tx store.Tx) error {
		if _, err := tx.Get("a/lost"); !errors.Is(err, store.ErrMissing) {
			t.Errorf("Get of what could not be flushed = %v, want ErrMissing", err)
		}
		return writePair(tx, "kept")
	})
	if err != nil {
		t.Errorf("the next Update: %v", err)
	}
	checkPairs(t, mustOpen(t, filepath.Join(d.cut(t, rand.New(rand.NewPCG(1, 1))), "stagedoor.db")), []string{"kept"})
}

// TestNoTemporaryFolder deletes more than SQLite can take back in memory, where
// there is no folder for temporary files, as in an image of nothing but stagedoor.
func TestNoTemporaryFolder(t *testing.T) {
	t.Setenv("SQLITE_TMPDIR", filepath.Join(t.TempDir(), "none"))
	s := mustOpen(t, file(t))
	const n = 20_000
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range n {
			if err := tx.Put(fmt.Sprintf("k%05d", i), make([]byte, 500)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	left := func() (left int) {
		t.Helper()
		err := s.View(t.Context(), func(tx store.Tx) error {
			for _, err := range tx.Scan("k", "") {
				if err != nil {
					return err
				}
				left++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	reason := errors.New("reason")
	err = s.Update(t.Context(), func(tx store.Tx) error { return errors.Join(store.DeleteAll(tx, "k"), reason) })
	if got := left(); !errors.Is(err, reason) || got != n {
		t.Errorf("Update that deletes all and fails = %v; %d documents are left, want %d", err, got, n)
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error { return store.DeleteAll(tx, "k") }); err != nil {
		t.Errorf("Update that deletes all: %v", err)
	}
	if got := left(); got != 0 {
		t.Errorf("%d documents are left, want none", got)
	}
}
