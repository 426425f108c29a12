package program

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestIDs: ids have their forms, and every bit that they are made of shows in them.
func TestIDs(t *testing.T) {
	words := append([]uint64{0, 1<<64 - 1, 0x0123456789abcdef, 0xfedcba9876543210}, 0x99aa9faf09f0a0a9)
	for range 1000 {
		words = append(words, rand.Uint64())
	}
	for i, a := range words {
		b := words[(i+1)%len(words)]
		var id [36]byte
		putUUID(&id, a, b)
		if !isUUID(id[:]) || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) || string(id[:]) != strings.ToLower(string(id[:])) {
			t.Fatalf("%s is no UUID of version 4", id)
		}
		var hex16 [16]byte
		putHex16(hex16[:], a)
		if got := joined(t, hex16[:8], hex16[8:]); got != a {
			t.Fatalf("%s is %x, want %x", hex16, got, a)
		}
		if got := joined(t, id[:8], []byte(string(id[9:13])+string(id[14:18]))); (got^a)&^(15<<32) != 0 {
			t.Fatalf("UUID %s begins with %x, want %x", id, got, a)
		}
		if got := joined(t, []byte(string(id[19:23])+string(id[24:28])), id[28:]); (got^b)&^(12<<4) != 0 {
			t.Fatalf("UUID %s ends with %x, want %x", id, got, b)
		}
		testExtended(t, a, b)
	}
	for _, v := range []uint32{0, 1, 0x89abcdef, 0x01234567, 1<<32 - 1} {
		if got := string(binary.LittleEndian.AppendUint64(nil, hexOf(v))); got != fmt.Sprintf("%08x", v) {
			t.Errorf("%x is %s", v, got)
		}
	}
}

// joined is the number whose bytes have these digits in their higher and lower halves.
func joined(t *testing.T, high, low []byte) (v uint64) {
	t.Helper()
	for i := range 8 {
		one, err := hex.DecodeString(string([]byte{high[i], low[i]}))
		if err != nil {
			t.Fatal(err)
		}
		v |= uint64(one[0]) << (8 * i)
	}
	return v
}

func testExtended(t *testing.T, a, b uint64) {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var id [16]byte
	left := putExtended(&id, a, b)
	if raw, err := base64.URLEncoding.Strict().DecodeString(string(id[:])); err != nil || len(raw) != 11 {
		t.Fatalf("extended id %s: %v", id, err)
	}
	for i := range 15 {
		word, mask := a, byte(0x3f)
		if i >= 8 {
			word = b
		}
		if i == 14 {
			mask = 0x3c
		}
		if want := alphabet[byte(word>>(i%8*8))&mask]; id[i] != want {
			t.Fatalf("extended id %s has %c at %d, want %c", id, id[i], i, want)
		}
	}
	draw := uint32(0)
	for i := range 8 {
		draw |= uint32(byte(a>>(8*i))>>6<<2|byte(b>>(8*i))>>6) << (4 * i)
	}
	if got := pack(left); got != draw {
		t.Fatalf("%08x is left of %x and %x, want %08x", got, a, b, draw)
	}
}
