// Package logs is CloudWatch Logs as far as stagedoor has it: the groups,
// streams and events of what runs here, and of those who put events.
//
// Groups are documents. Events are kept in memory, the newest up to a number of
// bytes, and end with the process: whoever needs them longer has files and
// collectors beside this. The law: an event that is read is one that was
// written, events of a stream come in the order of their times, and writing
// waits for no reader.
package logs

import (
	"iter"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Config is what a Service is told at start. Store is needed.
type Config struct {
	Store store.Store
	// Partition, Region and Account are what ARNs are made of. Default aws,
	// us-east-1, 000000000000.
	Partition, Region, Account string
	// MaxBytes is how much of events is kept. Default 64 MB.
	MaxBytes int64
}

// Service is the API of CloudWatch Logs. Its methods may be called by any
// number of goroutines at a time.
type Service struct {
	store store.Store
	arns  string // what the ARN of a group begins with
	book  *book
}

// New makes a Service. It starts nothing and touches nothing.
func New(c Config) *Service {
	for _, f := range []struct {
		field *string
		value string
	}{{&c.Partition, "aws"}, {&c.Region, "us-east-1"}, {&c.Account, "000000000000"}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	return &Service{
		store: c.Store,
		arns:  "arn:" + c.Partition + ":logs:" + c.Region + ":" + c.Account + ":log-group:",
		book:  newBook(c.MaxBytes),
	}
}

// Write notes one event. Group and stream need not exist. It waits for nobody
// and never fails; an event that is too large is cut.
func (s *Service) Write(group, stream string, at time.Time, message string) {
	if len(message) > maxEvent {
		message = strings.ToValidUTF8(message[:maxEvent], "")
	}
	s.book.write(group, stream, []entry{{at: at.UnixMilli(), message: message}}, time.Now().UnixMilli(), true)
}

// WriteAll is Write for events of one stream that come together. at is in
// milliseconds since 1970.
func (s *Service) WriteAll(group, stream string, events iter.Seq2[int64, string]) {
	var all []entry
	for at, message := range events {
		if len(message) > maxEvent {
			message = strings.ToValidUTF8(message[:maxEvent], "")
		}
		all = append(all, entry{at: at, message: message})
	}
	s.book.write(group, stream, all, time.Now().UnixMilli(), true)
}

// Handlers are the operations, by name.
func (s *Service) Handlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateLogGroup":        wire.Op(s.CreateLogGroup),
		"DeleteLogGroup":        wire.Op(s.DeleteLogGroup),
		"DescribeLogGroups":     wire.Op(s.DescribeLogGroups),
		"PutRetentionPolicy":    wire.Op(s.PutRetentionPolicy),
		"DeleteRetentionPolicy": wire.Op(s.DeleteRetentionPolicy),
		"TagResource":           wire.Op(s.TagResource),
		"UntagResource":         wire.Op(s.UntagResource),
		"ListTagsForResource":   wire.Op(s.ListTagsForResource),
		"TagLogGroup":           wire.Op(s.TagLogGroup),
		"UntagLogGroup":         wire.Op(s.UntagLogGroup),
		"ListTagsLogGroup":      wire.Op(s.ListTagsLogGroup),
		"CreateLogStream":       wire.Op(s.CreateLogStream),
		"DeleteLogStream":       wire.Op(s.DeleteLogStream),
		"DescribeLogStreams":    wire.Op(s.DescribeLogStreams),
		"PutLogEvents":          wire.Op(s.PutLogEvents),
		"GetLogEvents":          wire.Op(s.GetLogEvents),
		"FilterLogEvents":       wire.Op(s.FilterLogEvents),
	}
}

// The texts are AWS's own. parity: services-observability.md 9.4.1

func noGroup() *fault.Error {
	return fault.NotFound.Typed("ResourceNotFoundException", "The specified log group does not exist.")
}

func noStream() *fault.Error {
	return fault.NotFound.Typed("ResourceNotFoundException", "The specified log stream does not exist.")
}

func exists(what string) *fault.Error {
	return fault.Conflict.Typed("ResourceAlreadyExistsException", "The specified log "+what+" already exists")
}

func invalid(message string) *fault.Error {
	return fault.BadRequest.Typed("InvalidParameterException", message)
}

// groupName reads a group that is named by its name or its ARN, in one of two
// members.
func (s *Service) groupName(name, identifier *string) (string, error) {
	switch {
	case name != nil && identifier != nil:
		return "", invalid("LogGroupName and LogGroupIdentifier cannot be provided at the same time.")
	case name != nil:
		return *name, nil
	case identifier != nil:
		return s.named(*identifier)
	}
	return "", invalid("Either LogGroupName or LogGroupIdentifier must be provided.")
}

// named reads the name or the ARN of a group.
func (s *Service) named(text string) (string, error) {
	if !strings.HasPrefix(text, "arn:") {
		return text, nil
	}
	name, found := strings.CutPrefix(strings.TrimSuffix(text, ":*"), s.arns)
	if !found || name == "" {
		return "", noGroup()
	}
	return name, nil
}
