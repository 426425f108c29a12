package identity

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

// Prefixes of the ids of access keys.
// parity: IAM User Guide, "Unique identifiers"
const (
	LongTerm  = "AKIA"
	ShortTerm = "ASIA" // of sessions
)

// NewAccessKeyID makes the id of an access key, which tells the account to who
// knows how: 80 bits in base 32, of which 40 are the account.
func NewAccessKeyID(prefix, account string) string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	n, err := strconv.ParseUint(account, 10, 40)
	if err == nil {
		head := binary.BigEndian.Uint64(b[:8])
		head = head&^(uint64(0xffffffffff)<<23) | 1<<63 | n<<23
		binary.BigEndian.PutUint64(b[:8], head)
	}
	return prefix + base32.StdEncoding.EncodeToString(b[:])
}

// NewSecret makes a secret of 40 characters, with 200 bits of chance.
func NewSecret() string {
	return (rand.Text() + rand.Text())[:40]
}

// newToken makes a session token. It says nothing: what belongs to it is in the
// session's document.
func newToken() string {
	var b [96]byte
	_, _ = rand.Read(b[:]) // never fails
	return "FwoGZXIvYXdzE" + base64.StdEncoding.EncodeToString(b[:])
}
