package step

const upperHex = "0123456789ABCDEF"

// unreserved are the characters that mean the same encoded or not.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
}

// appendEncoded appends a value percent-encoded, so that nothing in it can be
// taken for a part of the URI around it.
func appendEncoded(dst, value []byte) []byte {
	for _, c := range value {
		if unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// appendRaw appends what is encoded already, such as a client's path or query,
// and encodes what must not stand in a target at all.
// parity: spec/rest-data-plane.md 2.4, last row.
func appendRaw(dst, raw []byte, inQuery bool) []byte {
	for _, c := range raw {
		if legal(c, inQuery) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// appendOnce is appendEncoded for a value that is encoded already.
func appendOnce(dst, value []byte) []byte {
	for _, c := range value {
		if unreserved(c) || c == '%' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// legal says whether a character may stand in a path or query as it is.
func legal(c byte, inQuery bool) bool {
	switch c {
	case '"', '<', '>', '\\', '^', '`', '{', '|', '}', '#':
		return false
	case '?':
		return inQuery
	}
	return c > ' ' && c < 0x7f
}
