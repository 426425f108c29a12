package cache

import "encoding/binary"

// segment is a piece of memory that entries are written into, one behind the
// other.
type segment struct {
	mem    []byte
	number uint32 // in its shard's table
	used   int
	latest int64 // no entry is good for longer
	old    bool  // in the queue of those that were asked for
}

// Sizes of segments, in bytes. Small caches have small ones, so that little is
// taken for little; large caches have few.
const (
	smallest = 128 << 10
	largest  = 4 << 20
	page     = 4 << 10
)

// segmentSize is the size of the segments of a cache of limit bytes: 256 or
// more for each shard.
func segmentSize(limit int64) int {
	size := smallest
	for size < largest && int64(size)*shards*512 <= limit {
		size *= 2
	}
	return size
}

// An entry is a header, the key and the value, in steps of eight bytes.
const (
	atSize    = 0  // uint32, of the whole
	atKey     = 4  // uint16, length of the key
	atFreq    = 6  // uint8
	atHash    = 8  // uint64
	atExpires = 16 // int64, nanoseconds of the clock
	atTurn    = 24 // uint64

	headerSize = 32
)

// entry is an entry where it lies, and what may lie behind it.
type entry []byte

func (e entry) size() int      { return int(binary.LittleEndian.Uint32(e[atSize:])) }
func (e entry) hash() uint64   { return binary.LittleEndian.Uint64(e[atHash:]) }
func (e entry) expires() int64 { return int64(binary.LittleEndian.Uint64(e[atExpires:])) }
func (e entry) turn() uint64   { return binary.LittleEndian.Uint64(e[atTurn:]) }

// stride is how far the next entry is.
func (e entry) stride() int { return aligned(e.size()) }

func (e entry) key() []byte {
	return e[headerSize : headerSize+int(binary.LittleEndian.Uint16(e[atKey:]))]
}

func (e entry) value() []byte {
	return e[headerSize+int(binary.LittleEndian.Uint16(e[atKey:])) : e.size()]
}

func aligned(n int) int { return (n + 7) &^ 7 }

// pending is an entry on its way in.
type pending struct {
	key     Key
	turn    uint64
	size    int // of the whole
	now     int64
	expires int64
	freq    uint8
	parts   [][]byte
}

// write writes the entry at the beginning of mem.
func (p *pending) write(mem []byte) {
	binary.LittleEndian.PutUint32(mem[atSize:], uint32(p.size))
	binary.LittleEndian.PutUint16(mem[atKey:], uint16(len(p.key.bytes)))
	mem[atFreq] = p.freq
	binary.LittleEndian.PutUint64(mem[atHash:], p.key.hash)
	binary.LittleEndian.PutUint64(mem[atExpires:], uint64(p.expires))
	binary.LittleEndian.PutUint64(mem[atTurn:], p.turn)
	at := headerSize + copy(mem[headerSize:], p.key.bytes)
	for _, part := range p.parts {
		at += copy(mem[at:], part)
	}
}
