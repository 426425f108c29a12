package program

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestIDs: ids read as fmt and base64 write the bits that they are made of.
func TestIDs(t *testing.T) {
	words := append([]uint64{0, 1<<64 - 1, 0x0123456789abcdef, 0xfedcba9876543210}, 0x99aa9faf09f0a0a9)
	for range 1000 {
		words = append(words, rand.Uint64())
	}
	for i, a := range words {
		b := words[(i+1)%len(words)]
		var id [36]byte
		putUUID(&id, a, b)
		v, w := a&^0xf000|0x4000, b&^(3<<62)|1<<63
		if want := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", v>>32, v>>16&0xffff, v&0xffff, w>>48, w&(1<<48-1)); string(id[:]) != want {
			t.Fatalf("UUID of %x and %x is %s, want %s", a, b, id, want)
		}
		if !isUUID(id[:]) {
			t.Fatalf("%s is no UUID", id)
		}
		var hex16 [16]byte
		putHex16(hex16[:], a)
		if want := fmt.Sprintf("%016x", a); string(hex16[:]) != want {
			t.Fatalf("%s, want %s", hex16, want)
		}
		var extended [16]byte
		putExtended(&extended, a, b)
		if raw, err := base64.URLEncoding.Strict().DecodeString(string(extended[:])); err != nil || len(raw) != 11 {
			t.Fatalf("extended id %s: %v", extended, err)
		}
		var again [16]byte
		if putExtended(&again, a, b^1<<(24+i%40)); again != extended {
			t.Fatal("what is drawn for the canary shows in the extended id")
		}
	}
}
