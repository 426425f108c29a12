package step

import (
	"encoding/binary"
	"slices"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// maxCached is how large the body of an answer may be that is kept, in bytes.
// parity: spec/rest-data-plane.md 9, "Largest entry".
const maxCached = 1 << 20

// keepable says whether an answer may be given to others: a whole one, that is
// no error and sets no cookie. What depends on a range or on what the client
// has already is none for others either, and a coded body is only for those
// who take the coding.
// parity: spec/security.md 9.14.
func keepable(a *program.Answer, codings bool) bool {
	if a.Status < 200 || a.Status >= 400 || a.Status == 206 || a.Status == 304 || a.Stream != nil || a.Relay || len(a.Body) > maxCached {
		return false
	}
	for i := range a.Fields {
		switch name := a.Fields[i].Name; len(name) {
		case len("set-cookie"):
			if http1.EqualFold(name, "set-cookie") {
				return false
			}
		case len("content-encoding"):
			if !codings && http1.EqualFold(name, "content-encoding") {
				return false
			}
		}
	}
	return true
}

// appendHead appends all of an answer but its body, in a form that readAnswer
// reads.
func appendHead(x *program.Exchange, dst []byte) []byte {
	a := &x.Answer
	dst = binary.BigEndian.AppendUint16(dst, uint16(a.Status))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(a.Fields)))
	for i := range a.Fields {
		dst = http1.AppendKept(dst, &a.Fields[i])
	}
	return dst
}

// readAnswer makes what was kept the answer. kept belongs to the exchange.
func readAnswer(a *program.Answer, kept []byte) {
	a.Status = int(binary.BigEndian.Uint16(kept))
	n := int(binary.BigEndian.Uint16(kept[2:]))
	kept = kept[4:]
	had := len(a.Fields)
	fields := slices.Grow(a.Fields, n+sealed)[:had+n]
	for i := range fields[had:] {
		kept = http1.CutKept(&fields[had+i], kept)
	}
	a.Fields, a.Body = fields, kept
}

// sealed is how many fields every answer gets.
const sealed = 4
