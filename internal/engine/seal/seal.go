// Package seal hides secrets that must be read again: what is sealed is of no
// use to whoever has it without the key, and cannot be changed or put in
// another's place.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// KeySize is the length of a key, in bytes.
const KeySize = 32

// ErrBroken says that something was not sealed here, or for another purpose, or
// was changed since.
var ErrBroken = errors.New("seal: broken")

// Seal seals and opens, with AES-256 in Galois/Counter mode. It may be used by
// any number of goroutines.
type Seal struct {
	aead cipher.AEAD
	mark []byte // the key of Mark
}

// New makes a seal of a key of KeySize bytes.
func New(key []byte) (*Seal, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("seal: the key has %d bytes, not %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	mark, err := hkdf.Expand(sha256.New, key, "mark", KeySize)
	if err != nil {
		return nil, err
	}
	return &Seal{aead, mark}, nil
}

// Random makes a seal whose key ends with it.
func Random() *Seal {
	s, err := New(newKey())
	if err != nil {
		panic(err) // the key has the size that it must have
	}
	return s
}

func newKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails
	return key
}

// File makes a seal of the key in a file, which is made if there is none, for
// its owner's eyes only.
func File(path string) (*Seal, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if key, err = create(path); err != nil {
			return nil, fmt.Errorf("make the key %s: %w", path, err)
		}
	}
	if err != nil {
		return nil, err
	}
	s, err := New(key)
	if err != nil {
		return nil, fmt.Errorf("read the key %s: %w", path, err)
	}
	return s, nil
}

// create writes a key whole or not at all, and gives the one that is there in
// the end: another process may have made it meanwhile.
func create(path string) ([]byte, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // readable for the owner alone
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has another name by then
	if _, err = f.Write(newKey()); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// Close seals a text for a purpose, which must be named again to open it.
func (s *Seal) Close(text []byte, purpose string) []byte {
	return s.aead.Seal(nil, nil, text, []byte(purpose)) //nolint:gosec // the cipher draws a nonce for each text itself
}

// Open opens what Close made for the same purpose.
func (s *Seal) Open(sealed []byte, purpose string) ([]byte, error) {
	text, err := s.aead.Open(nil, nil, sealed, []byte(purpose))
	if err != nil {
		return nil, ErrBroken
	}
	return text, nil
}

// Mark is a text's own 32 bytes for a purpose: always the same, and nobody
// without the key knows them.
func (s *Seal) Mark(text, purpose string) []byte {
	m := hmac.New(sha256.New, s.mark)
	_, _ = m.Write([]byte(purpose + "\x00" + text)) // a hash takes everything
	return m.Sum(nil)
}
