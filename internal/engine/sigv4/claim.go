package sigv4

import (
	"bytes"
	"encoding/hex"
	"time"
)

// The two algorithms, which are also the schemes of the Authorization header.
const (
	schemeV4  = "AWS4-HMAC-SHA256"
	schemeV4A = "AWS4-ECDSA-P256-SHA256"
)

// Expect is what a signature must be made for. The zero value of a field asks
// for nothing, but where it says otherwise.
type Expect struct {
	Region  string
	Service string // as in the credential's scope, such as execute-api

	// Skew is how far the sender's clock may be off. Default 5 minutes, as at
	// API Gateway; STS and IAM take 15.
	// parity: spec/security.md 1.6
	Skew time.Duration

	// PlainPath keeps '//' and dot segments in the path; EncodedOnce takes the
	// path's percent-encoding for the canonical one, where all services but S3
	// encode it again. S3 has both.
	PlainPath, EncodedOnce bool

	// UnsignedBody takes signatures that do not cover the body, or cover it in
	// chunks (see Chunks), as S3 does; API Gateway refuses them.
	UnsignedBody bool
}

const defaultSkew = 5 * time.Minute

func (e *Expect) skew() time.Duration {
	if e.Skew == 0 {
		return defaultSkew
	}
	return e.Skew
}

// Claim is what a request says about its signature. Its slices belong to the
// request, or to the claim.
type Claim struct {
	AccessKey  []byte
	Token      []byte // session token; empty if there is none
	Time       time.Time
	Presigned  bool // signed in the query
	Asymmetric bool // version 4A

	scope                  []byte // the credential without the access key
	date, region, service  []byte // of the scope; 4A has no region
	regions                []byte // 4A: the regions signed for
	stamp                  [16]byte
	headers                []byte // SignedHeaders
	signature              [maxSignature]byte
	size                   int    // of the signature
	payload                []byte // what X-Amz-Content-Sha256 says; nil if it is absent
	plainPath, onceEncoded bool
	unsigned               bool // the signature does not cover the body, and need not
}

// maxSignature is how many bytes a signature may have: two integers of 33
// bytes in DER.
const maxSignature = 72

// Read reads what r claims and holds it to what is expected. The error is an
// *Error. Nothing is verified yet: see Verifier.
func Read(r *Request, want *Expect, now time.Time) (Claim, error) {
	c := Claim{plainPath: want.PlainPath, onceEncoded: want.EncodedOnce}
	authorization, _, twice := r.field("authorization")
	if twice {
		return Claim{}, incomplete("The request has more than one Authorization header.")
	}
	var p parts
	seen, err := p.readQuery(r.Query)
	switch {
	case len(authorization) > 0 && (p.algorithm != nil || p.credential != nil):
		// parity: the rule is ours (spec/security.md 1.2), the words are S3's
		return Claim{}, mismatch("Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified")
	case len(authorization) > 0:
		p = parts{}
		err = p.readHeader(r, authorization)
	case !seen:
		return Claim{}, &Error{Kind: Missing, Message: missingText}
	default:
		c.Presigned = true
		if err == nil {
			err = p.complete()
		}
	}
	if err != nil {
		return Claim{}, err
	}
	if err := c.take(&p); err != nil {
		return Claim{}, err
	}
	if err := c.checkScope(want); err != nil {
		return Claim{}, err
	}
	if err := c.checkTime(p.expires, want, now); err != nil {
		return Claim{}, err
	}
	if err := c.checkHeaders(r, p.dateField); err != nil {
		return Claim{}, err
	}
	if err := c.readPayload(r, want); err != nil {
		return Claim{}, err
	}
	return c, nil
}

// parts are the parts of a signature, wherever they stand.
type parts struct {
	algorithm, credential, headers, signature []byte
	date, expires, token, regions             []byte
	dateField                                 string // the header field that date is from, in lower case
	memory                                    []byte // of values of the query that were encoded
}

// take makes a claim of the parts.
func (c *Claim) take(p *parts) error {
	switch string(p.algorithm) {
	case schemeV4:
	case schemeV4A:
		c.Asymmetric = true
		c.regions = p.regions
	default:
		// parity: the words are ours; AWS's are not recorded
		return incomplete("Unsupported AWS 'algorithm' (hashed with SHA-256 and encoded with Base64): '" + digest(p.algorithm) + "'.")
	}
	if err := c.takeCredential(p.credential); err != nil {
		return err
	}
	if err := c.takeDate(p.date, p.dateField == "date"); err != nil {
		return err
	}
	c.Token, c.headers = p.token, p.headers
	n := hex.DecodedLen(len(p.signature))
	if n > maxSignature || !c.Asymmetric && n != 32 || bytes.ContainsAny(p.signature, "ABCDEF") {
		return mismatch(mismatchText)
	}
	if _, err := hex.Decode(c.signature[:], p.signature); err != nil {
		return mismatch(mismatchText)
	}
	c.size = n
	return nil
}

// takeCredential reads KEY/DATE/REGION/SERVICE/aws4_request, which version 4A
// writes without the region.
func (c *Claim) takeCredential(credential []byte) error {
	key, scope, _ := bytes.Cut(credential, slash)
	date, rest, _ := bytes.Cut(scope, slash)
	count, example := 5, "5 slash-delimited elements, e.g. keyid/date/region/service/term"
	var region []byte
	if c.Asymmetric {
		count, example = 4, "4 slash-delimited elements, e.g. keyid/date/service/term"
	} else {
		region, rest, _ = bytes.Cut(rest, slash)
	}
	service, end, _ := bytes.Cut(rest, slash)
	if bytes.Count(credential, slash) != count-1 || !word(key) || !word(date) || !word(service) || !word(end) ||
		!c.Asymmetric && !word(region) {
		return incomplete("Credential must have exactly " + example +
			", got (hashed with SHA-256 and encoded with Base64): '" + digest(credential) + "'.")
	}
	c.AccessKey, c.scope, c.date, c.region, c.service = key, scope, date, region, service
	return nil
}

//nolint:gochecknoglobals // a constant, as bytes
var slash = []byte{'/'}

// word reports whether s is made of what credentials are made of, and not too
// long.
func word(s []byte) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// Bodies that are not covered by the signature as a whole.
const (
	unsignedPayload  = "UNSIGNED-PAYLOAD"
	unsignedTrailer  = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	streamingPayload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
)

// readPayload reads what the request says about its body. A hash is held to
// the body itself when the signature is checked.
func (c *Claim) readPayload(r *Request, want *Expect) error {
	value, found, twice := r.field("x-amz-content-sha256")
	if twice {
		return mismatch(mismatchText)
	}
	if !found {
		c.unsigned = c.Presigned && want.UnsignedBody
		return nil
	}
	c.payload = value
	switch string(value) {
	case unsignedPayload, unsignedTrailer, streamingPayload, streamingTrailer:
		c.unsigned = want.UnsignedBody
		if !c.unsigned {
			return mismatch(mismatchText) // parity: spec/security.md 1.4, payload hash
		}
	}
	return nil
}
