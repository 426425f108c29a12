package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/store"
)

// The size of a large installation.
const (
	benchKeys    = 1_000_000
	benchAPIs    = 1_000
	benchMethods = 100 // of each API
)

func benchKey(i int) store.Key {
	return fmt.Sprintf("apikey/%010x", uint64(i)*0x9e3779b97f4a7c15>>24)
}

func benchMethod(i int) store.Key {
	return fmt.Sprintf("rest/%010x/method/%06x/GET", i/benchMethods*7919, i%benchMethods)
}

func benchDoc(b *testing.B, id string, size int) []byte {
	b.Helper()
	doc, err := json.Marshal(map[string]any{"id": id, "enabled": true, "description": strings.Repeat("x", size)})
	if err != nil {
		b.Fatal(err)
	}
	return doc
}

// fill writes the documents of a large installation.
func fill(b *testing.B, s *Store) {
	b.Helper()
	begin := time.Now()
	write := func(n, size int, key func(int) store.Key) {
		for from := 0; from < n; from += 20_000 {
			err := s.Update(b.Context(), func(tx store.Tx) error {
				for i := from; i < min(n, from+20_000); i++ {
					if err := tx.Put(key(i), benchDoc(b, key(i), size)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	write(benchKeys, 280, benchKey)
	write(benchAPIs*benchMethods, 800, benchMethod)
	b.Logf("filled in %v", time.Since(begin).Round(time.Millisecond))
}

// BenchmarkLarge measures a store with a million API keys and 100,000 methods.
func BenchmarkLarge(b *testing.B) {
	path := file(b)
	s, err := Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	fill(b, s)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("the file has %d MB", info.Size()>>20)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(b.Context(), path)
			if err := errors.Join(err, s.Close()); err != nil {
				b.Fatal(err)
			}
		}
	})
	s = mustOpenB(b, path)
	b.Run("read", func(b *testing.B) { benchRead(b, s) })
	b.Run("read/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				readOne(b, s, benchKey(rand.IntN(benchKeys)))
			}
		})
	})
	for _, n := range []int{25, 500} {
		b.Run(fmt.Sprintf("page/%d", n), func(b *testing.B) { benchPage(b, s, n) })
	}
	b.Run("tree", func(b *testing.B) { benchTree(b, s) })
	b.Run("write/1", func(b *testing.B) { benchWrite(b, s, 1) })
	b.Run("write/32", func(b *testing.B) { benchWrite(b, s, 32) })
}

func mustOpenB(b *testing.B, path string) *Store {
	b.Helper()
	s, err := Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func readOne(b *testing.B, s *Store, key store.Key) {
	b.Helper()
	err := s.View(b.Context(), func(tx store.Tx) error { _, err := tx.Get(key); return err })
	if err != nil {
		b.Error(err)
	}
}

func benchRead(b *testing.B, s *Store) {
	b.Helper()
	for b.Loop() {
		readOne(b, s, benchKey(rand.IntN(benchKeys)))
	}
}

// benchPage lists n API keys from a random place.
func benchPage(b *testing.B, s *Store, n int) {
	b.Helper()
	for b.Loop() {
		err := s.View(b.Context(), func(tx store.Tx) error {
			got := 0
			for _, err := range tx.Scan("apikey/", benchKey(rand.IntN(benchKeys))) {
				if err != nil {
					return err
				}
				if got++; got == n {
					break
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchTree reads all methods of one API, as a deployment does.
func benchTree(b *testing.B, s *Store) {
	b.Helper()
	for b.Loop() {
		api := benchMethod(rand.IntN(benchAPIs) * benchMethods)
		err := s.View(b.Context(), func(tx store.Tx) error {
			got := 0
			for _, err := range tx.Scan(api[:len("rest/0000000000/method/")], "") {
				if err != nil {
					return err
				}
				got++
			}
			if got != benchMethods {
				return fmt.Errorf("%d methods", got)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchWrite replaces random API keys from n goroutines, each durable.
func benchWrite(b *testing.B, s *Store, n int) {
	b.Helper()
	left := atomic.Int64{}
	left.Store(int64(b.N))
	done := make(chan error, n)
	b.ResetTimer()
	for range n {
		go func() {
			for left.Add(-1) >= 0 {
				key := benchKey(rand.IntN(benchKeys))
				doc := benchDoc(b, key, 280)
				if err := s.Update(b.Context(), func(tx store.Tx) error { return tx.Put(key, doc) }); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range n {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}
