package srp_test

import (
	"bytes"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/srp"
)

// agree plays both sides.
func agree(t *testing.T, kept, typed string) bool {
	t.Helper()
	g, salt := srp.NewGroup(), []byte{0x80, 1, 2, 3} // the first bit is set: Java would pad it
	verifier := g.Verifier(salt, "pool", "user", kept)
	c := srp.NewClient(g)
	b, public := g.Offer(verifier)
	server, err := g.ServerKey(c.Public(), b, public, verifier)
	if err != nil {
		t.Fatal(err)
	}
	client, err := c.Key(public, "80010203", srp.Who{Pool: "pool", User: "user", Password: typed})
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(server, client)
}

func TestAgree(t *testing.T) {
	for range 8 { // numbers with and without a first zero
		if !agree(t, "secret", "secret") {
			t.Fatal("two who know the password do not agree")
		}
	}
	if agree(t, "secret", "Secret") {
		t.Error("who does not know the password agrees")
	}
}

// FuzzPublic: whatever a client sends, it is refused or leads to a key of 16
// bytes, which is not one that everybody knows.
func FuzzPublic(f *testing.F) {
	for _, a := range []string{"", "0", "2", "-1", "zz", "00ff"} {
		f.Add(a)
	}
	g := srp.NewGroup()
	verifier := g.Verifier([]byte{1}, "pool", "user", "secret")
	b, public := g.Offer(verifier)
	zero := []byte(nil)
	f.Fuzz(func(t *testing.T, a string) {
		key, err := g.ServerKey(a, b, public, verifier)
		if (err == nil) != (g.CheckPublic(a) == nil) {
			t.Fatalf("ServerKey(%q) = %v, CheckPublic = %v", a, err, g.CheckPublic(a))
		}
		if err == nil && (len(key) != 16 || bytes.Equal(key, zero)) {
			t.Fatalf("ServerKey(%q) = %x", a, key)
		}
	})
}
