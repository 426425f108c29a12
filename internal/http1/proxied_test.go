package http1_test

import (
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
)

const (
	proxyRequest = "GET /_aws/execute-api/bench/prod/proxy HTTP/1.1\r\nHost: 127.0.0.1:8501\r\n\r\n"

	originResponse = "HTTP/1.1 200 OK\r\nServer: nginx/1.26.3\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\n" +
		"Content-Type: application/json\r\nContent-Length: 128\r\nLast-Modified: Mon, 02 Jan 2006 15:04:05 GMT\r\n" +
		"Connection: keep-alive\r\nETag: \"65a1b2c3-80\"\r\n\r\n"
)

// proxied is all that the codec does for a request that is passed on, with the
// fields that a gateway adds on both ways.
type proxied struct {
	lim        http1.Limits
	raw, reply []byte
	in, out    http1.Request
	back       http1.Response
	answer     http1.Response
	fields     []http1.Field
	buf        []byte
	date       []byte
}

func newProxied(raw, reply string) *proxied {
	p := &proxied{
		lim: http1.Limits{}.Defaults(), raw: []byte(raw), reply: []byte(reply), date: []byte("Mon, 02 Jan 2006 15:04:05 GMT"),
		fields: fields("X-Amzn-Trace-Id", "Root=1-65a1b2c3-0123456789abcdef01234567", "x-amzn-apigateway-api-id", "bench",
			"X-Forwarded-For", "127.0.0.1", "X-Forwarded-Port", "8501", "X-Forwarded-Proto", "http",
			"x-amzn-RequestId", "01234567-89ab-cdef-0123-456789abcdef", "x-amz-apigw-id", "AbCdEfGhIjKlMnO="),
	}
	for i, f := range p.fields {
		p.fields[i] = http1.NewField(f.Name, f.Value)
	}
	return p
}

func (p *proxied) run() bool {
	n, err := http1.ParseRequest(&p.in, p.raw, &p.lim)
	if n == 0 || err != nil {
		return false
	}
	p.out.Method, p.out.Target, p.out.Host, p.out.KeepAlive = p.in.Method, p.in.Target, p.in.Host, true
	p.out.Fields = append(append(p.out.Fields[:0], p.in.Fields...), p.fields[:5]...)
	if p.buf, err = http1.AppendRequestHead(p.buf[:0], &p.out); err != nil {
		return false
	}
	if n, err = http1.ParseResponse(&p.back, p.reply, &p.lim, false); n == 0 || err != nil {
		return false
	}
	p.answer.Status, p.answer.Minor, p.answer.Length, p.answer.KeepAlive = p.back.Status, 1, p.back.Length, true
	p.answer.Fields = append(append(p.answer.Fields[:0], p.back.Fields...), p.fields[5:]...)
	p.buf, err = http1.AppendResponseHead(p.buf[:0], &p.answer, p.date)
	return err == nil
}

func BenchmarkProxied(b *testing.B) {
	for name, raw := range map[string]string{"plain": proxyRequest, "browser": browserRequest} {
		p := newProxied(raw, originResponse)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !p.run() {
					b.Fatal("not passed on")
				}
			}
		})
		b.Run(name+"/cold", func(b *testing.B) { benchmarkCold(b, p) })
	}
}

// benchmarkCold is BenchmarkProxied as a gateway runs it, which comes back from
// the kernel with its caches full of other things: it counts what the code and
// its data weigh, which a warm loop hides.
func benchmarkCold(b *testing.B, p *proxied) {
	b.Helper()
	const line, others = 64, 4 << 20
	crowd := make([]byte, others)
	var spent time.Duration
	for b.Loop() {
		for i := 0; i < len(crowd); i += line {
			crowd[i]++
		}
		start := time.Now()
		if !p.run() {
			b.Fatal("not passed on")
		}
		spent += time.Since(start)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "cold-ns/op")
}

// BenchmarkParts is BenchmarkProxied, one call at a time.
func BenchmarkParts(b *testing.B) {
	for name, raw := range map[string]string{"plain": proxyRequest, "browser": browserRequest} {
		p := newProxied(raw, originResponse)
		p.run()
		b.Run("AppendRequestHead/"+name, func(b *testing.B) {
			for b.Loop() {
				p.buf, _ = http1.AppendRequestHead(p.buf[:0], &p.out)
			}
		})
		b.Run("ParseRequest/"+name, func(b *testing.B) {
			for b.Loop() {
				_, _ = http1.ParseRequest(&p.in, p.raw, &p.lim)
			}
		})
		b.Run("ForwardFields/"+name, func(b *testing.B) {
			var out []http1.Field
			for b.Loop() {
				out = http1.ForwardFields(out[:0], p.in.Fields)
			}
		})
	}
	p := newProxied(proxyRequest, originResponse)
	p.run()
	b.Run("ParseResponse", func(b *testing.B) {
		for b.Loop() {
			_, _ = http1.ParseResponse(&p.back, p.reply, &p.lim, false)
		}
	})
	b.Run("AppendResponseHead", func(b *testing.B) {
		for b.Loop() {
			p.buf, _ = http1.AppendResponseHead(p.buf[:0], &p.answer, p.date)
		}
	})
}
