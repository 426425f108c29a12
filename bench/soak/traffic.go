package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tally is what became of one kind of traffic.
type tally struct {
	Right int64    `json:"right"`
	Wrong int64    `json:"wrong"`
	First []string `json:"first_wrong,omitempty"`
}

// traffic is clients of all sorts.
type traffic struct {
	g       *gateway
	mu      sync.Mutex
	tallies map[string]*tally
	n       atomic.Int64
}

func newTraffic(g *gateway) *traffic {
	t := &traffic{g: g}
	t.reset()
	return t
}

func (t *traffic) reset() { t.tallies = map[string]*tally{} }

func (t *traffic) note(kind string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.tallies[kind]
	if k == nil {
		k = &tally{}
		t.tallies[kind] = k
	}
	if err == nil {
		k.Right++
		return
	}
	if k.Wrong++; len(k.First) < 10 {
		k.First = append(k.First, time.Now().UTC().Format(time.TimeOnly)+" "+err.Error())
	}
}

func (t *traffic) wrong() (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.tallies {
		n += k.Wrong
	}
	return n
}

func (t *traffic) summary() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var right, wrong int64
	var where []string
	for name, k := range t.tallies {
		right, wrong = right+k.Right, wrong+k.Wrong
		if k.Wrong > 0 {
			where = append(where, name)
		}
	}
	slices.Sort(where)
	return fmt.Sprintf("right %d wrong %d %s", right, wrong, strings.Join(where, ","))
}

// work is a kind of traffic: how many do it at a time, and how long each rests
// after each turn.
type work struct {
	name  string
	many  int
	pause time.Duration
	do    func(*worker) error
}

// worker is one client.
type worker struct {
	t      *traffic
	client *http.Client
	n      int64
}

func works() []work {
	return []work{
		{"keepalive", 4, 20 * time.Millisecond, func(w *worker) error { return w.ask(w.plain("echo"), 200, w.echo()) }},
		{"churn", 3, 20 * time.Millisecond, func(w *worker) error {
			defer w.client.CloseIdleConnections()
			return w.ask(w.plain("echo"), 200, w.echo())
		}},
		{"http2", 4, 20 * time.Millisecond, func(w *worker) error { return w.ask(w.secure("echo"), 200, w.echo()) }},
		{"tls", 2, 20 * time.Millisecond, (*worker).tls1},
		{"tls churn", 2, 100 * time.Millisecond, func(w *worker) error {
			defer w.client.CloseIdleConnections()
			return w.tls1()
		}},
		{"mock", 2, 10 * time.Millisecond, func(w *worker) error {
			return w.ask("http://"+w.t.g.plain+"/_aws/execute-api/soak/prod/mock", 200, `{"mock":true}`)
		}},
		{"no route", 1, 50 * time.Millisecond, func(w *worker) error { return w.ask(w.plain("none"), 403, "") }},
		{"function", 2, 50 * time.Millisecond, func(w *worker) error { return w.ask(w.plain("fn"), 200, fmt.Sprintf("fn %d", w.n)) }},
		{"upload", 2, 100 * time.Millisecond, (*worker).upload},
		{"slow upload", 2, 100 * time.Millisecond, (*worker).slowUpload},
		{"slow reader", 3, 100 * time.Millisecond, func(w *worker) error { return w.readSlowly(w.plain("big")) }},
		{"slow reader http2", 2, 100 * time.Millisecond, func(w *worker) error { return w.readSlowly(w.secure("big")) }},
		{"gone reader", 2, 100 * time.Millisecond, (*worker).goneReader},
		{"aborted upload", 2, 50 * time.Millisecond, (*worker).abortedUpload},
		{"reset", 2, 50 * time.Millisecond, (*worker).reset},
		{"cancelled http2", 1, 50 * time.Millisecond, (*worker).cancelled},
		{"broken request", 2, 50 * time.Millisecond, (*worker).broken},
		{"broken tls", 1, 200 * time.Millisecond, (*worker).brokenTLS},
		{"idle", 2, time.Second, (*worker).idle},
		{"dead back end", 1, 100 * time.Millisecond, func(w *worker) error { return w.askFailing("dead") }},
		{"slow back end", 3, 0, func(w *worker) error { return w.ask(w.plain("slow"), 200, w.echo()) }},
		{"silent back end", 1, 0, func(w *worker) error { return w.ask(w.plain("never"), 504, "") }},
		{"flapping back end", 2, 50 * time.Millisecond, func(w *worker) error { return w.askFailing("flap") }},
		{"breaking back end", 1, 100 * time.Millisecond, (*worker).breaking},
		{"deployment", 1, 10 * time.Second, func(w *worker) error { return w.t.g.deploy() }},
	}
}

// run makes traffic for a while and has somebody look at samples.
func (t *traffic) run(ctx context.Context, length time.Duration, look func(sample)) {
	ctx, stop := context.WithTimeout(ctx, length)
	defer stop()
	var all sync.WaitGroup
	for _, k := range works() {
		for range k.many {
			w := &worker{t: t, client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
				ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, IdleConnTimeout: 20 * time.Second,
			}}}
			if strings.HasPrefix(k.name, "tls") {
				w.client.Transport.(*http.Transport).ForceAttemptHTTP2 = false
			}
			all.Go(func() {
				defer w.client.CloseIdleConnections()
				for ctx.Err() == nil {
					w.n = t.n.Add(1)
					t.note(k.name, k.do(w))
					rest(ctx, k.pause/2+rand.N(k.pause+1))
				}
			})
		}
	}
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			if s, err := t.g.sample(); err == nil {
				look(s)
			} else {
				t.note("admin", err)
			}
		}
	}
	all.Wait()
}

func (w *worker) path(name string) string {
	return fmt.Sprintf("/_aws/execute-api/soak/prod/%s/%d", name, w.n)
}
func (w *worker) plain(name string) string  { return "http://" + w.t.g.plain + w.path(name) }
func (w *worker) secure(name string) string { return "https://" + w.t.g.tls + w.path(name) }
func (w *worker) echo() string              { return fmt.Sprintf("echo %d", w.n) }

// ask makes a GET whose answer is known; an empty body is any.
func (w *worker) ask(url string, status int, body string) error {
	resp, err := w.client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != status, body != "" && body != string(b):
		return fmt.Errorf("%s: %d %.100q, want %d %q", url, resp.StatusCode, b, status, body)
	case strings.HasPrefix(url, "https") && w.client.Transport.(*http.Transport).ForceAttemptHTTP2 && resp.ProtoMajor != 2:
		return fmt.Errorf("%s: over %s", url, resp.Proto)
	}
	return nil
}

func (w *worker) tls1() error { return w.ask(w.secure("echo"), 200, w.echo()) }

// askFailing is a GET to a back end that may be away: the gateway says so.
func (w *worker) askFailing(name string) error {
	resp, err := w.client.Get(w.plain(name))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 500 && strings.Contains(string(b), `"message"`) || resp.StatusCode == 200 && string(b) == w.echo() {
		return nil
	}
	return fmt.Errorf("%s: %d %.100q", name, resp.StatusCode, b)
}

// breaking gets an answer whose back end breaks off: it must not look whole.
func (w *worker) breaking() error {
	resp, err := w.client.Get(w.plain("breaks"))
	if err != nil {
		return nil //nolint:nilerr // broken off before the head
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err == nil && resp.StatusCode == 200 {
		return fmt.Errorf("breaks: %d bytes came as a whole answer", len(b))
	}
	return nil
}

func (w *worker) post(url string, body io.Reader, length int64, want string) error {
	req, err := http.NewRequest(http.MethodPost, url, body)
	if err != nil {
		return err
	}
	req.ContentLength = length
	resp, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && string(b) != want {
		err = fmt.Errorf("%s: %d %.100q, want %q", url, resp.StatusCode, b, want)
	}
	return err
}

func (w *worker) upload() error {
	body := text(fmt.Sprint(w.n), 200_000+rand.N(300_000))
	url, length := w.plain("sum"), int64(len(body))
	if w.n%2 == 0 {
		url = w.secure("sum")
	}
	if w.n%3 == 0 {
		length = -1 // chunked
	}
	return w.post(url, strings.NewReader(string(body)), length, sum(body))
}

// dripping gives a few bytes at a time.
type dripping struct {
	left  []byte
	piece int
}

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.left) == 0 {
		return 0, io.EOF
	}
	time.Sleep(20 * time.Millisecond)
	n := copy(p[:min(len(p), d.piece)], d.left)
	d.left = d.left[n:]
	return n, nil
}

func (w *worker) slowUpload() error {
	body := text(fmt.Sprint(w.n), 40_000)
	return w.post(w.plain("sum"), &dripping{body, 1000}, int64(len(body)), sum(body))
}

func (w *worker) readSlowly(url string) error {
	resp, err := w.client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var got []byte
	part := make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(resp.Body, part)
		got = append(got, part[:n]...)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
		time.Sleep(30 * time.Millisecond)
	}
	if want := text(fmt.Sprint(w.n), bigBody); sum(got) != sum(want) {
		return fmt.Errorf("%s: %d, %d bytes that are not right", url, resp.StatusCode, len(got))
	}
	return nil
}

// dial is a bare connection.
func (w *worker) dial() (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", w.t.g.plain, 10*time.Second)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return c.(*net.TCPConn), nil
}

// goneReader goes away within a large answer.
func (w *worker) goneReader() error {
	c, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", w.path("big"))
	part := make([]byte, 1000)
	_, err = io.ReadFull(c, part)
	if err == nil && !strings.HasPrefix(string(part), "HTTP/1.1 200 ") {
		err = fmt.Errorf("big: %.100q", part)
	}
	return err
}

// abortedUpload goes away within a body.
func (w *worker) abortedUpload() error {
	c, err := w.dial()
	if err != nil {
		return err
	}
	fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", w.path("sum"))
	_, _ = c.Write(text("x", rand.N(60_000)))
	time.Sleep(rand.N(20 * time.Millisecond))
	if w.n%2 == 0 {
		_ = c.SetLinger(0)
	}
	return c.Close()
}

// reset resets a connection at any point of a request.
func (w *worker) reset() error {
	c, err := w.dial()
	if err != nil {
		return err
	}
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: h\r\n\r\n", w.path("slow"))
	_, _ = io.WriteString(c, request[:rand.N(len(request))+1])
	time.Sleep(rand.N(30 * time.Millisecond))
	_ = c.SetLinger(0)
	return c.Close()
}

// cancelled gives streams up.
func (w *worker) cancelled() error {
	ctx, stop := context.WithTimeout(context.Background(), rand.N(40*time.Millisecond))
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.secure("slow"), nil)
	if err != nil {
		return err
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil //nolint:nilerr // that is the point
	}
	return resp.Body.Close()
}

// broken sends what is no request: a 400 and the end.
func (w *worker) broken() error {
	c, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	bad := []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n",
	}
	_, _ = io.WriteString(c, bad[w.n%int64(len(bad))])
	b, err := io.ReadAll(c)
	if err == nil && !strings.HasPrefix(string(b), "HTTP/1.1 400 ") {
		err = fmt.Errorf("broken %d: %.100q", w.n%int64(len(bad)), b)
	}
	return err
}

// brokenTLS is no handshake: an alert or nothing, and the end.
func (w *worker) brokenTLS() error {
	c, err := net.DialTimeout("tcp", w.t.g.tls, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	_, err = io.ReadAll(c)
	if errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// idle connects and says nothing: it is closed in time.
func (w *worker) idle() error {
	c, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
		return fmt.Errorf("idle: %q, %w", b, err)
	}
	return nil
}
