package transport_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// scripted is a gateway on one of the drivers, with routes of all kinds.
type scripted struct {
	addr string
	s    *transport.Server
	ups  *transport.Upstreams
}

func scriptedGateway(t *testing.T, upstream string, loops bool, config *tls.Config) *scripted {
	t.Helper()
	ups := transport.NewUpstreams(transport.UpstreamConfig{MaxIdle: 3})
	t.Cleanup(ups.Close)
	steps := proxy(ups.Origin("http", upstream, "", false))
	waits := program.Step{Waits: true, Run: func(*program.Exchange) error { return nil }}
	panics := program.Step{Run: func(x *program.Exchange) error { panic("on purpose") }}
	buffered := append([]program.Step{}, steps...)
	buffered[0] = program.Step{Run: func(x *program.Exchange) error {
		x.Call.Buffer = 30000
		return steps[0].Run(x)
	}}
	buffered[1] = program.Step{Run: func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = x.Reply.Response.Status, x.Reply.Body
		return nil
	}}
	echo := program.Step{Run: func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = 200, x.KeepBytes(x.Request.Target, x.Body)
		return nil
	}}
	cfg := transport.Config{Upstreams: ups, Log: slog.New(slog.DiscardHandler), MaxBody: 120000, Handler: routes{
		"/stream": {Body: program.BodyStream, Steps: steps},
		"/buffer": {Body: program.BodyBuffer, Steps: steps},
		"/reply":  {Body: program.BodyStream, Steps: buffered},
		"/wait":   {Body: program.BodyStream, Steps: append([]program.Step{waits}, steps...)},
		"/twice":  {Body: program.BodyBuffer, Steps: append([]program.Step{buffered[0]}, steps...)},
		"/small":  {Body: program.BodyBuffer, MaxBody: 500, Steps: []program.Step{echo}},
		"/echo":   {Body: program.BodyBuffer, Steps: []program.Step{echo}},
		"/drop":   {Body: program.BodyDiscard, Steps: []program.Step{echo}},
		"/panic":  {Body: program.BodyBuffer, Steps: []program.Step{panics}},
		"/late":   {Body: program.BodyStream, Steps: append(append([]program.Step{}, steps...), panics)},
	}}
	if loops {
		cfg.Loops = transport.NewLoops(transport.LoopsConfig{Upstreams: ups, N: 1})
	}
	before := engine
	engine = "goroutine" // what start adds otherwise
	defer func() { engine = before }()
	g := &scripted{ups: ups}
	g.addr, g.s, _ = startTLS(t, cfg, config)
	return g
}

// scriptedUpstream answers as the query of a request's target asks it to.
func scriptedUpstream(c net.Conn, br *bufio.Reader) {
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		length, chunked := 0, false
		for {
			field, err := br.ReadString('\n')
			if err != nil {
				return
			}
			if field == "\r\n" {
				break
			}
			name, value, _ := strings.Cut(strings.TrimSpace(field), ": ")
			switch strings.ToLower(name) {
			case "content-length":
				length, _ = strconv.Atoi(value)
			case "transfer-encoding":
				chunked = true
			}
		}
		body, err := scriptedBody(br, length, chunked)
		if err != nil {
			return
		}
		word := strings.Fields(line)
		how := strings.Split(word[1][strings.IndexByte(word[1], '?')+1:], ",")
		size, _ := strconv.Atoi(how[1])
		if !scriptedAnswer(c, how[0], word[0], fmt.Sprintf("%s %d %x", word[1], len(body), checksum(body)), size) {
			return
		}
	}
}

func checksum(b []byte) (sum uint32) {
	for _, c := range b {
		sum = sum*31 + uint32(c)
	}
	return sum
}

func scriptedBody(br *bufio.Reader, length int, chunked bool) (body []byte, err error) {
	if !chunked {
		return io.ReadAll(io.LimitReader(br, int64(length)))
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return nil, err
		}
		piece := make([]byte, n+2)
		if _, err := io.ReadFull(br, piece); err != nil || n == 0 {
			return body, err
		}
		body = append(body, piece[:n]...)
	}
}

// scriptedAnswer says whether the connection goes on.
func scriptedAnswer(c net.Conn, how, method, what string, size int) (more bool) {
	if how == "extra" {
		size = min(size, 20000) // it comes in one piece, or it would be taken for the next answer
	}
	body := what + strings.Repeat("z", size)
	head := func(fields string) string { return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" }
	sized := head(fmt.Sprintf("Content-Length: %d\r\n", len(body)))
	if method == "HEAD" {
		_, err := io.WriteString(c, sized)
		return err == nil
	}
	out, more := sized+body, true
	switch how {
	case "chunked":
		half := len(body) / 2
		out = head("Transfer-Encoding: chunked\r\n") + fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], len(body)-half, body[half:])
	case "close":
		out, more = head("Connection: close\r\n")+body, false
	case "last":
		out, more = head(fmt.Sprintf("Content-Length: %d\r\nConnection: close\r\n", len(body)))+body, false
	case "interim":
		out = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + out
	case "switch":
		out = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
	case "none":
		out = "HTTP/1.1 204 No Content\r\n\r\n"
	case "unchanged":
		out = "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"
	case "junk":
		out, more = "HTTP/1.1 two hundred\r\n\r\n", false
	case "extra":
		out += "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	case "silent":
		return false
	case "halfhead":
		out, more = out[:20], false
	case "torn":
		for _, part := range []string{out[:10], out[10:len(sized)], out[len(sized) : len(sized)+3], out[len(sized)+3:]} {
			if _, err := io.WriteString(c, part); err != nil {
				return false
			}
			time.Sleep(200 * time.Microsecond)
		}
		return true
	}
	_, err := io.WriteString(c, out)
	return err == nil && more
}

// script is what one client sends on one connection, and how.
type script struct {
	raw    string
	pieces []int // bytes at a time; the last is the rest
	pauses []bool
	slow   bool // it reads late
	ends   bool // the last request says that it is the last
}

func newScript(r *rand.Rand) (s script) {
	methods := []string{"GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "PATCH"}
	paths := []string{"/stream", "/stream", "/stream", "/buffer", "/reply", "/wait", "/twice", "/small", "/echo", "/drop", "/panic", "/late"}
	hows := []string{
		"plain", "plain", "plain", "plain", "chunked", "close", "last", "interim", "switch", "none", "unchanged", "junk", "extra",
		"silent", "halfhead", "torn",
	}
	sizes := []int{0, 0, 1, 10, 100, 1000, 5000, 11000, 12200, 16300, 20000, 40000, 90000}
	bodies := []int{0, 1, 10, 499, 500, 501, 2000, 4000, 4090, 9000, 33000, 100000, 130000}
	var b strings.Builder
	for i := range 1 + r.IntN(8) {
		method := methods[r.IntN(len(methods))]
		minor, last := min(1, r.IntN(20)), r.IntN(30) == 0
		fmt.Fprintf(&b, "%s %s?%s,%d,%d HTTP/1.%d\r\nHost: h\r\n", method, paths[r.IntN(len(paths))], hows[r.IntN(len(hows))], sizes[r.IntN(len(sizes))], i, minor)
		if last {
			b.WriteString("Connection: close\r\n")
		}
		if r.IntN(60) == 0 {
			b.WriteString("Bad field\r\n")
		}
		if method == "GET" || method == "HEAD" || r.IntN(4) == 0 {
			b.WriteString("\r\n")
		} else {
			scriptBody(r, &b, strings.Repeat(string(rune('a'+i)), bodies[r.IntN(len(bodies)-r.IntN(9))]))
		}
		if s.ends = minor == 0 || last; s.ends {
			break // who sends more after its last request may lose the answer to it
		}
	}
	s.raw, s.slow = b.String(), r.IntN(10) == 0
	for left := len(s.raw); left > 0 && len(s.pieces) < 12; {
		n := 1 + r.IntN(left)
		if r.IntN(2) == 0 {
			n = min(left, 1+r.IntN(300))
		}
		s.pieces, s.pauses = append(s.pieces, n), append(s.pauses, r.IntN(3) == 0)
		left -= n
	}
	return s
}

// scriptBody adds a body, framed in some way.
func scriptBody(r *rand.Rand, b *strings.Builder, body string) {
	if r.IntN(12) == 0 {
		b.WriteString("Expect: 100-continue\r\n")
	}
	if r.IntN(3) > 0 {
		fmt.Fprintf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
		return
	}
	b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	for len(body) > 0 {
		part := min(len(body), 1+r.IntN(3000))
		fmt.Fprintf(b, "%x\r\n%s\r\n", part, body[:part])
		body = body[part:]
	}
	b.WriteString("0\r\n\r\n")
}

var (
	changing = regexp.MustCompile(`(?i)\r\ndate: [^\r]*`)
	chunking = regexp.MustCompile(`\r\n[0-9a-f]+\r\n|\r\n\r\n`)
)

// play sends the script and returns all that comes back.
func (s *script) play(t *testing.T, addr string, config *tls.Config) (got string, err error) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer nc.Close()
	if config != nil {
		nc = tls.Client(nc, config)
	}
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second)) // it was just opened
	var sending sync.WaitGroup
	sending.Go(func() {
		rest := s.raw
		for i, n := range s.pieces {
			if i == len(s.pieces)-1 {
				n = len(rest)
			}
			if _, err := io.WriteString(nc, rest[:n]); err != nil {
				return // it was refused
			}
			if rest = rest[n:]; s.pauses[i] {
				time.Sleep(300 * time.Microsecond)
			}
		}
		if c, ok := nc.(interface{ CloseWrite() error }); ok && !s.ends {
			_ = c.CloseWrite() // who has closed it already does not mind
		}
	})
	if s.slow {
		time.Sleep(20 * time.Millisecond)
	}
	b, err := io.ReadAll(nc)
	if err != nil {
		_ = nc.Close()
	}
	sending.Wait()
	return changing.ReplaceAllString(string(b), ""), err
}

// flat leaves out where chunks begin and end, which depends on when they came.
func flat(s string) string { return chunking.ReplaceAllString(s, "\n") }

// TestScripts plays random scripts against both drivers: pipelined requests in
// pieces, bodies of all sizes and framings, back ends that behave in every way.
// What comes back is the same, byte for byte but for where chunks end.
// STAGEDOOR_SCRIPTS is for how long it does so.
func TestScripts(t *testing.T) {
	if !transport.HasLoops || engine != "epoll" {
		t.Skip("there is nothing to compare with, or it was done")
	}
	lasts, err := time.ParseDuration(os.Getenv("STAGEDOOR_SCRIPTS"))
	if err != nil {
		lasts = time.Second
	}
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	upstream := backEnd(t, scriptedUpstream)
	t.Run("plain", func(t *testing.T) { playScripts(t, lasts, upstream, nil, nil) })
	t.Run("tls", func(t *testing.T) {
		playScripts(t, lasts, upstream, &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	})
}

func playScripts(t *testing.T, lasts time.Duration, upstream string, server, client *tls.Config) {
	t.Helper()
	plain, loops := scriptedGateway(t, upstream, false, server), scriptedGateway(t, upstream, true, server)
	var wg sync.WaitGroup
	end := time.Now().Add(lasts)
	first := uint64(time.Now().UnixNano())
	played := make([]int, 12)
	for at := range played {
		wg.Go(func() {
			for seed := first + uint64(at)<<40; time.Now().Before(end) && !t.Failed(); seed++ {
				s := newScript(rand.New(rand.NewPCG(seed, 7)))
				want, werr := s.play(t, plain.addr, client)
				got, gerr := s.play(t, loops.addr, client)
				if flat(got) != flat(want) || (werr == nil) != (gerr == nil) {
					t.Errorf("seed %d, loops against goroutines: %v, %v, %s\nscript: %.3000q", seed, gerr, werr, cmp.Diff(short(want), short(got)), s.raw)
				}
				played[at]++
			}
		})
	}
	wg.Wait()
	n := 0
	for _, p := range played {
		n += p
	}
	t.Logf("%d scripts, %d requests on loops, %d on goroutines", n, loops.s.Counters.Requests.Load(), plain.s.Counters.Requests.Load())
}

// short is what of answers fits on a screen.
func short(s string) string {
	return regexp.MustCompile(`z{20,}`).ReplaceAllStringFunc(s, func(z string) string { return fmt.Sprintf("<%d z>", len(z)) })
}
