package step

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strconv"
	"sync"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// quickDeflate is up to what size, in bytes, compressing takes no time worth
// mentioning.
const quickDeflate = 64 << 10

// coding is a content coding of answers.
type coding uint8

const (
	identity coding = iota
	deflate
	gzipped
)

// Coders compress answers. They keep the memory that takes, some 1 MB for each
// answer that is compressed at a time.
type Coders struct{ gzip, zlib sync.Pool }

// coder is a compressor and where it writes to.
type coder struct {
	io.WriteCloser
	reset func(io.Writer)
	out   appender
}

type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

// take is a compressor that is ready.
func (c *Coders) take(as coding) *coder {
	if as == gzipped {
		if w, ok := c.gzip.Get().(*coder); ok {
			return w
		}
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for other levels only
		return &coder{WriteCloser: z, reset: z.Reset}
	}
	if w, ok := c.zlib.Get().(*coder); ok {
		return w
	}
	z, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed) // fails for other levels only
	return &coder{WriteCloser: z, reset: z.Reset}
}

func (c *Coders) put(w *coder, as coding) {
	w.out.b = nil
	if as == gzipped {
		c.gzip.Put(w)
	} else {
		c.zlib.Put(w)
	}
}

// deflate appends body to dst, compressed.
func (c *Coders) deflate(dst, body []byte, as coding) ([]byte, error) {
	w := c.take(as)
	defer c.put(w, as)
	w.out.b = dst
	w.reset(&w.out)
	if _, err := w.Write(body); err != nil {
		return dst, err
	}
	err := w.Close()
	return w.out.b, err
}

// Compress compresses answers from a size in bytes on, for clients that ask for
// it. It belongs into the tail of a route: answers from a cache are compressed
// as well. What comes over time and what has a coding already stays as it is.
// parity: spec/rest-data-plane.md 7.4.
func (s Scope) Compress(least int32) program.Step {
	coders := s.Coders
	if coders == nil {
		coders = &Coders{}
	}
	return program.Step{
		Name: "compress", Note: "from " + strconv.Itoa(int(least)) + " bytes", Waits: true,
		Quick: func(x *program.Exchange) bool {
			return len(x.Answer.Body) <= quickDeflate || wantedCoding(x) == identity
		},
		Run: func(x *program.Exchange) error {
			a := &x.Answer
			if len(a.Body) == 0 || len(a.Body) < int(least) || a.Stream != nil || a.Relay {
				return nil
			}
			as := wantedCoding(x)
			if as == identity || isCoded(x) {
				return nil
			}
			body, err := coders.deflate(nil, a.Body, as)
			if err != nil {
				return err
			}
			name := deflateBytes
			if as == gzipped {
				name = gzipBytes
			}
			a.Body = body
			a.Fields = append(a.Fields, http1.Field{Name: nameContentEncoding, Value: name})
			return nil
		},
	}
}

// isCoded says whether the answer, or that of the back end, has a coding.
func isCoded(x *program.Exchange) bool {
	return http1.Get(x.Answer.Fields, "content-encoding") != nil || http1.Get(x.Reply.Response.Fields, "content-encoding") != nil
}

// wantedCoding is the coding that the client likes best of those that there
// are: the one with the highest weight, and of equal ones gzip before deflate
// before identity. A field that is not there, or '*', asks for none.
func wantedCoding(x *program.Exchange) coding {
	var weights [gzipped + 1]int
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		if len(f.Name) != len("accept-encoding") || !http1.EqualFold(f.Name, "accept-encoding") {
			continue
		}
		for rest := f.Value; len(rest) > 0; {
			var part []byte
			part, rest, _ = bytes.Cut(rest, commaBytes)
			name, params, _ := bytes.Cut(part, semicolonBytes)
			name = bytes.TrimSpace(name)
			as := identity
			switch {
			case equalFold(name, "gzip"), equalFold(name, "x-gzip"):
				as = gzipped
			case equalFold(name, "deflate"):
				as = deflate
			case !equalFold(name, "identity"):
				continue
			}
			weights[as] = weight(params)
		}
	}
	best := identity
	for as := deflate; as <= gzipped; as++ {
		if weights[as] > 0 && weights[as] >= weights[best] {
			best = as
		}
	}
	return best
}

// weight is the q of a parameter list, in thousandths; 1000 if there is none,
// 0 if it is malformed.
func weight(params []byte) int {
	for len(params) > 0 {
		var p []byte
		p, params, _ = bytes.Cut(params, semicolonBytes)
		p = bytes.TrimSpace(p)
		if len(p) < 3 || lower(p[0]) != 'q' || p[1] != '=' {
			continue
		}
		q, err := strconv.ParseFloat(string(p[2:]), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return int(q * 1000)
	}
	return 1000
}
