package jwt

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectors are Wycheproof's.
type vectors struct {
	Groups []struct {
		Comment         string
		Public, Private json.RawMessage
		Tests           []struct {
			ID              int `json:"tcId"`
			Comment, Result string
			JWS             json.RawMessage
			JWE             json.RawMessage
		}
	} `json:"testGroups"`
}

// shared is a file of the public test vectors; the test skips without it.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("STAGEDOOR_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	doc, err := os.ReadFile(filepath.Join(root, "conformance", "jose", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no %s: set STAGEDOOR_SHARED", root)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// verifyWith is what Issuer does with the keys that it fetched.
func verifyWith(keys, text []byte) error {
	t, err := parseJWS(text)
	if err != nil {
		return err
	}
	if !strings.Contains(string(keys), `"keys"`) {
		keys = append(append([]byte(`{"keys":[`), keys...), "]}"...)
	}
	set, err := parseSet(keys)
	if err != nil {
		return err
	}
	k := set[t.keyID]
	if k == nil {
		return invalid("no such key")
	}
	return k.verify(t)
}

// algorithmIn is the alg of a header, if it can be read.
func algorithmIn(text string) string {
	t, err := parseJWS([]byte(text))
	if err != nil {
		return ""
	}
	return t.algorithm
}

// TestVectors plays Wycheproof's signatures and keys. What they call valid is
// verified if its algorithm exists here; what they call invalid is refused.
func TestVectors(t *testing.T) {
	// RFC 7520's examples signed with ES512 by a key that is said to be for
	// "ES521": an algorithm that does not exist.
	misnamed := map[int]bool{347: true, 351: true}
	for file, want := range map[string]struct{ tests, verified int }{
		"json_web_signature_test.json": {401, 18},
		"json_web_key_test.json":       {26, 1},
		"json_web_crypto_test.json":    {83, 2},
	} {
		var v vectors
		if err := json.Unmarshal(shared(t, file), &v); err != nil {
			t.Fatal(err)
		}
		tests, verified := 0, 0
		for _, g := range v.Groups {
			keys := g.Public
			if keys == nil {
				keys = g.Private // symmetric: refused, whatever is signed
			}
			for _, c := range g.Tests {
				tests++
				raw := c.JWS
				if raw == nil {
					raw = c.JWE // an encrypted token is no signed one
				}
				var text string
				if json.Unmarshal(raw, &text) != nil {
					text = string(raw) // the JSON serialization
				}
				_, ours := algorithmOf(algorithmIn(text))
				ours = ours && !(strings.Contains(file, "signature") && misnamed[c.ID])
				err := verifyWith(keys, []byte(text))
				if valid := c.Result == "valid" && ours; valid != (err == nil) {
					t.Errorf("%s %d %s %s: %v, want it %s", file, c.ID, g.Comment, c.Comment, err, c.Result)
				}
				if err == nil {
					verified++
				}
			}
		}
		if tests != want.tests || verified != want.verified {
			t.Errorf("%s: %d tests, %d verified, want %+v", file, tests, verified, want)
		}
	}
}

// TestVectorsBase64 plays the group about base64 through the parser alone: its
// tokens are signed with a symmetric key, and what is wrong with them is
// wrong before any key is looked at.
func TestVectorsBase64(t *testing.T) {
	var v vectors
	if err := json.Unmarshal(shared(t, "json_web_signature_test.json"), &v); err != nil {
		t.Fatal(err)
	}
	// 367 and 370 are called invalid and are letter by letter 357, which is called
	// valid; 372 and 373 are called valid and have a '?' in the base64. RFC 7515
	// knows no such letter.
	mislabelled := map[int]bool{367: true, 370: true, 372: true, 373: true}
	n := 0
	for _, g := range v.Groups {
		if g.Comment != "base64" {
			continue
		}
		for _, c := range g.Tests {
			n++
			var text string
			if err := json.Unmarshal(c.JWS, &text); err != nil {
				t.Fatal(err)
			}
			if _, err := parseJWS([]byte(text)); (err == nil) != (c.Result == "valid" != mislabelled[c.ID]) {
				t.Errorf("%d %s: %v, want it %s", c.ID, c.Comment, err, c.Result)
			}
		}
	}
	if n != 21 {
		t.Errorf("%d tests, want 21", n)
	}
}
