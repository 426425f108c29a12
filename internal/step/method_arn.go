package step

import (
	"bytes"

	"github.com/stagedoor/stagedoor/internal/program"
)

// methodARN is the ARN of the method that is called, which policies are asked
// about and authorizers told of. prefix is up to the verb. It is in the
// exchange's memory.
//
// Two spellings of one path have one ARN, else one of them would slip past a
// Deny of the other: the slash at the end, which the router passes over, is cut,
// octets that need no encoding are decoded and the others written with capitals.
// An asterisk is written %2A: authorizers make policies of the ARN that they
// are told, and there it would stand for every path.
// parity: spec/security.md 1.10, the path that the router matched; 9.4. What AWS
// does with these spellings is not known.
func methodARN(x *program.Exchange, prefix []byte) []byte {
	path := x.Path
	if n := len(path) - 1; n > 0 && path[n] == '/' {
		path = path[:n]
	}
	if bytes.IndexByte(path, '%') < 0 && bytes.IndexByte(path, '*') < 0 {
		return x.KeepBytes(prefix, x.Method, path)
	}
	return x.KeepVariable(func(x *program.Exchange, dst []byte) []byte {
		return appendOneSpelling(append(append(dst, prefix...), x.Method...), path)
	})
}

// appendOneSpelling appends a path that was checked, in the spelling that all
// of its spellings have in common.
func appendOneSpelling(dst, path []byte) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '%' && i+2 < len(path):
			c = nibble(path[i+1])<<4 | nibble(path[i+2])
			i += 2
			if unreserved(c) {
				dst = append(dst, c)
				continue
			}
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		case c == '*':
			dst = append(dst, "%2A"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// nibble is the value of a hexadecimal digit.
func nibble(c byte) byte {
	if c <= '9' {
		return c & 15
	}
	return c&15 + 9
}
