package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// smuggling is one case of conformance/http1/smuggling.json.
type smuggling struct {
	ID    string
	Raw   string
	Parts []struct {
		Raw    string
		Repeat string
		Count  int
	}
	Outcomes []outcome
}

type outcome struct {
	Status         json.RawMessage
	Close          bool
	Forwarded      *[]forwarded
	Interim        []int
	NoInterim      bool
	NotStatus      []int
	ResponseAbsent []string
}

type forwarded struct {
	Method, Path, Target, Query, Route *string
	Body                               *string
	Headers                            map[string]string
	Absent                             []string
}

// bytes are what the client sends.
func (s *smuggling) bytes(t *testing.T) []byte {
	t.Helper()
	raw := func(text string) []byte {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	out := raw(s.Raw)
	for _, p := range s.Parts {
		out = append(out, raw(p.Raw)...)
		if p.Repeat != "" {
			again, err := base64.StdEncoding.DecodeString(p.Repeat)
			if err != nil {
				again = []byte(p.Repeat)
			}
			out = append(out, bytes.Repeat(again, p.Count)...)
		}
	}
	return out
}

func shared(t *testing.T, name string) []byte {
	t.Helper()
	dirs := []string{os.Getenv("STAGEDOOR_SHARED")}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := wd; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		dirs = append(dirs, filepath.Join(dir, "..", "shared"))
	}
	for _, dir := range dirs {
		if doc, err := os.ReadFile(filepath.Join(dir, name)); dir != "" && err == nil {
			return doc
		}
	}
	t.Skipf("no conformance data %s here", name)
	return nil
}

// recorder is a back end that writes down each complete request.
type recorder struct {
	mu   sync.Mutex
	seen []*http.Request
	body []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // seen in part only
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen, r.body = append(r.seen, q), append(r.body, string(body))
	_, _ = io.WriteString(w, "backend")
}

// direct serves one stage without a stage's segment, as a custom domain does.
type direct struct {
	g     *Gateway
	stage *program.Stage
}

func (d direct) Begin(x *program.Exchange) {
	x.Identify()
	x.FullPath, x.Path = oneSlash(x.Request.Path), oneSlash(x.Request.Path)
	if !route.Check(x.Path) {
		x.Route = d.g.fronts.badRequest
		return
	}
	x.Stage = d.stage
	x.Route, x.Params = d.stage.Router.Match(x.Method, x.Path, x.Params)
}

// smugglingServer is a gateway in front of a recorder.
func smugglingServer(t *testing.T) (addr string, back *recorder) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	back = &recorder{}
	listen := func() net.Listener {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	bln := listen()
	server := &http.Server{Handler: back, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(bln) }()
	methods := map[string]api.Integration{}
	for _, path := range []string{"/", "/a", "/b", "/smuggled", "/admin", "/public/{proxy+}"} {
		uri := "http://" + bln.Addr().String() + strings.Replace(path, "+", "", 1)
		methods["ANY "+path] = api.Integration{Type: "HTTP_PROXY", HTTPMethod: new("ANY"), URI: &uri, TimeoutMillis: 3000, RequestParameters: map[string]string{
			"integration.request.path.proxy": "method.request.path.proxy", "integration.request.header.Host": "'api.test'",
		}}
	}
	snap := frozen("abc", methods)
	for i := range snap.Methods {
		if snap.Methods[i].ResourceID == "/admin" {
			snap.Methods[i].AuthorizationType = "AWS_IAM"
		}
	}
	up := transport.NewUpstreams(transport.UpstreamConfig{})
	stage, err := compile.REST(compile.Env{Origins: up}, snap, api.Stage{Name: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	ln := listen()
	front := transport.NewServer(transport.Config{Handler: direct{stopped(t, nil).Gateway, stage}, Upstreams: up, Loops: loops(up), Grace: 100 * time.Millisecond})
	done := make(chan error, 1)
	go func() { done <- front.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		up.Close()
		_ = server.Close()
	})
	return ln.Addr().String(), back
}

// quiet is how long nothing comes before an answer counts as over.
const quiet = 400 * time.Millisecond

// drain reads until nothing comes or the connection ends.
func drain(conn net.Conn) (got []byte, closed bool) {
	buf := make([]byte, 64<<10)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(quiet))
		n, err := conn.Read(buf)
		got = append(got, buf[:n]...)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return got, false
		}
		if err != nil {
			return got, true
		}
	}
}

// statuses are those of the answers in what was read, and their heads.
func statusesOf(got []byte) (all []int, heads string) {
	r := bufio.NewReader(bytes.NewReader(got))
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return all, heads
		}
		all = append(all, resp.StatusCode)
		for name, values := range resp.Header {
			heads += name + ": " + strings.Join(values, ",") + "\n"
		}
		if slices.Contains(resp.TransferEncoding, "chunked") {
			heads += "Transfer-Encoding: chunked\n"
		}
		if resp.StatusCode < 200 {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// TestSmuggling plays the smuggling cases against compiled routes: what the
// back end sees of them, and what it never sees.
func TestSmuggling(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var cases []smuggling
	if err := json.Unmarshal(shared(t, "conformance/http1/smuggling.json"), &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 300 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			addr, back := smugglingServer(t)
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = conn.Write(c.bytes(t)) // it may be refused while it is sent
			got, closed := drain(conn)
			back.mu.Lock()
			seen, bodies := slices.Clone(back.seen), slices.Clone(back.body)
			back.mu.Unlock()
			if !closed {
				_, _ = io.WriteString(conn, "GET /b HTTP/1.1\r\nHost: api.test\r\n\r\n")
				_, closed = drain(conn)
			}
			var why []string
			for _, o := range c.Outcomes {
				reason := o.fits(got, closed, seen, bodies)
				if reason == "" {
					return
				}
				why = append(why, reason)
			}
			t.Errorf("no outcome fits: %s\nsent %.300q\ngot %.300q", strings.Join(why, "; "), c.bytes(t), got)
		})
	}
}

// fits says why an outcome is not what happened, or nothing.
func (o *outcome) fits(got []byte, closed bool, seen []*http.Request, bodies []string) string {
	all, heads := statusesOf(got)
	final := slices.DeleteFunc(slices.Clone(all), func(s int) bool { return s < 200 })
	var codes []int
	switch strings.Trim(string(o.Status), `"`) {
	case "backend":
		if len(final) == 0 || final[0] != 200 {
			return "not the back end's answer"
		}
	case "wait":
		if len(final) > 0 && final[0] != 408 {
			return "it did not wait"
		}
	case "http2":
		return "HTTP/2 is not spoken on a plain port"
	default:
		if err := json.Unmarshal(o.Status, &codes); err != nil {
			return "status " + string(o.Status)
		}
		if len(final) == 0 || !slices.Contains(codes, final[0]) {
			return "status not in " + string(o.Status)
		}
	}
	for _, code := range o.Interim {
		if !slices.Contains(all, code) {
			return "no interim " + strconv.Itoa(code)
		}
	}
	if o.NoInterim && len(all) != len(final) {
		return "an interim answer"
	}
	for _, code := range o.NotStatus {
		if slices.Contains(all, code) {
			return "status " + strconv.Itoa(code)
		}
	}
	for _, name := range o.ResponseAbsent {
		if strings.Contains(heads, name+":") {
			return "the answer has " + name
		}
	}
	if o.Close && !closed {
		return "the connection stays open"
	}
	return o.forwards(seen, bodies)
}

func (o *outcome) forwards(seen []*http.Request, bodies []string) string {
	if o.Forwarded == nil {
		return ""
	}
	want := *o.Forwarded
	if len(seen) != len(want) {
		return strconv.Itoa(len(seen)) + " requests forwarded, want " + strconv.Itoa(len(want))
	}
	differs := func(want *string, got string) bool { return want != nil && *want != got }
	for i, w := range want {
		q := seen[i]
		path, query, _ := strings.Cut(q.RequestURI, "?")
		if differs(w.Method, q.Method) || differs(w.Target, q.RequestURI) || differs(w.Path, path) || differs(w.Query, query) || differs(w.Body, bodies[i]) {
			return "forwarded " + q.Method + " " + q.RequestURI + " with body " + bodies[i]
		}
		for name, value := range w.Headers {
			if got := q.Header.Get(name); got != value && !(name == "Host" && q.Host == value) {
				return "header " + name + " is " + got
			}
		}
		for _, absent := range w.Absent {
			name, value, exact := strings.Cut(absent, ": ")
			if got := q.Header.Get(name); exact && got == value || !exact && got != "" {
				return "header " + name + " is there"
			}
		}
	}
	return ""
}
