package logs

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/control/logs/pattern"
	model "github.com/stagedoor/stagedoor/internal/wire/logs"
)

// Limits. parity: API reference of PutLogEvents, GetLogEvents, FilterLogEvents
const (
	maxEvent  = 1<<20 - perEvent    // bytes of one event
	maxBatch  = 1 << 20             // bytes of a PutLogEvents call
	maxEvents = 10_000              // events of a call or an answer
	tooOld    = 14 * 24 * time.Hour // events that are not taken
	tooNew    = 2 * time.Hour
)

// PutLogEvents writes events to a stream that exists.
func (s *Service) PutLogEvents(ctx context.Context, in *model.PutLogEventsInput) (*model.PutLogEventsResponse, error) {
	g, err := s.read(ctx, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	size := 0
	for i, e := range in.LogEvents {
		size += len(e.Message) + perEvent
		if i > 0 && e.Timestamp < in.LogEvents[i-1].Timestamp {
			return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if size > maxBatch {
		return nil, invalid(fmt.Sprintf("Upload too large: %d bytes exceeds limit of %d", size, maxBatch))
	}
	now := time.Now()
	out := &model.PutLogEventsResponse{NextSequenceToken: new("0")}
	events := in.LogEvents
	rejected := &model.RejectedLogEventsInfo{}
	if n := count(events, func(t int64) bool { return t < now.Add(-tooOld).UnixMilli() }); n > 0 {
		rejected.TooOldLogEventEndIndex, out.RejectedLogEventsInfo = new(int32(n)), rejected
		events = events[n:]
	}
	if n := count(events, func(t int64) bool { return t <= now.Add(tooNew).UnixMilli() }); n < len(events) {
		rejected.TooNewLogEventStartIndex, out.RejectedLogEventsInfo = new(int32(len(in.LogEvents)-len(events)+n)), rejected
		events = events[:n]
	}
	entries := make([]entry, 0, len(events))
	for _, e := range events {
		entries = append(entries, entry{at: e.Timestamp, message: e.Message})
	}
	if !s.book.write(g.Name, in.LogStreamName, entries, now.UnixMilli(), false) {
		return nil, noStream()
	}
	return out, nil
}

// count is how many events at the front are as wanted.
func count(events []model.InputLogEvent, want func(at int64) bool) int {
	n := slices.IndexFunc(events, func(e model.InputLogEvent) bool { return !want(e.Timestamp) })
	if n < 0 {
		return len(events)
	}
	return n
}

// since is the time before which a group shows nothing, in ms.
func since(days *int32, from *int64) int64 {
	var at int64
	if days != nil {
		at = time.Now().AddDate(0, 0, -int(*days)).UnixMilli()
	}
	if from != nil {
		at = max(at, *from)
	}
	return at
}

// size is how many events an answer may have.
func size(limit *int32) int {
	if limit == nil || *limit < 1 {
		return maxEvents
	}
	return min(int(*limit), maxEvents)
}

// GetLogEvents reads a stream: from its end backwards, or from its head or a
// token onwards. Where there is nothing more, a token leads to itself.
func (s *Service) GetLogEvents(ctx context.Context, in *model.GetLogEventsInput) (*model.GetLogEventsResponse, error) {
	name, err := s.groupName(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.read(ctx, name)
	if err != nil {
		return nil, err
	}
	pages, _ := s.book.pages(name, func(stream string) bool { return stream == in.LogStreamName })
	if len(pages) == 0 {
		return nil, noStream()
	}
	p := &pages[0]
	low := since(g.Retention, in.StartTime)
	from, _ := slices.BinarySearchFunc(p.events, low, func(e entry, at int64) int { return cmp.Compare(e.at, at) })
	to := len(p.events)
	if in.EndTime != nil {
		to, _ = slices.BinarySearchFunc(p.events, *in.EndTime, func(e entry, at int64) int { return cmp.Compare(e.at, at) })
		to = max(to, from)
	}
	if from, to, err = window(in, p.first, from, to); err != nil {
		return nil, err
	}
	out := &model.GetLogEventsResponse{
		Events:            []model.OutputLogEvent{},
		NextForwardToken:  new(fmt.Sprintf("f/%d", p.first+uint64(to))),
		NextBackwardToken: new(fmt.Sprintf("b/%d", p.first+uint64(from))),
	}
	for _, e := range p.events[from:to] {
		out.Events = append(out.Events, model.OutputLogEvent{Timestamp: new(e.at), Message: new(e.message), IngestionTime: new(e.ingested)})
	}
	return out, nil
}

// window is the part of [from, to) that a call asks for. Tokens count events
// from the stream's beginning; first is the number of event 0.
func window(in *model.GetLogEventsInput, first uint64, from, to int) (int, int, error) {
	n := size(in.Limit)
	if in.NextToken == nil {
		if in.StartFromHead != nil && *in.StartFromHead {
			return from, min(to, from+n), nil
		}
		return max(from, to-n), to, nil
	}
	var way byte
	var at uint64
	if _, err := fmt.Sscanf(*in.NextToken, "%c/%d", &way, &at); err != nil || way != 'f' && way != 'b' {
		return 0, 0, invalid("The specified nextToken is invalid.")
	}
	here := 0
	if at > first {
		here = int(min(at-first, uint64(to)))
	}
	here = min(max(here, from), to)
	if way == 'f' {
		return here, min(to, here+n), nil
	}
	return max(from, here-n), here, nil
}

// FilterLogEvents searches the streams of a group, in the order of time.
func (s *Service) FilterLogEvents(ctx context.Context, in *model.FilterLogEventsInput) (*model.FilterLogEventsResponse, error) {
	name, err := s.groupName(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.read(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != nil {
		return nil, invalid("logStreamNamePrefix and logStreamNames cannot be specified at the same time.")
	}
	var text string
	if in.FilterPattern != nil {
		text = *in.FilterPattern
	}
	wanted, err := pattern.Parse(text)
	if err != nil {
		return nil, invalid("Invalid filter pattern")
	}
	after, err := readPlace(in.NextToken)
	if err != nil {
		return nil, err
	}
	pages, _ := s.book.pages(name, func(stream string) bool {
		return (len(in.LogStreamNames) == 0 || slices.Contains(in.LogStreamNames, stream)) &&
			(in.LogStreamNamePrefix == nil || strings.HasPrefix(stream, *in.LogStreamNamePrefix))
	})
	low := since(g.Retention, in.StartTime)
	found := search(ctx, pages, wanted, func(e *entry) bool {
		return e.at >= low && (in.EndTime == nil || e.at <= *in.EndTime) && after.before(e)
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := &model.FilterLogEventsResponse{Events: []model.FilteredLogEvent{}, SearchedLogStreams: []model.SearchedLogStream{}}
	n, bytes := size(in.Limit), 0
	for i, f := range found {
		if i == n || bytes > maxBatch {
			out.NextToken = new(placeOf(found[i-1].entry).String())
			break
		}
		bytes += len(f.message)
		out.Events = append(out.Events, model.FilteredLogEvent{
			LogStreamName: new(f.stream), Timestamp: new(f.at), Message: new(f.message), IngestionTime: new(f.ingested),
			EventId: new(fmt.Sprintf("%056d", f.serial)),
		})
	}
	return out, nil
}

// hit is an event that was searched for.
type hit struct {
	*entry
	stream string
}

// search goes through streams, until ctx is done.
func search(ctx context.Context, pages []page, wanted pattern.Pattern, within func(*entry) bool) (found []hit) {
	for i := range pages {
		p := &pages[i]
		for j := range p.events {
			if j%1000 == 0 && ctx.Err() != nil {
				return nil
			}
			if e := &p.events[j]; within(e) && wanted.Match(e.message) {
				found = append(found, hit{e, p.name})
			}
		}
	}
	slices.SortFunc(found, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.serial, b.serial))
	})
	return found
}

// place is how far a search has come.
type place struct {
	at     int64
	serial uint64
	set    bool
}

func placeOf(e *entry) place { return place{e.at, e.serial, true} }

// before says whether e is yet to come.
func (p place) before(e *entry) bool {
	return !p.set || e.at > p.at || e.at == p.at && e.serial > p.serial
}

// String is a place as a token.
func (p place) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d/%d", p.at, p.serial))
}

func readPlace(token *string) (p place, err error) {
	if token == nil {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*token)
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d/%d", &p.at, &p.serial)
	}
	if err != nil {
		return place{}, invalid("The specified nextToken is invalid.")
	}
	p.set = true
	return p, nil
}
