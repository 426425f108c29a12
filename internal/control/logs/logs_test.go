package logs_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/logs"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	model "github.com/stagedoor/stagedoor/internal/wire/logs"
)

func newService(tb testing.TB, edits ...func(*logs.Config)) *logs.Service {
	tb.Helper()
	st, err := sqlite.Open(tb.Context(), sqlite.Memory)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	c := logs.Config{Store: st}
	for _, edit := range edits {
		edit(&c)
	}
	return logs.New(c)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func refused(t *testing.T, what string, err error, want string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Type+": "+f.Message != want {
		t.Errorf("%s:\n got %v\nwant %s", what, err, want)
	}
}

const (
	noGroup  = "ResourceNotFoundException: The specified log group does not exist."
	noStream = "ResourceNotFoundException: The specified log stream does not exist."
	arn      = "arn:aws:logs:us-east-1:000000000000:log-group:"
)

func TestGroups(t *testing.T) {
	s := newService(t)
	ctx := t.Context()
	must(s.CreateLogGroup(ctx, &model.CreateLogGroupInput{LogGroupName: "/b", Tags: map[string]string{"k": "v"}}))(t)
	s.Write("/a/written", "s", time.Now(), "hello")
	for _, name := range []string{"/b", "/a/written"} {
		_, err := s.CreateLogGroup(ctx, &model.CreateLogGroupInput{LogGroupName: name})
		refused(t, "CreateLogGroup of "+name, err, "ResourceAlreadyExistsException: The specified log group already exists")
	}
	must(s.PutRetentionPolicy(ctx, &model.PutRetentionPolicyInput{LogGroupName: "/a/written", RetentionInDays: 7}))(t)
	_, err := s.PutRetentionPolicy(ctx, &model.PutRetentionPolicyInput{LogGroupName: "/b", RetentionInDays: 2})
	refused(t, "retention of 2 days", err, "InvalidParameterException: 1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]")
	_, err = s.PutRetentionPolicy(ctx, &model.PutRetentionPolicyInput{LogGroupName: "/none", RetentionInDays: 7})
	refused(t, "retention of no group", err, noGroup)

	list := func(in model.DescribeLogGroupsInput) (names []string) {
		t.Helper()
		for _, g := range must(s.DescribeLogGroups(ctx, &in))(t).LogGroups {
			names = append(names, *g.LogGroupName)
		}
		return names
	}
	for _, tt := range []struct {
		in   model.DescribeLogGroupsInput
		want []string
	}{
		{model.DescribeLogGroupsInput{}, []string{"/a/written", "/b"}},
		{model.DescribeLogGroupsInput{LogGroupNamePrefix: new("/a")}, []string{"/a/written"}},
		{model.DescribeLogGroupsInput{LogGroupNamePattern: new("WRIT")}, []string{"/a/written"}},
		{model.DescribeLogGroupsInput{LogGroupNamePrefix: new("/x")}, nil},
		{model.DescribeLogGroupsInput{LogGroupIdentifiers: []string{arn + "/b"}}, []string{"/b"}},
	} {
		if got := list(tt.in); !cmp.Equal(got, tt.want) {
			t.Errorf("DescribeLogGroups(%+v) = %v, want %v", tt.in, got, tt.want)
		}
	}
	g := must(s.DescribeLogGroups(ctx, &model.DescribeLogGroupsInput{LogGroupNamePrefix: new("/a")}))(t).LogGroups[0]
	if *g.Arn != arn+"/a/written:*" || *g.LogGroupArn != arn+"/a/written" || *g.RetentionInDays != 7 || *g.StoredBytes != 31 {
		t.Errorf("group = %v, %v, %d bytes", *g.Arn, g.RetentionInDays, *g.StoredBytes)
	}
	first := must(s.DescribeLogGroups(ctx, &model.DescribeLogGroupsInput{Limit: new(int32(1))}))(t)
	if second := must(s.DescribeLogGroups(ctx, &model.DescribeLogGroupsInput{NextToken: first.NextToken}))(t); *second.LogGroups[0].LogGroupName != "/b" || second.NextToken != nil {
		t.Errorf("the second page = %+v", second)
	}

	must(s.TagResource(ctx, &model.TagResourceInput{ResourceArn: arn + "/b", Tags: map[string]string{"a": "1"}}))(t)
	must(s.UntagLogGroup(ctx, &model.UntagLogGroupInput{LogGroupName: "/b", Tags: []string{"k"}}))(t)
	if got := must(s.ListTagsForResource(ctx, &model.ListTagsForResourceInput{ResourceArn: arn + "/b:*"}))(t).Tags; !cmp.Equal(got, map[string]string{"a": "1"}) {
		t.Errorf("tags = %v", got)
	}
	for _, name := range []string{"/b", "/a/written"} {
		must(s.DeleteLogGroup(ctx, &model.DeleteLogGroupInput{LogGroupName: name}))(t)
		_, err = s.DeleteLogGroup(ctx, &model.DeleteLogGroupInput{LogGroupName: name})
		refused(t, "DeleteLogGroup again", err, noGroup)
	}
	if got := list(model.DescribeLogGroupsInput{}); got != nil {
		t.Errorf("groups after the deletion: %v", got)
	}
}

func TestStreams(t *testing.T) {
	s := newService(t)
	ctx := t.Context()
	_, err := s.CreateLogStream(ctx, &model.CreateLogStreamInput{LogGroupName: "g", LogStreamName: "s"})
	refused(t, "a stream of no group", err, noGroup)
	must(s.CreateLogGroup(ctx, &model.CreateLogGroupInput{LogGroupName: "g"}))(t)
	_, err = s.PutLogEvents(ctx, &model.PutLogEventsInput{LogGroupName: "g", LogStreamName: "s"})
	refused(t, "events for no stream", err, noStream)
	must(s.CreateLogStream(ctx, &model.CreateLogStreamInput{LogGroupName: "g", LogStreamName: "old"}))(t)
	_, err = s.CreateLogStream(ctx, &model.CreateLogStreamInput{LogGroupName: "g", LogStreamName: "old"})
	refused(t, "the same stream", err, "ResourceAlreadyExistsException: The specified log stream already exists")
	now := time.Now()
	s.Write("g", "b", now.Add(2*time.Hour), "x")
	s.Write("g", "a", now.Add(3*time.Hour), "x")
	list := func(in model.DescribeLogStreamsInput) (names []string) {
		t.Helper()
		in.LogGroupName = new("g")
		for _, g := range must(s.DescribeLogStreams(ctx, &in))(t).LogStreams {
			names = append(names, *g.LogStreamName)
		}
		return names
	}
	for _, tt := range []struct {
		in   model.DescribeLogStreamsInput
		want []string
	}{
		{model.DescribeLogStreamsInput{}, []string{"a", "b", "old"}},
		{model.DescribeLogStreamsInput{OrderBy: new("LastEventTime"), Descending: new(true)}, []string{"a", "b", "old"}},
		{model.DescribeLogStreamsInput{OrderBy: new("LastEventTime")}, []string{"old", "b", "a"}},
		{model.DescribeLogStreamsInput{LogStreamNamePrefix: new("o")}, []string{"old"}},
	} {
		if got := list(tt.in); !cmp.Equal(got, tt.want) {
			t.Errorf("DescribeLogStreams(%+v) = %v, want %v", tt.in, got, tt.want)
		}
	}
	_, err = s.DescribeLogStreams(ctx, &model.DescribeLogStreamsInput{LogGroupName: new("g"), OrderBy: new("LastEventTime"), LogStreamNamePrefix: new("o")})
	refused(t, "by time and prefix", err, "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.")
	must(s.DeleteLogStream(ctx, &model.DeleteLogStreamInput{LogGroupName: "g", LogStreamName: "b"}))(t)
	_, err = s.DeleteLogStream(ctx, &model.DeleteLogStreamInput{LogGroupName: "g", LogStreamName: "b"})
	refused(t, "DeleteLogStream again", err, noStream)
}

func TestPutLogEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		ctx := t.Context()
		must(s.CreateLogGroup(ctx, &model.CreateLogGroupInput{LogGroupName: "g"}))(t)
		must(s.CreateLogStream(ctx, &model.CreateLogStreamInput{LogGroupName: "g", LogStreamName: "s"}))(t)
		at := func(d time.Duration) int64 { return time.Now().Add(d).UnixMilli() }
		put := func(events ...model.InputLogEvent) (*model.PutLogEventsResponse, error) {
			return s.PutLogEvents(ctx, &model.PutLogEventsInput{LogGroupName: "g", LogStreamName: "s", LogEvents: events})
		}
		_, err := put(model.InputLogEvent{Timestamp: 2}, model.InputLogEvent{Timestamp: 1})
		refused(t, "not in order", err, "InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order.")
		_, err = put(model.InputLogEvent{Timestamp: at(0), Message: strings.Repeat("x", 1<<20)})
		refused(t, "too large", err, "InvalidParameterException: Upload too large: 1048602 bytes exceeds limit of 1048576")
		out := must(put(
			model.InputLogEvent{Timestamp: at(-15 * 24 * time.Hour), Message: "ancient"}, model.InputLogEvent{Timestamp: at(-time.Hour), Message: "one"},
			model.InputLogEvent{Timestamp: at(0), Message: "two"}, model.InputLogEvent{Timestamp: at(3 * time.Hour), Message: "future"},
		))(t)
		if r := out.RejectedLogEventsInfo; r == nil || *r.TooOldLogEventEndIndex != 1 || *r.TooNewLogEventStartIndex != 3 {
			t.Errorf("rejected = %+v", r)
		}
		s.Write("g", "s", time.Now().Add(-30*time.Minute), "late")
		got := must(s.GetLogEvents(ctx, &model.GetLogEventsInput{LogGroupName: new("g"), LogStreamName: "s"}))(t)
		if texts := texts(got.Events); !cmp.Equal(texts, []string{"one", "late", "two"}) {
			t.Errorf("events = %v, want them in the order of their times", texts)
		}
		must(s.PutRetentionPolicy(ctx, &model.PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 1}))(t)
		time.Sleep(24*time.Hour - 20*time.Minute)
		got = must(s.GetLogEvents(ctx, &model.GetLogEventsInput{LogGroupName: new("g"), LogStreamName: "s"}))(t)
		if texts := texts(got.Events); !cmp.Equal(texts, []string{"two"}) {
			t.Errorf("events within the retention = %v", texts)
		}
	})
}

func texts(events []model.OutputLogEvent) (all []string) {
	for _, e := range events {
		all = append(all, *e.Message)
	}
	return all
}

func TestGetLogEvents(t *testing.T) {
	s := newService(t)
	start := time.Now().Add(-time.Hour)
	for i := range 5 {
		s.Write("g", "s", start.Add(time.Duration(i)*time.Second), fmt.Sprint(i))
	}
	read := func(in model.GetLogEventsInput) (string, *model.GetLogEventsResponse) {
		t.Helper()
		in.LogGroupName, in.LogStreamName = new("g"), "s"
		out := must(s.GetLogEvents(t.Context(), &in))(t)
		return strings.Join(texts(out.Events), ""), out
	}
	two := new(int32(2))
	if got, _ := read(model.GetLogEventsInput{}); got != "01234" {
		t.Errorf("all = %q", got)
	}
	if got, _ := read(model.GetLogEventsInput{StartTime: new(start.Add(time.Second).UnixMilli()), EndTime: new(start.Add(3 * time.Second).UnixMilli())}); got != "12" {
		t.Errorf("between two times = %q, want the first and not the last", got)
	}
	got, tail := read(model.GetLogEventsInput{Limit: two})
	if got != "34" {
		t.Errorf("the tail = %q", got)
	}
	if got, end := read(model.GetLogEventsInput{NextToken: tail.NextForwardToken}); got != "" || *end.NextForwardToken != *tail.NextForwardToken {
		t.Errorf("after the end = %q, token %s then %s", got, *tail.NextForwardToken, *end.NextForwardToken)
	}
	got, before := read(model.GetLogEventsInput{Limit: two, NextToken: tail.NextBackwardToken})
	if got != "12" {
		t.Errorf("before the tail = %q", got)
	}
	if got, _ := read(model.GetLogEventsInput{Limit: two, NextToken: before.NextBackwardToken}); got != "0" {
		t.Errorf("the head = %q", got)
	}
	if got, head := read(model.GetLogEventsInput{Limit: two, StartFromHead: new(true)}); got != "01" {
		t.Errorf("from the head = %q", got)
	} else if got, _ := read(model.GetLogEventsInput{Limit: two, NextToken: head.NextForwardToken}); got != "23" {
		t.Errorf("onwards = %q", got)
	}
	s.Write("g", "s", time.Now(), "5")
	if got, _ := read(model.GetLogEventsInput{NextToken: tail.NextForwardToken}); got != "5" {
		t.Errorf("what came after the end = %q", got)
	}
	_, err := s.GetLogEvents(t.Context(), &model.GetLogEventsInput{LogGroupName: new("g"), LogStreamName: "s", NextToken: new("x")})
	refused(t, "a token of its own", err, "InvalidParameterException: The specified nextToken is invalid.")
	_, err = s.GetLogEvents(t.Context(), &model.GetLogEventsInput{LogGroupName: new("g"), LogStreamName: "none"})
	refused(t, "no stream", err, noStream)
	_, err = s.GetLogEvents(t.Context(), &model.GetLogEventsInput{LogGroupName: new("none"), LogStreamName: "s"})
	refused(t, "no group", err, noGroup)
}

func TestFilterLogEvents(t *testing.T) {
	s := newService(t)
	start := time.Now().Add(-time.Hour)
	for i, e := range []struct{ stream, text string }{
		{"a", "ERROR one"}, {"b", `{"level":"ERROR","n":2}`}, {"a", "INFO three"}, {"b", "ERROR four"},
	} {
		s.Write("g", e.stream, start.Add(time.Duration(i)*time.Second), e.text)
	}
	search := func(in model.FilterLogEventsInput) (string, *model.FilterLogEventsResponse) {
		t.Helper()
		in.LogGroupName = new("g")
		out := must(s.FilterLogEvents(t.Context(), &in))(t)
		var all []string
		for _, e := range out.Events {
			all = append(all, *e.LogStreamName+":"+*e.Message)
			if len(*e.EventId) != 56 {
				t.Errorf("event id %q", *e.EventId)
			}
		}
		return strings.Join(all, "|"), out
	}
	for _, tt := range []struct {
		name string
		in   model.FilterLogEventsInput
		want string
	}{
		{"all, by time", model.FilterLogEventsInput{}, `a:ERROR one|b:{"level":"ERROR","n":2}|a:INFO three|b:ERROR four`},
		{"term", model.FilterLogEventsInput{FilterPattern: new("ERROR -four")}, `a:ERROR one|b:{"level":"ERROR","n":2}`},
		{"JSON", model.FilterLogEventsInput{FilterPattern: new(`{ $.n > 1 }`)}, `b:{"level":"ERROR","n":2}`},
		{"streams", model.FilterLogEventsInput{LogStreamNames: []string{"a"}}, `a:ERROR one|a:INFO three`},
		{"prefix", model.FilterLogEventsInput{LogStreamNamePrefix: new("b")}, `b:{"level":"ERROR","n":2}|b:ERROR four`},
		{"times, both with", model.FilterLogEventsInput{StartTime: new(start.Add(2 * time.Second).UnixMilli()), EndTime: new(start.Add(3 * time.Second).UnixMilli())}, `a:INFO three|b:ERROR four`},
	} {
		if got, _ := search(tt.in); got != tt.want {
			t.Errorf("%s = %q, want %q", tt.name, got, tt.want)
		}
	}
	var all []string
	var token *string
	for range 5 {
		got, out := search(model.FilterLogEventsInput{Limit: new(int32(1)), NextToken: token})
		all = append(all, got)
		if token = out.NextToken; token == nil {
			break
		}
	}
	if got := strings.Join(all, "|"); got != `a:ERROR one|b:{"level":"ERROR","n":2}|a:INFO three|b:ERROR four` {
		t.Errorf("page by page = %q", got)
	}
	for want, in := range map[string]model.FilterLogEventsInput{
		"InvalidParameterException: Invalid filter pattern":                                                       {LogGroupName: new("g"), FilterPattern: new("{")},
		"InvalidParameterException: The specified nextToken is invalid.":                                          {LogGroupName: new("g"), NextToken: new("?")},
		"InvalidParameterException: logStreamNamePrefix and logStreamNames cannot be specified at the same time.": {LogGroupName: new("g"), LogStreamNames: []string{"a"}, LogStreamNamePrefix: new("b")},
		"InvalidParameterException: Either LogGroupName or LogGroupIdentifier must be provided.":                  {},
		noGroup: {LogGroupIdentifier: new(arn + "none:*")},
	} {
		_, err := s.FilterLogEvents(t.Context(), &in)
		refused(t, "FilterLogEvents", err, want)
	}
}

// TestBudget: only so much is kept, the newest of all, and streams that have
// nothing left are gone.
func TestBudget(t *testing.T) {
	const budget = 10_000
	s := newService(t, func(c *logs.Config) { c.MaxBytes = budget })
	for i := range 1000 {
		s.Write("g", fmt.Sprint("s", i/100), time.Now(), fmt.Sprintf("%04d", i))
	}
	groups := must(s.DescribeLogGroups(t.Context(), &model.DescribeLogGroupsInput{}))(t).LogGroups
	if got := *groups[0].StoredBytes; got > budget || got < budget-100 {
		t.Errorf("%d bytes are kept, want nearly %d", got, budget)
	}
	out := must(s.FilterLogEvents(t.Context(), &model.FilterLogEventsInput{LogGroupName: new("g")}))(t)
	if n := len(out.Events); n != budget/30 || *out.Events[n-1].Message != "0999" || *out.Events[0].Message != fmt.Sprintf("%04d", 1000-n) {
		t.Errorf("%d events are kept, from %s on", n, *out.Events[0].Message)
	}
	if got := must(s.DescribeLogStreams(t.Context(), &model.DescribeLogStreamsInput{LogGroupName: new("g")}))(t).LogStreams; len(got) != 4 {
		t.Errorf("%d streams are there, want 4", len(got))
	}
	must(s.DeleteLogStream(t.Context(), &model.DeleteLogStreamInput{LogGroupName: "g", LogStreamName: "s9"}))(t)
	for i := range 1000 {
		s.Write("h", "s", time.Now(), fmt.Sprintf("%04d", i))
	}
	for _, g := range must(s.DescribeLogGroups(t.Context(), &model.DescribeLogGroupsInput{}))(t).LogGroups {
		if want := map[string]int64{"g": 0, "h": 9990}[*g.LogGroupName]; *g.StoredBytes != want {
			t.Errorf("group %s has %d bytes, want %d", *g.LogGroupName, *g.StoredBytes, want)
		}
	}
}

// TestWritersAndReaders is for the race detector, and sees that a reader gets
// whole streams.
func TestWritersAndReaders(t *testing.T) {
	s := newService(t, func(c *logs.Config) { c.MaxBytes = 20_000 })
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := range 2000 {
				s.Write("g", fmt.Sprint("s", w), time.Now(), fmt.Sprintf("%05d", i))
			}
		})
	}
	for range 2 {
		group.Go(func() {
			for range 200 {
				out, err := s.FilterLogEvents(t.Context(), &model.FilterLogEventsInput{LogGroupName: new("g"), LogStreamNames: []string{"s1"}})
				if err != nil {
					continue // nobody has written yet
				}
				for i := range len(out.Events) - 1 {
					if *out.Events[i].Message >= *out.Events[i+1].Message {
						t.Errorf("%s comes before %s", *out.Events[i].Message, *out.Events[i+1].Message)
						return
					}
				}
			}
		})
	}
	group.Wait()
}

// TestSDK: what the AWS SDK asks for comes through the wire.
func TestSDK(t *testing.T) {
	s := newService(t)
	server, err := control.New(control.Config{
		Account: "000000000000", Region: "us-east-1", Log: slog.New(slog.DiscardHandler),
		Services: []control.Service{{Table: model.Table(), Handlers: s.Handlers()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(server)
	defer srv.Close()
	client := sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), HTTPClient: srv.Client(), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	ctx, group := t.Context(), aws.String("/aws/lambda/f")
	must(client.CreateLogGroup(ctx, &sdk.CreateLogGroupInput{LogGroupName: group}))(t)
	must(client.CreateLogStream(ctx, &sdk.CreateLogStreamInput{LogGroupName: group, LogStreamName: aws.String("s")}))(t)
	must(client.PutLogEvents(ctx, &sdk.PutLogEventsInput{LogGroupName: group, LogStreamName: aws.String("s"), LogEvents: []types.InputLogEvent{
		{Timestamp: aws.Int64(time.Now().UnixMilli()), Message: aws.String("ERROR x")},
	}}))(t)
	found := must(client.FilterLogEvents(ctx, &sdk.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("ERROR")}))(t)
	if len(found.Events) != 1 || *found.Events[0].Message != "ERROR x" {
		t.Errorf("FilterLogEvents = %+v", found.Events)
	}
	read := must(client.GetLogEvents(ctx, &sdk.GetLogEventsInput{LogGroupName: group, LogStreamName: aws.String("s"), StartFromHead: aws.Bool(true)}))(t)
	if len(read.Events) != 1 || aws.ToString(read.NextForwardToken) != "f/1" {
		t.Errorf("GetLogEvents = %+v, %s", read.Events, aws.ToString(read.NextForwardToken))
	}
	_, err = client.CreateLogGroup(ctx, &sdk.CreateLogGroupInput{LogGroupName: group})
	var exists *types.ResourceAlreadyExistsException
	if !errors.As(err, &exists) || aws.ToString(exists.Message) != "The specified log group already exists" {
		t.Errorf("CreateLogGroup again: %v", err)
	}
	must(client.DeleteLogGroup(ctx, &sdk.DeleteLogGroupInput{LogGroupName: group}))(t)
	_, err = client.DescribeLogStreams(ctx, &sdk.DescribeLogStreamsInput{LogGroupName: group})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Errorf("DescribeLogStreams of no group: %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	s := newService(b)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		s.Write("g", "s", now, "START RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95 Version: $LATEST")
	}
}
