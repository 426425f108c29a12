package http1

// ForwardFields appends to dst the fields that may go on to the next hop, and
// is the only place that decides which those are (RFC 9110 7.6.1). Left out are
// what belongs to one connection, what the writer makes from parsed parts
// (Host and the framing), every field that a Connection field names, and names
// that a reader further on could take for another field's. What the gateway
// adds, it adds afterwards, so that no Connection field can remove it.
func ForwardFields(dst, fields []Field) []Field {
	listed := namesOptions(fields)
	for i := range fields {
		f := &fields[i]
		if hopNames.has(f.Known()) || listed && isOption(fields, f.Name) || isLookalike(fields, f.Name) {
			continue
		}
		dst = append(dst, *f)
	}
	return dst
}

// IsHop says whether a field belongs to one connection or describes the
// framing of a message, so that it is never passed on.
func IsHop(name []byte) bool { return hopNames.has(KnownName(name)) }

// namesOptions says whether a Connection field names a field.
func namesOptions(fields []Field) bool {
	for i := range fields {
		f := &fields[i]
		if f.Known() == Connection && !EqualFold(f.Value, "keep-alive") && !EqualFold(f.Value, "close") {
			return true
		}
	}
	return false
}

func isOption(fields []Field, name []byte) bool {
	for i := range fields {
		f := &fields[i]
		if f.Known() != Connection {
			continue
		}
		for rest := f.Value; len(rest) > 0; {
			var option []byte
			option, rest = nextElement(rest)
			if sameFold(option, name) {
				return true
			}
		}
	}
	return false
}

// isLookalike says whether name is one that CGI-like readers fold into another
// field's: one with odd characters, or one with an underscore where a field
// with a dash is there too or is one that gateways set.
func isLookalike(fields []Field, name []byte) bool {
	plain := scan(name, scanWords(name, 0, digits0, digits9, '-'*ones), isPlain)
	if plain == len(name) {
		return false
	}
	for _, c := range name[plain:] {
		if c != '_' && class[c]&isPlain == 0 {
			return true
		}
	}
	for _, f := range fields {
		if len(f.Name) == len(name) && dashed(f.Name, name) && scan(f.Name, 0, isPlain) == len(name) {
			return true
		}
	}
	return isReserved(name)
}

// dashed compares names without case, '_' being '-'.
func dashed(a, b []byte) bool {
	for i := range a {
		x, y := lower(a[i]), lower(b[i])
		if x == '_' {
			x = '-'
		}
		if y == '_' {
			y = '-'
		}
		if x != y {
			return false
		}
	}
	return true
}

// isReserved says whether name, '_' being '-', is one that tells a back end who
// is calling or where a message ends.
func isReserved(name []byte) bool {
	for _, prefix := range [...]string{"x-amz", "x-forwarded-"} {
		if len(name) >= len(prefix) && dashedTo(name[:len(prefix)], prefix) {
			return true
		}
	}
	for _, full := range [...]string{
		"x-real-ip", "x-api-key", "content-length", "transfer-encoding", "keep-alive",
		"http2-settings", "proxy-connection", "proxy-authenticate", "proxy-authorization",
	} {
		if dashedTo(name, full) {
			return true
		}
	}
	return false
}

func dashedTo(name []byte, want string) bool {
	if len(name) != len(want) {
		return false
	}
	for i := range name {
		c := lower(name[i])
		if c == '_' {
			c = '-'
		}
		if c != want[i] {
			return false
		}
	}
	return true
}
