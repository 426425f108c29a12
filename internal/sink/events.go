package sink

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"sync"
	"time"
)

// storeEvery is how long an event may wait for the log store.
const storeEvery = 100 * time.Millisecond

// Store is a store of log events. at is in milliseconds since 1970.
type Store interface {
	// WriteAll notes events of one stream. Group and stream need not exist.
	WriteAll(group, stream string, events iter.Seq2[int64, string])
}

// Events are the log groups that requests write to.
type Events struct {
	queue *Queue
	seed  string // what tells the streams of this process from those of others

	mu     sync.Mutex
	groups []*Group
	names  map[string]*Group
}

// NewEvents makes an Events without groups.
func NewEvents(seed string) *Events {
	return &Events{queue: NewQueue(storeEvery), seed: seed, names: map[string]*Group{}}
}

// Group is one log group.
type Group struct {
	all  *Events
	name string
	id   uint32
}

// Group is the group of a name; the same as long as the process lives.
func (e *Events) Group(name string) *Group {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.names[name]
	if g == nil {
		g = &Group{all: e, name: name, id: uint32(len(e.groups))}
		e.groups, e.names[name] = append(e.groups, g), g
	}
	return g
}

// Dropped is how many events were given up because the store was behind.
func (e *Events) Dropped() int64 { return e.queue.Dropped() }

// headSize is what stands before the text of an event in a batch: the group,
// the time and the length.
const headSize = 4 + 8 + 4

// Add appends an event to those that PutAll takes.
func (g *Group) Add(events []byte, at time.Time, text []byte) []byte {
	head := g.head(at, text)
	return append(append(events, head[:]...), text...)
}

// PutAll takes events that Add has made, which stay in their order. It never
// waits.
func (g *Group) PutAll(events []byte, count int) { g.all.queue.PutAll(nil, events, count) }

// Put takes an event. It never waits.
func (g *Group) Put(at time.Time, text []byte) {
	head := g.head(at, text)
	g.all.queue.Put(head[:], text)
}

func (g *Group) head(at time.Time, text []byte) (head [headSize]byte) {
	binary.LittleEndian.PutUint32(head[:], g.id)
	binary.LittleEndian.PutUint64(head[4:], uint64(at.UnixMilli()))
	binary.LittleEndian.PutUint32(head[12:], uint32(len(text)))
	return head
}

// Run hands events to the store until ctx is done and all are there.
func (e *Events) Run(ctx context.Context, store Store) error {
	e.queue.Run(ctx, func(batch []byte, _ int) { e.deliver(batch, store) })
	return nil
}

// deliver hands a batch over, the events of one group that follow each other
// together.
func (e *Events) deliver(batch []byte, store Store) {
	text := string(batch) // one copy, of which every event is a part
	e.mu.Lock()
	groups := e.groups
	e.mu.Unlock()
	for at := 0; at < len(batch); {
		id := binary.LittleEndian.Uint32(batch[at:])
		end := at
		for end < len(batch) && binary.LittleEndian.Uint32(batch[end:]) == id {
			end += headSize + int(binary.LittleEndian.Uint32(batch[end+12:]))
		}
		g, from := groups[id], at
		store.WriteAll(g.name, e.stream(g.name, time.Now()), func(yield func(int64, string) bool) {
			for i := from; i < end; {
				body := i + headSize
				next := body + int(binary.LittleEndian.Uint32(batch[i+12:]))
				if !yield(int64(binary.LittleEndian.Uint64(batch[i+4:])), text[body:next]) {
					return
				}
				i = next
			}
		})
		at = end
	}
}

// stream is the stream that this process writes to today: 32 hexadecimal
// digits, as API Gateway names its own.
func (e *Events) stream(group string, now time.Time) string {
	sum := sha256.Sum256([]byte(e.seed + "\x00" + group + "\x00" + now.UTC().Format(time.DateOnly)))
	return hex.EncodeToString(sum[:16])
}
