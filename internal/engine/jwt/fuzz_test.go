package jwt

import (
	"context"
	"encoding/json"
	"testing"
)

// FuzzToken: a token that verifies is letter by letter one that was signed.
func FuzzToken(f *testing.F) {
	i, good := pool(), keys().sign(rs256, claims(nil))
	f.Add([]byte(good))
	f.Add([]byte("e30.e30.AA"))
	f.Add([]byte(keys().sign(`{"alg":"RS256","kid":"r1","crit":[]}`, `{"exp":1}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		token, err := Parse(text)
		if err != nil {
			return
		}
		_ = token.Claims()
		for _, use := range []Use{ID, Access} {
			if err := i.Verify(context.Background(), token, use); err == nil && (string(text) != good || use != ID) {
				t.Fatalf("verified as %s: %q", use, text)
			}
		}
	})
}

// FuzzObject: what is taken is JSON that encoding/json takes as well, and no
// member of it can be read in two ways: written again it is as long as before.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":[{"a":null}]}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Add([]byte(`{"a":{"\u0061":1,"a":2}} `))
	f.Fuzz(func(t *testing.T, doc []byte) {
		o, err := object(doc)
		if err != nil {
			return
		}
		if !json.Valid(doc) {
			t.Fatalf("%q is not JSON", doc)
		}
		// every ':' outside of texts is one member that was kept
		if got, want := members(o), colons(doc); got != want {
			t.Fatalf("%q has %d members, %d were kept", doc, want, got)
		}
	})
}

func members(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, m := range v {
			n += 1 + members(m)
		}
	case []any:
		for _, m := range v {
			n += members(m)
		}
	}
	return n
}

func colons(doc []byte) int {
	n, text := 0, false
	for i := 0; i < len(doc); i++ {
		switch {
		case doc[i] == '\\':
			i++
		case doc[i] == '"':
			text = !text
		case doc[i] == ':' && !text:
			n++
		}
	}
	return n
}

// FuzzKeySet: no document makes a key that could not be verified with.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(keys().jwks()))
	f.Add([]byte(`{"keys":[{"kty":"EC","kid":"a","alg":"ES256","crv":"P-256","x":"","y":""}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		set, err := parseSet(doc)
		if err != nil {
			return
		}
		for id, k := range set {
			if (k.rsa == nil) == (k.ec == nil) {
				t.Fatalf("key %q of %q is none", id, doc)
			}
			token := &jws{algorithm: k.algorithm, signed: []byte("x"), signature: make([]byte, 64)}
			if k.verify(token) == nil {
				t.Fatalf("key %q takes a signature of zeros", id)
			}
		}
	})
}
