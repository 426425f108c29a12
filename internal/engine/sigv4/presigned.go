package sigv4

import "bytes"

// Names of the parameters that a signature in the query has.
const (
	nameAlgorithm  = "X-Amz-Algorithm"
	nameCredential = "X-Amz-Credential"
	nameDate       = "X-Amz-Date"
	nameExpires    = "X-Amz-Expires"
	nameHeaders    = "X-Amz-SignedHeaders"
	nameSignature  = "X-Amz-Signature"
	nameToken      = "X-Amz-Security-Token"
	nameRegions    = "X-Amz-Region-Set"
)

// IsAuthentication reports whether a parameter of the query, by its decoded
// name, belongs to a signature: an integration never sees it.
func IsAuthentication(name string) bool {
	switch name {
	case nameAlgorithm, nameCredential, nameDate, nameExpires, nameHeaders, nameSignature, nameToken, nameRegions:
		return true
	}
	return false
}

// cutPair takes the next parameter off a query. Only '&' separates.
func cutPair(query []byte) (name, value, rest []byte) {
	pair, rest, _ := bytes.Cut(query, []byte{'&'})
	name, value, _ = bytes.Cut(pair, []byte{'='})
	return name, value, rest
}

// readQuery reads the parts from the query. seen says whether there are any.
func (p *parts) readQuery(query []byte) (seen bool, err error) {
	for len(query) > 0 {
		var name, value []byte
		name, value, query = cutPair(query)
		to, known := p.part(name)
		if to == nil {
			continue
		}
		if *to != nil {
			err = incomplete("AWS query-string parameters must not include '" + known + "' more than once.")
			continue
		}
		*to = p.decode(value, len(query))
		switch known {
		case nameAlgorithm, nameCredential, nameSignature:
			seen = true
		}
	}
	return seen, err
}

// part is where the value of a parameter goes; nil for one that is not part of
// a signature. The name is encoded as sent.
func (p *parts) part(name []byte) (to *[]byte, known string) {
	if len(name) == 0 || name[0] != 'X' && name[0] != '%' {
		return nil, ""
	}
	switch {
	case decodesTo(name, nameAlgorithm):
		return &p.algorithm, nameAlgorithm
	case decodesTo(name, nameCredential):
		return &p.credential, nameCredential
	case decodesTo(name, nameDate):
		return &p.date, nameDate
	case decodesTo(name, nameExpires):
		return &p.expires, nameExpires
	case decodesTo(name, nameHeaders):
		return &p.headers, nameHeaders
	case decodesTo(name, nameSignature):
		return &p.signature, nameSignature
	case decodesTo(name, nameToken):
		return &p.token, nameToken
	case decodesTo(name, nameRegions):
		return &p.regions, nameRegions
	}
	return nil, ""
}

// complete says what is missing of a signature in the query.
// parity: the words are those of AWS's query services, from memory.
func (p *parts) complete() error {
	text := ""
	need := func(value []byte, name string) {
		if len(value) == 0 {
			text += "AWS query-string parameters must include '" + name + "'. "
		}
	}
	need(p.algorithm, nameAlgorithm)
	need(p.credential, nameCredential)
	need(p.signature, nameSignature)
	need(p.headers, nameHeaders)
	need(p.date, nameDate)
	if string(p.algorithm) == schemeV4A {
		need(p.regions, nameRegions)
	}
	if text != "" {
		return incomplete(text + "Re-examine the query-string parameters.")
	}
	return nil
}

// decode undoes percent-encoding, in memory for this value and for as much as
// rest. It never answers nil.
func (p *parts) decode(value []byte, rest int) []byte {
	if value == nil {
		return []byte{}
	}
	if bytes.IndexByte(value, '%') < 0 {
		return value
	}
	if p.memory == nil {
		p.memory = make([]byte, 0, len(value)+rest)
	}
	from := len(p.memory)
	for len(value) > 0 {
		var c byte
		c, value = octet(value)
		p.memory = append(p.memory, c)
	}
	return p.memory[from:len(p.memory):len(p.memory)]
}

// decodesTo reports whether b is s, percent-encoded.
func decodesTo(b []byte, s string) bool {
	for len(b) > 0 {
		var c byte
		if c, b = octet(b); s == "" || s[0] != c {
			return false
		}
		s = s[1:]
	}
	return s == ""
}

// octet takes one octet off b, which is not empty. A percent sign that begins
// no encoded octet stands for itself, and so does '+'.
func octet(b []byte) (c byte, rest []byte) {
	if b[0] == '%' && len(b) > 2 {
		if high, low := unhex(b[1]), unhex(b[2]); high < 16 && low < 16 {
			return high<<4 | low, b[3:]
		}
	}
	return b[0], b[1:]
}

// unhex is the value of a hexadecimal digit, 16 for any other byte.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
