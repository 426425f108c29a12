package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"
)

// Signer signs requests in their Authorization header, with version 4 and a
// shared key. Its zero value works, and it may be used by any number of
// requests at a time. Keys are derived once a day and scope.
type Signer struct {
	known  keyRing
	spaces sync.Pool
}

// Signature is what a request is signed for and with.
type Signature struct {
	AccessKey, Secret string
	Token             string // of a session; empty for a long-term key
	Region, Service   string
	Time              time.Time

	// S3 signs as S3 wants it: the path's encoding is the canonical one, its
	// segments stay as they are, and X-Amz-Content-Sha256 tells the body's hash.
	S3 bool
	// PlainPath keeps '//' and dot segments of the path in the signature.
	PlainPath bool
}

// Names of the fields that Sign adds. They are never written to.
//
//nolint:gochecknoglobals // constants, as bytes
var (
	fieldAuthorization = []byte("Authorization")
	fieldDate          = []byte("X-Amz-Date")
	fieldToken         = []byte("X-Amz-Security-Token")
	fieldHash          = []byte("X-Amz-Content-Sha256")
)

// signing is a workspace with what only signers need.
type signing struct {
	workspace
	names   [][]byte // of the signed fields, in lower case and in order
	headers []byte   // SignedHeaders, and before it the names in lower case
	scope   []byte
	claim   Claim // what the signature claims
}

// Sign adds X-Amz-Date, X-Amz-Security-Token, where S3 asks for it
// X-Amz-Content-Sha256, and Authorization to r.Fields, which must not have
// them. All fields are signed but those that proxies on the way may change.
// Values are appended to memory, which is returned; earlier parts of it stay
// valid. r is only read otherwise.
func (s *Signer) Sign(r *Request, as *Signature, memory []byte) []byte {
	w, _ := s.spaces.Get().(*signing)
	if w == nil {
		w = &signing{}
	}
	c := &w.claim
	*c = Claim{plainPath: as.S3 || as.PlainPath, onceEncoded: as.S3}
	as.Time.UTC().AppendFormat(c.stamp[:0], stampForm)
	add := func(name []byte, value ...string) {
		from := len(memory)
		for _, v := range value {
			memory = append(memory, v...)
		}
		r.Fields = append(r.Fields, Field{name, memory[from:len(memory):len(memory)]})
	}
	from := len(memory)
	memory = append(memory, c.stamp[:]...)
	r.Fields = append(r.Fields, Field{fieldDate, memory[from:len(memory):len(memory)]})
	if as.Token != "" {
		add(fieldToken, as.Token)
	}
	var line [2 * sha256.Size]byte
	c.payloadLine(r, line[:])
	if as.S3 {
		from := len(memory)
		memory = append(memory, line[:]...)
		r.Fields = append(r.Fields, Field{fieldHash, memory[from:len(memory):len(memory)]})
	}
	w.scope = append(append(append(append(append(w.scope[:0], c.stamp[:dateLen]...), '/'), as.Region...), '/'), as.Service...)
	w.scope = append(w.scope, "/aws4_request"...)
	c.scope, c.date = w.scope, c.stamp[:dateLen]
	w.listFields(r)
	c.headers = w.headers
	w.write(r, c, false, line[:])
	sum := s.key(c, as).seal(w.text)

	from = len(memory)
	memory = append(append(append(memory, schemeV4+" Credential="...), as.AccessKey...), '/')
	memory = append(append(append(memory, w.scope...), ", SignedHeaders="...), c.headers...)
	memory = hex.AppendEncode(append(memory, ", Signature="...), sum[:])
	r.Fields = append(r.Fields, Field{fieldAuthorization, memory[from:len(memory):len(memory)]})
	if cap(w.canonical)+cap(w.query) <= keptSpace {
		s.spaces.Put(w)
	}
	return memory
}

// key is the derived key of a signature.
func (s *Signer) key(c *Claim, as *Signature) *signingKey {
	id := keyID{as.AccessKey, "", as.Region, as.Service}
	s.known.mu.RLock()
	found := s.known.young[id]
	s.known.mu.RUnlock()
	if found != nil && found.secret == as.Secret && found.date == string(c.date) {
		return found
	}
	made := *c
	made.region, made.service, made.Asymmetric = []byte(as.Region), []byte(as.Service), false
	key := deriveShared(&made, as.Secret)
	key.date = string(c.date)
	s.known.keep(id, key)
	return key
}

// listFields writes the names of the fields to be signed.
func (w *signing) listFields(r *Request) {
	w.names = append(w.names[:0], nameHost)
	room := w.headers[:0]
	for i := range r.Fields {
		name := r.Fields[i].Name
		if changes(name) {
			continue
		}
		from := len(room)
		for _, c := range name {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			room = append(room, c)
		}
		w.names = append(w.names, room[from:len(room):len(room)])
	}
	slices.SortFunc(w.names, bytes.Compare)
	w.names = slices.CompactFunc(w.names, bytes.Equal)
	from := len(room)
	for i, name := range w.names {
		if i > 0 {
			room = append(room, ';')
		}
		room = append(room, name...)
	}
	w.headers = room[from:]
}

//nolint:gochecknoglobals // a constant, as bytes
var nameHost = []byte("host")

// changes says whether a field is left out of signatures, since it belongs to
// a connection or may be changed on the way.
// parity: botocore leaves out the same.
func changes(name []byte) bool {
	switch len(name) {
	case len("te"):
		return equalFold(name, "te")
	case len("host"):
		return equalFold(name, "host")
	case len("expect"):
		return equalFold(name, "expect")
	case len("connection"):
		return equalFold(name, "connection") || equalFold(name, "user-agent")
	case len("x-amzn-trace-id"):
		return equalFold(name, "x-amzn-trace-id")
	case len("transfer-encoding"):
		return equalFold(name, "transfer-encoding")
	}
	return false
}
