package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// upstreams are back ends of all sorts.
type upstreams struct {
	at      map[string]string
	servers []*http.Server
	wg      sync.WaitGroup
	end     context.CancelFunc
}

func (u *upstreams) names() []string         { return slices.Sorted(maps.Keys(u.at)) }
func (u *upstreams) addr(name string) string { return u.at[name] }

const bigBody = 1 << 20

// text is the body that belongs to a number.
func text(n string, size int) []byte {
	line := "line of " + n + "\n"
	return []byte(strings.Repeat(line, size/len(line)+1)[:size])
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func startUpstreams(ctx context.Context) *upstreams {
	ctx, end := context.WithCancel(ctx)
	u := &upstreams{at: map[string]string{"dead": freePort()}, end: end}
	u.serve("echo", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "echo %s", r.URL.Path[1:])
	})
	u.serve("big", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(text(r.URL.Path[1:], bigBody)) })
	u.serve("sum", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, sum(b))
	})
	u.serve("slow", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		select {
		case <-time.After(time.Duration(n%400) * time.Millisecond):
		case <-r.Context().Done():
		}
		fmt.Fprintf(w, "echo %s", r.URL.Path[1:])
	})
	u.serve("breaks", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(text(r.URL.Path[1:], 40_000))
		panic(http.ErrAbortHandler) // resets the connection within the body
	})
	u.serve("never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	u.flap(ctx)
	return u
}

func (u *upstreams) serve(name string, f http.HandlerFunc) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &http.Server{Handler: f}
	u.at[name], u.servers = ln.Addr().String(), append(u.servers, s)
	u.wg.Go(func() { _ = s.Serve(ln) })
}

// flap is a back end that is there for two seconds and away for one.
func (u *upstreams) flap(ctx context.Context) {
	addr := freePort()
	u.at["flap"] = addr
	u.wg.Go(func() {
		for ctx.Err() == nil {
			ln, err := net.Listen("tcp", addr)
			if err != nil {
				time.Sleep(50 * time.Millisecond)
				continue
			}
			s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "echo %s", r.URL.Path[1:]) })}
			go func() { _ = s.Serve(ln) }()
			rest(ctx, 2*time.Second)
			_ = s.Close()
			rest(ctx, time.Second)
		}
	})
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (u *upstreams) close() {
	u.end()
	for _, s := range u.servers {
		_ = s.Close()
	}
	u.wg.Wait()
}
