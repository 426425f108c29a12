package transport

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// measure looks at a stream's fields: their names in order, and the bytes that
// all texts need.
func (st *h2stream) measure(lim *http1.Limits) (names []string, size int, err error) {
	r := st.r
	values := len(r.Method) + len(r.RequestURI)
	fields := 1
	size = values + 2*len(r.Host) + len("host")
	for name, vs := range r.Header {
		if name == "Host" {
			continue
		}
		names = append(names, name)
		fields += len(vs)
		for _, v := range vs {
			size += len(name) + len(v)
			values += len(v)
		}
	}
	if fields > lim.Fields || values > lim.Values {
		return nil, 0, errFields
	}
	slices.Sort(names)
	return names, size, nil
}

func (st *h2stream) begin() error { return nil } // reading tells the client to go on

func (st *h2stream) ready(int64) ([]byte, bool) {
	return nil, st.e.x.Request.Length == http1.NoBody
}

func (st *h2stream) next(limit int64) ([]byte, error) {
	if st.ended {
		return nil, io.EOF
	}
	if st.r.ContentLength > limit {
		return nil, errTooLarge
	}
	t := &st.h.c.ses.srv.cfg.Timeouts
	wait := st.pace.wait(t)
	if wait <= 0 {
		return nil, errSlow
	}
	start := time.Now()
	if err := st.control.SetReadDeadline(start.Add(wait)); err != nil {
		return nil, err
	}
	in := &st.e.rest
	in.reset(bodyBuffer)
	n, err := st.r.Body.Read(in.b)
	st.pace.add(n, time.Since(start))
	switch {
	case n > 0 && st.pace.seen > limit:
		return nil, errTooLarge
	case n > 0:
		return in.b[:n], nil
	case errors.Is(err, io.EOF):
		st.ended = true
		return nil, io.EOF
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	}
	return nil, errGone
}

func (st *h2stream) interrupt() { _ = st.r.Body.Close() } // a read under way fails

func (st *h2stream) settle() {}

func (st *h2stream) start(r *http1.Response) *http1.Error {
	for _, f := range r.Fields {
		if !http1.ValidField(f.Name, f.Value) {
			return errField
		}
	}
	head := st.w.Header()
	head["Content-Type"] = nil // nobody is to guess it
	for _, f := range r.Fields {
		if http1.IsHop(f.Name) || http1.EqualFold(f.Name, "date") {
			continue
		}
		head.Add(string(f.Name), string(f.Value))
	}
	if r.Length >= 0 && r.Status != http.StatusNoContent && r.Status != http.StatusNotModified {
		head.Set("Content-Length", strconv.FormatInt(r.Length, 10))
	}
	st.patience()
	st.w.WriteHeader(r.Status)
	return nil
}

// patience gives the client time to take what is written next.
func (st *h2stream) patience() {
	until := time.Now().Add(st.h.c.ses.srv.cfg.Timeouts.WriteIdle)
	if err := st.control.SetWriteDeadline(until); err != nil && st.err == nil {
		st.err = err
	}
}

func (st *h2stream) part(p []byte) {
	for len(p) > 0 && st.err == nil {
		n := min(len(p), written)
		_, st.err = st.w.Write(p[:n])
		if p = p[n:]; len(p) > 0 {
			st.patience()
		}
	}
}

func (st *h2stream) flush() bool {
	if st.err == nil {
		st.patience()
		st.err = st.control.Flush()
	}
	return st.err == nil
}

func (st *h2stream) finish() {
	if st.err != nil {
		st.abort()
	}
}

func (st *h2stream) abort() {
	st.aborted = true
	st.h.c.ses.srv.Counters.Aborted.Add(1)
}
