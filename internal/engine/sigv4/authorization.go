package sigv4

import "bytes"

// readHeader reads the parts from the Authorization header and the fields that
// belong to it. A header of another scheme is read in the same way.
// parity: spec/security.md 1.3 and 1.9
func (p *parts) readHeader(r *Request, value []byte) error {
	scheme, rest, _ := bytes.Cut(value, []byte{' '})
	p.algorithm = scheme
	if bytes.IndexByte(value, '=') < 0 {
		return noPair(value)
	}
	odd := ""
	for len(rest) > 0 {
		n := bytes.IndexAny(rest, ", \t")
		if n < 0 {
			n = len(rest)
		}
		part := rest[:n]
		rest = rest[min(n+1, len(rest)):]
		if n == 0 {
			continue
		}
		name, text, pair := bytes.Cut(part, []byte{'='})
		if !pair {
			return noPair(value)
		}
		if why := p.put(name, text); odd == "" {
			odd = why
		}
	}
	if err := p.readFields(r, value); err != nil {
		return err
	}
	if odd != "" {
		return incomplete(odd + hashed + digest(value))
	}
	return nil
}

// Malformed is what is wrong with the form of the request's Authorization
// field, a *Error; nil if it has none, or one that could be a signature.
func Malformed(r *Request) error {
	value, found, _ := r.field("authorization")
	if !found || len(value) == 0 {
		return nil
	}
	var p parts
	return p.readHeader(r, value)
}

// put keeps one part and says what is odd about it.
func (p *parts) put(name, value []byte) (odd string) {
	to := &p.credential
	switch string(name) {
	case "Credential":
	case "SignedHeaders":
		to = &p.headers
	case "Signature":
		to = &p.signature
	default:
		return "Authorization header has a parameter that is not known. "
	}
	if *to != nil {
		return "Authorization header has '" + string(name) + "' more than once. "
	}
	*to = value
	return ""
}

const hashed = "(Hashed with SHA-256 and encoded with Base64) Authorization="

func noPair(value []byte) *Error {
	e := incomplete("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + digest(value) + "'.")
	e.unsigned = true
	return e
}

// readFields reads date, token and regions, and says what is missing of the
// whole.
func (p *parts) readFields(r *Request, authorization []byte) error {
	var found, twice, again bool
	p.dateField = "x-amz-date"
	if p.date, found, twice = r.field("x-amz-date"); !found {
		p.dateField = "date"
		p.date, found, twice = r.field("date")
	}
	text := ""
	if len(p.credential) == 0 {
		text += "Authorization header requires 'Credential' parameter. "
	}
	if len(p.signature) == 0 {
		text += "Authorization header requires 'Signature' parameter. "
	}
	if len(p.headers) == 0 {
		text += "Authorization header requires 'SignedHeaders' parameter. "
	}
	if !found {
		text += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	if text != "" {
		return incomplete(text + hashed + digest(authorization))
	}
	if p.token, _, again = r.field("x-amz-security-token"); again || twice {
		return incomplete("The request has more than one date or more than one security token.")
	}
	if string(p.algorithm) != schemeV4A {
		return nil
	}
	if p.regions, found, twice = r.field("x-amz-region-set"); !found || twice {
		return incomplete("Authorization header requires existence of a 'X-Amz-Region-Set' header. " + hashed + digest(authorization))
	}
	return nil
}
