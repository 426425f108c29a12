package step

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// What a request's body may become when it is decompressed: so many times its
// size, but always so many bytes, and never more than a payload.
// parity: spec/security.md 9.7
const (
	inflateRatio = 100
	inflateFree  = 64 << 10
)

// quickInflate is up to what size, in bytes, decompressing takes no time worth
// mentioning, given inflateRatio.
const quickInflate = 2 << 10

var (
	errCoding = errors.New("the content coding of the body is not supported")
	errBomb   = errors.New("the body becomes too large when it is decompressed")
)

// Decompress undoes the content coding of the request's body, for all that
// comes after it. relays: the body is passed on as it comes, so one with a
// coding that is not known here may pass as it is.
// parity: spec/rest-data-plane.md 7.4; by default, whatever minimumCompressionSize is.
func (s Scope) Decompress(relays bool) program.Step {
	most := s.MaxPayload()
	return program.Step{
		Name: "decompress", Note: "gzip, deflate", Waits: true,
		Body:  func(x *program.Exchange) bool { return isEncoded(x) && !foreign(x) },
		Quick: func(x *program.Exchange) bool { return len(x.Body) <= quickInflate || !isEncoded(x) },
		Run: func(x *program.Exchange) error {
			coding, once := x.ContentEncoding()
			switch {
			case !isEncoded(x), relays && once && foreign(x) && bytes.IndexByte(coding, ',') < 0:
				return nil
			case !once, foreign(x):
				return program.UnsupportedMediaType.Refuse(errCoding)
			case len(x.Body) == 0:
				return nil
			}
			body, err := inflate(coding, x.Body, most)
			switch {
			case errors.Is(err, errBomb):
				return program.RequestTooLarge.Refuse(err)
			case err != nil:
				return program.UnsupportedMediaType.Refuse(err)
			}
			x.SetBody(body)
			return nil
		},
	}
}

// isEncoded says whether there is a body, and the client names a coding of it.
func isEncoded(x *program.Exchange) bool {
	if x.Request.Length == http1.NoBody {
		return false
	}
	coding, once := x.ContentEncoding()
	return !once || len(coding) > 0 && !equalFold(coding, "identity")
}

// foreign says whether the body has a coding that is not known here.
func foreign(x *program.Exchange) bool {
	coding, _ := x.ContentEncoding()
	return isEncoded(x) && !equalFold(coding, "gzip") && !equalFold(coding, "x-gzip") && !equalFold(coding, "deflate")
}

// inflate undoes a coding. What it makes counts while it is made, over all
// members of a gzip file together. Deflate is zlib's format, or, as some
// clients send it, without its frame.
func inflate(coding, body []byte, most int64) ([]byte, error) {
	var r io.Reader
	var err error
	switch {
	case equalFold(coding, "gzip"), equalFold(coding, "x-gzip"):
		r, err = gzip.NewReader(bytes.NewReader(body))
	case !equalFold(coding, "deflate"):
		return nil, fmt.Errorf("%w: %.32q", errCoding, coding)
	case len(body) > 1 && body[0]&0x0f == 8 && (uint(body[0])<<8|uint(body[1]))%31 == 0:
		r, err = zlib.NewReader(bytes.NewReader(body))
	default:
		r = flate.NewReader(bytes.NewReader(body))
	}
	if err != nil {
		return nil, fmt.Errorf("decompress the body: %w", err)
	}
	most = min(most, max(inflateFree, inflateRatio*int64(len(body))))
	out := bytes.NewBuffer(make([]byte, 0, min(most, int64(4*len(body)))))
	n, err := io.Copy(out, io.LimitReader(r, most+1))
	switch {
	case n > most:
		return nil, errBomb
	case err != nil:
		return nil, fmt.Errorf("decompress the body: %w", err)
	}
	return out.Bytes(), nil
}
