// Command steady asks one URL over plain HTTP and one over TLS without a pause,
// on connections that are kept and on new ones, over HTTP/1.1 and HTTP/2, and
// reports every request that got no answer or another one. It never asks again.
//
//	steady -plain http://HOST:PORT/PATH -tls https://HOST:PORT/PATH -body TEXT [-for 1m]
//
// It ends after -for or with SIGTERM: with 0 if no request was lost.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// asker is one client.
type asker struct {
	kind, url, body string
	keep            bool
	pause           time.Duration
	conn            net.Conn
	br              *bufio.Reader
	http2           *http.Client
}

// count is what became of a kind of client.
type count struct {
	Answered int64         `json:"answered"`
	Refused  int64         `json:"refused"`
	Lost     int64         `json:"lost"`
	Wrong    int64         `json:"wrong"`
	Closed   int64         `json:"told_to_close"`
	Slowest  time.Duration `json:"slowest_ns"`
	First    []string      `json:"first,omitempty"`
}

var (
	errRefused = errors.New("refused")
	errWrong   = errors.New("wrong answer")
)

func main() {
	plain, secure := flag.String("plain", "", "URL"), flag.String("tls", "", "URL")
	body := flag.String("body", "", "what is answered")
	length := flag.Duration("for", time.Minute, "how long")
	many := flag.Int("n", 4, "clients of a kind")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *length)
	defer cancel()
	counts := map[string]*count{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, at := range []struct{ name, url string }{{"plain", *plain}, {"tls", *secure}} {
		if at.url == "" {
			continue
		}
		kinds := []asker{
			{kind: "keepalive", keep: true}, {kind: "keepalive with pauses", keep: true, pause: 30 * time.Millisecond}, {kind: "new connections"},
		}
		if at.name == "tls" {
			kinds = append(kinds, asker{kind: "http2", keep: true, http2: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
				ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxConnsPerHost: 2,
			}}})
		}
		for _, k := range kinds {
			c := &count{}
			counts[at.name+", "+k.kind] = c
			for range *many {
				a := k
				a.url, a.body = at.url, *body
				all.Go(func() {
					for ctx.Err() == nil {
						began := time.Now()
						closed, err := a.ask()
						mu.Lock()
						c.note(time.Since(began), closed, err)
						mu.Unlock()
						time.Sleep(a.pause)
					}
				})
			}
		}
	}
	all.Wait()
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	_ = out.Encode(counts)
	for _, c := range counts {
		if c.Refused+c.Lost+c.Wrong > 0 || c.Answered == 0 {
			os.Exit(1)
		}
	}
}

func (c *count) note(took time.Duration, closed bool, err error) {
	c.Slowest = max(c.Slowest, took)
	if closed {
		c.Closed++
	}
	switch {
	case err == nil:
		c.Answered++
		return
	case errors.Is(err, errRefused):
		c.Refused++
	case errors.Is(err, errWrong):
		c.Wrong++
	default:
		c.Lost++
	}
	if len(c.First) < 5 {
		c.First = append(c.First, time.Now().UTC().Format("15:04:05.000 ")+err.Error())
	}
}

// ask makes one request.
func (a *asker) ask() (closed bool, err error) {
	if a.http2 != nil {
		res, err := a.http2.Get(a.url)
		if err != nil {
			return false, err
		}
		if res.ProtoMajor != 2 {
			return false, fmt.Errorf("%w: over %s", errWrong, res.Proto)
		}
		return false, a.check(res)
	}
	u, err := url.Parse(a.url)
	if err != nil {
		return false, err
	}
	if a.conn == nil {
		if err := a.dial(u); err != nil {
			return false, err
		}
	}
	defer func() {
		if err != nil || closed || !a.keep {
			a.conn.Close()
			a.conn = nil
		}
	}()
	if _, err := fmt.Fprintf(a.conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", u.RequestURI(), u.Host); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(a.br, nil)
	if err != nil {
		return false, err
	}
	return res.Close, a.check(res)
}

func (a *asker) dial(u *url.URL) (err error) {
	if a.conn, err = net.DialTimeout("tcp", u.Host, 10*time.Second); err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	_ = a.conn.(*net.TCPConn).SetLinger(0) // or the machine runs out of ports
	if u.Scheme == "https" {
		c := tls.Client(a.conn, &tls.Config{InsecureSkipVerify: true})
		if err := c.Handshake(); err != nil {
			a.conn.Close()
			a.conn = nil
			return err
		}
		a.conn = c
	}
	a.br = bufio.NewReader(a.conn)
	return nil
}

func (a *asker) check(res *http.Response) error {
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != 200 || string(b) != a.body) {
		err = fmt.Errorf("%w: %d %.100q", errWrong, res.StatusCode, b)
	}
	return err
}
