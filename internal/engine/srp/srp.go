// Package srp is the Secure Remote Password protocol as Cognito's user pools
// speak it: RFC 5054's group of 3072 bits, SHA-256, and a key of 16 bytes drawn
// with HKDF.
//
// A server keeps a salt and a verifier, of which neither tells the password. A
// client shows that it knows the password without saying it; who listens learns
// nothing to try passwords with. Parties are named as in RFC 5054: A and B are
// what they tell each other, a and b what they keep.
// parity: spec/security.md 5.7; amazon-cognito-identity-js, AuthenticationHelper.
package srp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
)

// ErrValue says that a number is none that the protocol allows.
var ErrValue = errors.New("srp: not a value of the protocol")

// prime is RFC 5054's of 3072 bits (RFC 3526, group 15), in hexadecimal.
const prime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245" +
	"E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6" +
	"49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD96" +
	"1C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE5" +
	"15D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A" +
	"8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6B" +
	"F12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
	"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// Group is what all parties calculate in. It may be shared.
type Group struct{ n, g, k *big.Int }

// NewGroup makes the group.
func NewGroup() *Group {
	n, _ := new(big.Int).SetString(prime, 16)
	g := big.NewInt(2)
	return &Group{n, g, new(big.Int).SetBytes(sum(padded(n), padded(g)))}
}

// padded are the bytes of a number, with a zero byte before a first bit that is
// set: the way Java writes numbers.
func padded(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

func sum(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write(p) // a hash takes everything
	}
	return h.Sum(nil)
}

// Secret is the private number x of a user, whose pool is known by its name:
// what stands behind the underscore of its id.
func secret(salt []byte, pool, user, password string) *big.Int {
	inner := sum([]byte(pool + user + ":" + password))
	return new(big.Int).SetBytes(sum(padded(new(big.Int).SetBytes(salt)), inner))
}

// Verifier is what a server keeps of a password.
func (g *Group) Verifier(salt []byte, pool, user, password string) []byte {
	return new(big.Int).Exp(g.g, secret(salt, pool, user, password), g.n).Bytes()
}

// random is a private number of 256 bits.
func random() *big.Int {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return new(big.Int).SetBytes(b[:])
}

// Offer makes a server's b, which it keeps, and B, which it tells the client.
func (g *Group) Offer(verifier []byte) (b []byte, public string) {
	for {
		own := random()
		v := new(big.Int).SetBytes(verifier)
		n := new(big.Int).Mul(g.k, v)
		n.Add(n, new(big.Int).Exp(g.g, own, g.n)).Mod(n, g.n)
		if n.Sign() != 0 {
			return own.Bytes(), Hex(n)
		}
	}
}

// Hex is a number as it is sent.
func Hex(n *big.Int) string { return hex.EncodeToString(n.Bytes()) }

// number reads what a client sent; it is not a multiple of the prime.
func (g *Group) number(text string) (*big.Int, error) {
	if len(text) > 2*(3072/8)+2 || strings.Trim(text, "0123456789abcdefABCDEF") != "" {
		return nil, ErrValue
	}
	n, ok := new(big.Int).SetString(text, 16)
	if !ok || new(big.Int).Mod(n, g.n).Sign() == 0 {
		return nil, ErrValue
	}
	return n, nil
}

// CheckPublic says whether a client's A is one.
func (g *Group) CheckPublic(a string) error {
	_, err := g.number(a)
	return err
}

// ServerKey is the key that both parties come to, as the server does: from the
// client's A, its own b and B, and the verifier.
func (g *Group) ServerKey(clientPublic string, b []byte, public string, verifier []byte) ([]byte, error) {
	a, err := g.number(clientPublic)
	if err != nil {
		return nil, err
	}
	own, err := g.number(public)
	if err != nil {
		return nil, err
	}
	u := new(big.Int).SetBytes(sum(padded(a), padded(own)))
	if u.Sign() == 0 {
		return nil, ErrValue
	}
	s := new(big.Int).Exp(new(big.Int).SetBytes(verifier), u, g.n)
	s.Mul(s, a).Exp(s, new(big.Int).SetBytes(b), g.n)
	return derive(s, u)
}

// derive draws the key from the shared number.
func derive(s, u *big.Int) ([]byte, error) {
	return hkdf.Key(sha256.New, padded(s), padded(u), "Caldera Derived Key", 16)
}

// Claim is what a client signs to show that it has the key.
func Claim(key []byte, pool, user string, block []byte, timestamp string) []byte {
	m := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(pool), []byte(user), block, []byte(timestamp)} {
		_, _ = m.Write(part) // a hash takes everything
	}
	return m.Sum(nil)
}

// Client is the other side.
type Client struct {
	group *Group
	a     *big.Int
}

// NewClient makes a client with a private number of its own.
func NewClient(g *Group) *Client { return &Client{g, random()} }

// Public is A.
func (c *Client) Public() string { return Hex(new(big.Int).Exp(c.group.g, c.a, c.group.n)) }

// Who is whom a client signs in.
type Who struct{ Pool, User, Password string }

// Key is the key, from what the server told: its B and the salt, in hexadecimal.
func (c *Client) Key(public, salt string, who Who) ([]byte, error) {
	b, err := c.group.number(public)
	if err != nil {
		return nil, err
	}
	rawSalt, ok := new(big.Int).SetString(salt, 16)
	if !ok {
		return nil, ErrValue
	}
	a := new(big.Int).Exp(c.group.g, c.a, c.group.n)
	u := new(big.Int).SetBytes(sum(padded(a), padded(b)))
	x := secret(rawSalt.Bytes(), who.Pool, who.User, who.Password)
	base := new(big.Int).Exp(c.group.g, x, c.group.n)
	base.Sub(b, base.Mul(base, c.group.k)).Mod(base, c.group.n)
	return derive(base.Exp(base, new(big.Int).Add(c.a, new(big.Int).Mul(u, x)), c.group.n), u)
}
