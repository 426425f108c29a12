package step

import (
	"bytes"
	"testing"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// What is compressed and decompressed is what it was, and whatever is
// decompressed has its bound.
func FuzzCoding(f *testing.F) {
	f.Add([]byte("text"), []byte("gzip"), uint16(100))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"), []byte("gzip"), uint16(1))
	f.Add([]byte{0x78, 0x9c, 0x03, 0, 0, 0, 0, 1}, []byte("deflate"), uint16(0))
	coders := &Coders{}
	f.Fuzz(func(t *testing.T, body, name []byte, most uint16) {
		if out, err := inflate(name, body, int64(most)); err == nil && len(out) > int(most) {
			t.Errorf("%d bytes, allowed are %d", len(out), most)
		}
		for as, name := range map[coding][]byte{gzipped: gzipBytes, deflate: deflateBytes} {
			packed, err := coders.deflate(nil, body, as)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := inflate(name, packed, int64(len(body))); err != nil || !bytes.Equal(out, body) {
				t.Errorf("%s: %q became %q, %v", name, body, out, err)
			}
		}
	})
}

// Whatever a client accepts, what it gets is something that it named with a
// weight, or what has no coding.
func FuzzAcceptEncoding(f *testing.F) {
	for _, s := range []string{"gzip", "deflate;q=0.5, gzip;q=0", "*", "gzip;q=", ";,;", "identity;q=0,*"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, accept []byte) {
		x := &program.Exchange{}
		x.Request.Fields = []http1.Field{{Name: []byte("Accept-Encoding"), Value: accept}}
		for as, name := range map[coding]string{gzipped: "gzip", deflate: "deflate"} {
			if wantedCoding(x) == as && !bytes.Contains(bytes.ToLower(accept), []byte(name)) {
				t.Errorf("%q gets %s", accept, name)
			}
		}
	})
}
