package lambda

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// maxLine bounds a line of the log, in bytes; what is longer is cut into several.
// CloudWatch Logs takes events of that size.
const maxLine = 256<<10 - 26

// journal is the log of one environment, which is one CloudWatch log stream.
type journal struct {
	host   *Host
	pool   *pool
	stream string

	mu   sync.Mutex
	part []byte // a line that is not complete
	id   string // of the call under way
	keep bool   // the tail is wanted
	tail []byte // at most twice maxTail
}

// newJournal names the log stream.
// parity: services-observability.md 7.2
func newJournal(p *pool) *journal {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	day := p.host.cfg.Now().UTC().Format("2006/01/02")
	return &journal{
		host: p.host, pool: p, keep: true, // a start is in the tail of its call
		stream: day + "/[" + p.version.Number + "]" + hex.EncodeToString(id[:]),
	}
}

// write takes what the processes print, in pieces of any size.
func (j *journal) write(p []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(p) > 0 {
		l, rest, complete := bytes.Cut(p, []byte("\n"))
		if room := maxLine - len(j.part); len(l) > room {
			l, rest, complete = p[:room], p[room:], true
		}
		if !complete {
			j.part = append(j.part, l...)
			return
		}
		if len(j.part) > 0 {
			l = append(j.part, l...)
			j.part = j.part[:0]
		}
		j.line(l)
		p = rest
	}
}

// line ends one line of the function's. Within it, CRs are the line ends of an
// event that the runtime clients keep in one piece.
func (j *journal) line(l []byte) {
	text := strings.TrimSuffix(string(l), "\r")
	j.emit(strings.ReplaceAll(text, "\r", "\n"), false)
}

// emit passes an event on. mu is held.
func (j *journal) emit(text string, platform bool) {
	if j.keep {
		j.tail = append(append(j.tail, text...), '\n')
		if n := len(j.tail); n > 2*maxTail {
			j.tail = j.tail[:copy(j.tail, j.tail[n-maxTail:])]
		}
	}
	if sink := j.host.cfg.Sink; sink != nil {
		sink(LogLine{
			Function: j.pool.name, Version: j.pool.version.Number,
			Group: j.pool.version.LogGroup, Stream: j.stream, RequestID: j.id,
			Platform: platform, Time: j.host.cfg.Now(), Text: text,
		})
	}
}

// say writes a line of the host's own; kind is its type in the JSON format.
func (j *journal) say(kind, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	if j.json() {
		text = j.record(kind, map[string]any{"message": text})
	}
	j.emit(text, true)
}

// flush ends a line that the function did not end.
func (j *journal) flush() {
	if len(j.part) > 0 {
		j.line(j.part)
		j.part = j.part[:0]
	}
}

func (j *journal) json() bool { return strings.EqualFold(j.pool.version.LogFormat, "JSON") }

// record is a platform event in the JSON format.
func (j *journal) record(kind string, record map[string]any) string {
	b, err := json.Marshal(struct {
		Time   string         `json:"time"`
		Type   string         `json:"type"`
		Record map[string]any `json:"record"`
	}{j.host.cfg.Now().UTC().Format("2006-01-02T15:04:05.000Z"), kind, record})
	if err != nil {
		return kind // strings and numbers always marshal
	}
	return string(b)
}

// start begins a call's log.
// parity: services-observability.md 7.4
func (j *journal) start(c *call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	j.id, j.keep = c.RequestID, c.Tail
	if !c.first {
		j.tail = j.tail[:0]
	}
	if j.host.cfg.Sink == nil && !c.Tail {
		return
	}
	if j.json() {
		j.emit(j.record("platform.start", map[string]any{"requestId": c.RequestID, "version": j.pool.version.Number}), true)
		return
	}
	j.emit("START RequestId: "+c.RequestID+" Version: "+j.pool.version.Number, true)
}

// report is the figures at the end of a call.
type report struct {
	took, init time.Duration // init of the environment's first call only
	memory     int64         // bytes
	verdict    verdict
}

// end closes a call's log and returns the last 4 KB of it if the call asked.
func (j *journal) end(c *call, r report) []byte {
	if j.host.cfg.Sink == nil && !c.Tail {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	if j.json() {
		j.emit(j.record("platform.report", j.metrics(c, r)), true)
	} else {
		j.endText(c, r)
	}
	j.id, j.keep = "", false
	if !c.Tail {
		return nil
	}
	tail := bytes.Clone(j.tail[max(len(j.tail)-maxTail, 0):])
	j.tail = j.tail[:0]
	return tail
}

func (j *journal) endText(c *call, r report) {
	switch v := r.verdict; {
	case v.timedOut:
		j.emit(j.host.cfg.Now().UTC().Format("2006-01-02T15:04:05.000Z ")+c.RequestID+" "+v.note, true)
	case v.note != "":
		j.emit(v.note, true)
	}
	j.emit("END RequestId: "+c.RequestID, true)
	b := fmt.Appendf(nil, "REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		c.RequestID, millis(r.took), billed(r.took), j.pool.version.MemoryMB, megabytes(r.memory))
	if r.init > 0 {
		b = fmt.Appendf(b, "Init Duration: %s ms\t", millis(r.init))
	}
	switch {
	case r.verdict.timedOut:
		b = append(b, "Status: timeout"...)
	case r.verdict.errorType != "":
		b = append(b, "Status: error\tError Type: "+r.verdict.errorType...)
	}
	if root, parent, sampled := trace(c.TraceID); j.pool.version.TracingActive && root != "" {
		b = fmt.Appendf(b, "\nXRAY TraceId: %s\tSegmentId: %s\tSampled: %t\t", root, parent, sampled)
	}
	j.emit(string(b), true)
}

// metrics is the record of platform.report.
func (j *journal) metrics(c *call, r report) map[string]any {
	m := map[string]any{
		"durationMs": round(r.took), "billedDurationMs": billed(r.took),
		"memorySizeMB": j.pool.version.MemoryMB, "maxMemoryUsedMB": megabytes(r.memory),
	}
	if r.init > 0 {
		m["initDurationMs"] = round(r.init)
	}
	out := map[string]any{"requestId": c.RequestID, "metrics": m, "status": "success"}
	switch {
	case r.verdict.timedOut:
		out["status"] = "timeout"
	case r.verdict.errorType != "":
		out["status"], out["errorType"] = "error", r.verdict.errorType
	}
	if c.TraceID != "" {
		out["tracing"] = map[string]any{"type": "X-Amzn-Trace-Id", "value": c.TraceID}
	}
	return out
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }

func round(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e3 }

// billed is a duration in whole milliseconds, at least one, rounded up.
func billed(d time.Duration) int64 { return max(int64(math.Ceil(d.Seconds()*1000)), 1) }

func megabytes(n int64) int64 { return (n + 1<<20 - 1) >> 20 }

// trace takes an X-Amzn-Trace-Id apart.
func trace(id string) (root, parent string, sampled bool) {
	for part := range strings.SplitSeq(id, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Root":
			root = value
		case "Parent":
			parent = value
		case "Sampled":
			sampled = value == "1"
		}
	}
	return root, parent, sampled
}
