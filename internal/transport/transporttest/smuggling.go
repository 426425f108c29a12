package transporttest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Target is the gateway that RunSmuggling tests: the routes ANY /, /a, /b,
// /public/{proxy+} and /smuggled pass requests on to the Upstream, with their
// path and query as they are; /admin is denied with 401 or 403. ANY is what it
// is in API Gateway: DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT.
type Target struct {
	Addr string
	TLS  *tls.Config // nil: plain

	// Quiet is how long to wait for more of an answer. A case that fails is
	// tried again with much more patience, so it can be short. Default 40ms.
	Quiet time.Duration
	// Strip is what the gateway's routes put before the path towards the
	// upstream, if it cannot be without: the runner cuts it off.
	Strip string
}

type smuggling struct {
	ID, Class, Rule, Why string
	Raw                  []byte
	Parts                []part
	Outcomes             []outcome
}

type part struct {
	Raw    []byte
	Repeat string
	Count  int
}

type outcome struct {
	Status         any // a list of codes, "backend", "wait" or "http2"
	Close          bool
	Forwarded      []forwarded
	Interim        []int
	NoInterim      bool
	NotStatus      []int
	ResponseAbsent []string
}

type forwarded struct {
	Path, Target, Query, Route, Method *string
	Body                               *string
	Headers                            map[string]string
	Absent                             []string
}

// RunSmuggling sends every case of conformance/http1/smuggling.json to the
// gateway, in one piece and, where it is small, byte by byte, and then asks for
// GET /b on the same connection. It checks the answers, what the upstream got,
// and that nothing in a body ever became a request of its own.
func RunSmuggling(t *testing.T, gw Target, up *Upstream) {
	t.Helper()
	if gw.Quiet == 0 {
		gw.Quiet = 40 * time.Millisecond
	}
	all := load(t)
	var others []string
	for _, c := range all {
		raw := c.bytes()
		for _, way := range []string{"whole", "bytes"} {
			if way == "bytes" && len(raw) > 600 {
				continue
			}
			t.Run(c.ID+"/"+way, func(t *testing.T) {
				got := gw.run(t, up, raw, way == "bytes")
				n, problems := c.judge(got)
				if n < 0 {
					patient := gw
					patient.Quiet = time.Second
					up.settle(gw.Quiet * 20) // what was late the first time is not to be seen now
					got = patient.run(t, up, raw, way == "bytes")
					n, problems = c.judge(got)
				}
				if n < 0 {
					t.Errorf("%s (%s)\nsent %.300q\nanswers %+v, closed %v, forwarded %+v\n%s",
						c.Why, c.Rule, raw, got.answers, got.closed, got.forwarded, strings.Join(problems, "\n"))
				}
				if n > 0 && way == "whole" {
					others = append(others, fmt.Sprintf("%s: %d", c.ID, n))
				}
			})
		}
	}
	t.Logf("%d cases, %d of them with another outcome than the first: %v", len(all), len(others), others)
}

// load reads the cases, or skips the test where they are not there.
func load(t *testing.T) (cases []smuggling) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Shared(t), "conformance", "http1", "smuggling.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// Shared is the folder of shared test data beside the repository, or the one
// that STAGEDOOR_SHARED names. Where there is none the test is skipped.
func Shared(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("STAGEDOOR_SHARED"); dir != "" {
		return dir
	}
	at, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		dir := filepath.Join(at, "shared")
		if _, err := os.Stat(filepath.Join(dir, "conformance")); err == nil {
			return dir
		}
	}
	t.Skip("no shared folder beside the repository and STAGEDOOR_SHARED is not set")
	return ""
}

func (c smuggling) bytes() []byte {
	if len(c.Parts) == 0 {
		return c.Raw
	}
	var b []byte
	for _, p := range c.Parts {
		b = append(b, p.Raw...)
		b = append(b, strings.Repeat(p.Repeat, p.Count)...)
	}
	return b
}

// seen is what one run of a case showed.
type seen struct {
	answers   []answer // to what was sent, then to the GET /b after it
	followed  bool     // GET /b was answered, as a request of its own
	closed    bool     // the gateway closed the connection before GET /b
	forwarded []Received
}

type answer struct {
	status  int
	backend bool // it is the upstream's
	header  http.Header
	broken  string // why it could not be read to its end
}

func (gw Target) dial(t *testing.T) net.Conn {
	t.Helper()
	var c net.Conn
	var err error
	if gw.TLS == nil {
		c, err = net.Dial("tcp", gw.Addr) //nolint:noctx // of a test
	} else {
		config := gw.TLS.Clone()
		config.NextProtos = []string{"http/1.1"}
		c, err = tls.Dial("tcp", gw.Addr, config) //nolint:noctx // of a test
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (gw Target) run(t *testing.T, up *Upstream, raw []byte, split bool) (got seen) {
	t.Helper()
	before := len(up.Received())
	c := gw.dial(t)
	defer c.Close() //nolint:errcheck // of a test
	sent := make(chan struct{})
	go func() { // the gateway may answer before it has read everything
		defer close(sent)
		step := len(raw)
		if split {
			step = 1
		}
		for at := 0; at < len(raw); at += step {
			if _, err := c.Write(raw[at:min(len(raw), at+step)]); err != nil {
				return
			}
		}
	}()
	in := &quietReader{c: c, quiet: gw.Quiet, sent: sent}
	br := bufio.NewReader(in)
	methods := methodsOf(raw)
	got.answers, got.closed = readAnswers(br, in, methods)
	<-sent
	if !got.closed {
		// What is left unread after a refusal must never be taken for a request.
		_, werr := io.WriteString(c, "GET /b HTTP/1.1\r\nHost: api.test\r\n\r\n")
		in.timedOut = false
		more, closed := readAnswers(br, in, []string{"GET"})
		got.followed = werr == nil && len(more) == 1 && more[0].broken == "" && more[0].backend
		if !got.followed && !closed {
			got.answers = append(got.answers, more...)
		}
		if !got.followed {
			got.closed = closed || werr != nil
		}
	}
	got.forwarded = append(got.forwarded, up.Received()[before:]...)
	for i := range got.forwarded {
		got.forwarded[i].Target = strings.TrimPrefix(got.forwarded[i].Target, gw.Strip)
	}
	if n := len(got.forwarded); got.followed && n > 0 && got.forwarded[n-1].Target == "/b" {
		got.forwarded = got.forwarded[:n-1]
	}
	return got
}

// methodsOf are the methods of the requests that may be meant by raw, so that
// answers to HEAD are read as such.
func methodsOf(raw []byte) []string {
	if bytes.HasPrefix(raw, []byte("HEAD ")) {
		return []string{"HEAD"}
	}
	return nil
}

// quietReader reads until nothing has come for a while after all was sent.
type quietReader struct {
	c        net.Conn
	quiet    time.Duration
	sent     chan struct{}
	timedOut bool
	ended    bool
}

func (q *quietReader) Read(p []byte) (int, error) {
	for {
		if err := q.c.SetReadDeadline(time.Now().Add(q.quiet)); err != nil {
			return 0, err
		}
		n, err := q.c.Read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			select {
			case <-q.sent:
				q.timedOut = true
				return 0, err
			default:
				continue
			}
		}
		q.ended = true
		return 0, err
	}
}

// readAnswers reads answers until the connection ends or stays quiet.
func readAnswers(br *bufio.Reader, in *quietReader, methods []string) (got []answer, closed bool) {
	for i := 0; ; i++ {
		if _, err := br.Peek(1); err != nil {
			return got, in.ended
		}
		method := "GET"
		if i < len(methods) {
			method = methods[i]
		}
		res, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return append(got, answer{broken: err.Error()}), in.ended
		}
		a := answer{status: res.StatusCode, backend: res.Header.Get("X-Upstream") != "", header: res.Header}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			a.broken = err.Error()
		}
		_ = res.Body.Close()
		if res.TransferEncoding != nil {
			a.header.Set("Transfer-Encoding", res.TransferEncoding[0])
		}
		got = append(got, a)
	}
}
