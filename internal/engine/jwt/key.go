package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes that algorithms name
	_ "crypto/sha512"
	"errors"
	"math/big"
	"slices"
)

// Limits of key sets.
const (
	MaxKeys    = 100
	minModulus = 2048 // bits
	maxModulus = 8192
)

// algorithm is a signature algorithm of RFC 7518.
type algorithm struct {
	hash  crypto.Hash
	curve elliptic.Curve // nil: RSASSA-PKCS1-v1_5
}

// algorithmOf knows the algorithms that exist here.
func algorithmOf(name string) (a algorithm, ok bool) {
	switch name {
	case "RS256":
		return algorithm{hash: crypto.SHA256}, true
	case "RS384":
		return algorithm{hash: crypto.SHA384}, true
	case "RS512":
		return algorithm{hash: crypto.SHA512}, true
	case "ES256":
		return algorithm{crypto.SHA256, elliptic.P256()}, true
	case "ES384":
		return algorithm{crypto.SHA384, elliptic.P384()}, true
	case "ES512":
		return algorithm{crypto.SHA512, elliptic.P521()}, true
	}
	return algorithm{}, false
}

// key is a public key for one algorithm.
type key struct {
	algorithm string
	rsa       *rsa.PublicKey
	ec        *ecdsa.PublicKey
}

// verify checks the signature of t with the one algorithm that the key is for.
func (k *key) verify(t *jws) error {
	if t.algorithm != k.algorithm {
		return invalid("the key is not for the algorithm of the header")
	}
	a, ok := algorithmOf(k.algorithm)
	if !ok {
		return invalid("no such algorithm")
	}
	h := a.hash.New()
	_, _ = h.Write(t.signed) // a hash takes everything
	digest := h.Sum(nil)
	if k.rsa != nil {
		if err := rsa.VerifyPKCS1v15(k.rsa, a.hash, digest, t.signature); err != nil {
			return invalid("wrong signature")
		}
		return nil
	}
	size := (a.curve.Params().BitSize + 7) / 8
	if len(t.signature) != 2*size {
		return invalid("wrong signature")
	}
	r, s := new(big.Int).SetBytes(t.signature[:size]), new(big.Int).SetBytes(t.signature[size:])
	if !ecdsa.Verify(k.ec, digest, r, s) {
		return invalid("wrong signature")
	}
	return nil
}

var errKeySet = errors.New("jwt: not a key set")

// keySet are the usable keys of an issuer by their ids.
type keySet map[string]*key

// parseSet reads a JWK set. Keys for other purposes and weak keys are left
// out. A set with a secret in it, or with two usable keys of one id, is
// refused as a whole: nobody could tell what it means.
func parseSet(doc []byte) (keySet, error) {
	o, err := object(doc)
	if err != nil {
		return nil, errors.Join(errKeySet, err)
	}
	list, ok := o["keys"].([]any)
	if !ok || len(list) > MaxKeys {
		return nil, errKeySet
	}
	set := keySet{}
	for _, item := range list {
		member, ok := item.(map[string]any)
		if !ok {
			return nil, errKeySet
		}
		if member["kty"] == "oct" {
			return nil, errors.Join(errKeySet, errors.New("it has a symmetric key"))
		}
		id, _ := member["kid"].(string)
		k := parseKey(member)
		if k == nil || id == "" {
			continue
		}
		if set[id] != nil {
			return nil, errors.Join(errKeySet, errors.New("two keys have one id"))
		}
		set[id] = k
	}
	return set, nil
}

// parseKey is the key of a JWK, nil if it cannot verify signatures here.
func parseKey(jwk map[string]any) *key {
	use, hasUse := jwk["use"]
	ops, hasOps := jwk["key_ops"]
	_, private := jwk["d"]
	if hasUse && use != "sig" || hasOps && !contains(ops, "verify") || private {
		return nil
	}
	name, _ := jwk["alg"].(string)
	if _, there := jwk["alg"]; !there && jwk["kty"] == "RSA" {
		name = "RS256"
	}
	a, ok := algorithmOf(name)
	if !ok {
		return nil
	}
	switch jwk["kty"] {
	case "RSA":
		if a.curve != nil {
			return nil
		}
		if pub := rsaKey(jwk); pub != nil {
			return &key{algorithm: name, rsa: pub}
		}
	case "EC":
		if a.curve == nil || jwk["crv"] != a.curve.Params().Name {
			return nil
		}
		if pub := ecKey(jwk, a.curve); pub != nil {
			return &key{algorithm: name, ec: pub}
		}
	}
	return nil
}

func contains(list any, want string) bool {
	items, ok := list.([]any)
	return ok && slices.Contains(items, any(want))
}

// octets is a member that is base64url.
func octets(jwk map[string]any, name string) []byte {
	text, _ := jwk[name].(string)
	b, err := decode([]byte(text))
	if err != nil {
		return nil
	}
	return b
}

func rsaKey(jwk map[string]any) *rsa.PublicKey {
	rawN, rawE := octets(jwk, "n"), octets(jwk, "e")
	if len(rawN) > maxModulus/8+1 || len(rawE) > 4 {
		return nil
	}
	n, e := new(big.Int).SetBytes(rawN), new(big.Int).SetBytes(rawE).Int64()
	bits := n.BitLen()
	if bits < minModulus || bits > maxModulus || n.Bit(0) == 0 || e < 3 || e%2 == 0 || e > 1<<31-1 || weak(n) {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e)}
}

// weak says whether a modulus has the mark of CVE-2017-15361 (ROCA): modulo
// every small prime it is a power of 65537.
func weak(n *big.Int) bool {
	var rest, prime big.Int
	for _, p := range []int64{
		3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73,
		79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
	} {
		want := rest.Mod(n, prime.SetInt64(p)).Int64()
		power, found := int64(1), false
		for range p {
			found = found || power == want
			power = power * 65537 % p
		}
		if !found {
			return false
		}
	}
	return true
}

// ecKey is a point that is on its curve.
func ecKey(jwk map[string]any, curve elliptic.Curve) *ecdsa.PublicKey {
	size := (curve.Params().BitSize + 7) / 8
	x, y := octets(jwk, "x"), octets(jwk, "y")
	if len(x) != size || len(y) != size {
		return nil
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil
	}
	return pub
}
