package logs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	model "github.com/stagedoor/stagedoor/internal/wire/logs"
)

// CreateLogStream makes a stream in a group that exists.
func (s *Service) CreateLogStream(ctx context.Context, in *model.CreateLogStreamInput) (*model.CreateLogStreamOutput, error) {
	if _, err := s.read(ctx, in.LogGroupName); err != nil {
		return nil, err
	}
	if !s.book.add(in.LogGroupName, in.LogStreamName, time.Now().UnixMilli()) {
		return nil, exists("stream")
	}
	return &model.CreateLogStreamOutput{}, nil
}

// DeleteLogStream removes a stream with its events.
func (s *Service) DeleteLogStream(ctx context.Context, in *model.DeleteLogStreamInput) (*model.DeleteLogStreamOutput, error) {
	if _, err := s.read(ctx, in.LogGroupName); err != nil {
		return nil, err
	}
	if in.LogStreamName == "" || !s.book.remove(in.LogGroupName, in.LogStreamName) {
		return nil, noStream()
	}
	return &model.DeleteLogStreamOutput{}, nil
}

// DescribeLogStreams lists the streams of a group, by name or by the time of
// their last event.
func (s *Service) DescribeLogStreams(ctx context.Context, in *model.DescribeLogStreamsInput) (*model.DescribeLogStreamsResponse, error) {
	name, err := s.groupName(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if _, err := s.read(ctx, name); err != nil {
		return nil, err
	}
	byTime := in.OrderBy != nil && *in.OrderBy == "LastEventTime"
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	pages, _ := s.book.pages(name, func(stream string) bool {
		return in.LogStreamNamePrefix == nil || strings.HasPrefix(stream, *in.LogStreamNamePrefix)
	})
	slices.SortFunc(pages, func(a, b page) int {
		if byTime {
			if c := cmp.Compare(a.last(), b.last()); c != 0 {
				return c
			}
		}
		return strings.Compare(a.name, b.name)
	})
	if in.Descending != nil && *in.Descending {
		slices.Reverse(pages)
	}
	items := []model.LogStream{}
	for i := range pages {
		items = append(items, s.logStream(name, &pages[i]))
	}
	items, next, err := cut(items, in.NextToken, in.Limit)
	return &model.DescribeLogStreamsResponse{LogStreams: items, NextToken: next}, err
}

// last is the time of the last event, or of the stream's beginning.
func (p *page) last() int64 {
	if n := len(p.events); n > 0 {
		return p.events[n-1].at
	}
	return p.created
}

func (s *Service) logStream(group string, p *page) model.LogStream {
	out := model.LogStream{
		LogStreamName: new(p.name), CreationTime: new(p.created), Arn: new(s.arns + group + ":log-stream:" + p.name),
		UploadSequenceToken: new("0"), StoredBytes: new(int64(0)), // AWS has not counted them since 2019
	}
	if n := len(p.events); n > 0 {
		out.FirstEventTimestamp, out.LastEventTimestamp = new(p.events[0].at), new(p.events[n-1].at)
		out.LastIngestionTime = new(p.ingested)
	}
	return out
}
