package sink

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A call of PutRecordBatch takes so many records, and each line is one.
// parity: API reference of Amazon Data Firehose, PutRecordBatch
const maxRecords = 500

// Deliver makes one call of Firehose's PutRecordBatch with a body, and gives
// the body of its answer.
type Deliver func(ctx context.Context, body []byte) (answer []byte, err error)

// Firehose sends lines to delivery streams.
type Firehose struct {
	queue   *Queue
	deliver Deliver
	log     *slog.Logger
	lost    atomic.Int64
	failing bool

	mu    sync.Mutex
	all   []*Delivery
	names map[string]*Delivery
}

// Delivery is one delivery stream.
type Delivery struct {
	of   *Firehose
	name string
	id   uint32
}

// NewFirehose makes a Firehose without streams.
func NewFirehose(deliver Deliver, log *slog.Logger) *Firehose {
	return &Firehose{queue: NewQueue(flushEvery), deliver: deliver, log: log, names: map[string]*Delivery{}}
}

// Stream is the delivery stream of a name; the same as long as the process lives.
func (f *Firehose) Stream(name string) *Delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.names[name]
	if d == nil {
		d = &Delivery{of: f, name: name, id: uint32(len(f.all))}
		f.all, f.names[name] = append(f.all, d), d
	}
	return d
}

// Put takes a line. It never waits.
func (d *Delivery) Put(_ time.Time, line []byte) {
	var head [8]byte
	binary.LittleEndian.PutUint32(head[:], d.id)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(line)))
	d.of.queue.Put(head[:], line)
}

// Dropped is how many lines did not reach their stream.
func (f *Firehose) Dropped() int64 { return f.queue.Dropped() + f.lost.Load() }

// Run delivers until ctx is done, and what there is then for a moment longer.
func (f *Firehose) Run(ctx context.Context) error {
	f.queue.Run(ctx, func(batch []byte, _ int) {
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		f.send(call, batch)
	})
	return nil
}

// call is what a delivery stream is sent at once.
type putRecordBatch struct {
	DeliveryStreamName string
	Records            []record
}

type record struct{ Data string }

// send delivers a batch, stream by stream.
func (f *Firehose) send(ctx context.Context, batch []byte) {
	f.mu.Lock()
	all := f.all
	f.mu.Unlock()
	by := make(map[uint32][]record)
	for at := 0; at < len(batch); {
		id, n := binary.LittleEndian.Uint32(batch[at:]), int(binary.LittleEndian.Uint32(batch[at+4:]))
		line := batch[at+8 : at+8+n : at+8+n]
		by[id] = append(by[id], record{base64.StdEncoding.EncodeToString(append(line, '\n'))})
		at += 8 + n
	}
	for id, records := range by {
		for len(records) > 0 {
			n := min(len(records), maxRecords)
			f.put(ctx, putRecordBatch{all[id].name, records[:n]})
			records = records[n:]
		}
	}
}

func (f *Firehose) put(ctx context.Context, call putRecordBatch) {
	var answer struct{ FailedPutCount int64 }
	body, err := json.Marshal(call)
	if err == nil {
		var reply []byte
		if reply, err = f.deliver(ctx, body); err == nil {
			err = json.Unmarshal(reply, &answer)
		}
	}
	switch {
	case err != nil:
		f.lost.Add(int64(len(call.Records)))
	case answer.FailedPutCount > 0:
		f.lost.Add(answer.FailedPutCount)
		err = fmt.Errorf("%d of %d records were not taken", answer.FailedPutCount, len(call.Records))
	}
	if err != nil && !f.failing {
		f.log.Error("access log lines do not reach Firehose", "stream", call.DeliveryStreamName, "error", err)
	}
	f.failing = err != nil
}
