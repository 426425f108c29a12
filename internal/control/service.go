package control

import (
	"context"
	"fmt"
	"sync"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/awsjson"
	"github.com/stagedoor/stagedoor/internal/wire/awsquery"
	"github.com/stagedoor/stagedoor/internal/wire/restjson"
	"github.com/stagedoor/stagedoor/internal/wire/rpccbor"
)

// codec reads calls and writes answers of one service in one protocol.
type codec interface {
	Decode(r *wire.Request, op *wire.Operation, in any, t *wire.Trail) error
	Encode(r *wire.Request, op *wire.Operation, out any) (*wire.Answer, error)
	Fail(r *wire.Request, op *wire.Operation, f *wire.Failure) *wire.Answer
}

// service is one service with what is made of its table. That is made when the
// service is first called, so that start costs nothing for it.
type service struct {
	table    *wire.Service
	handlers map[string]wire.Handler
	words    words
	checker  *wire.Checker
	memberOf func() map[string]string // the members that labels are, by the labels' names in paths

	rest  func() *restjson.Codec
	query func() *awsquery.Codec
	cbor  func() (*rpccbor.Codec, error)
}

func newService(s Service) *service {
	return &service{
		table:    s.Table,
		handlers: s.Handlers,
		words:    wordsOf(s.Table.Name),
		checker:  wire.NewChecker(s.Table),
		memberOf: sync.OnceValue(func() map[string]string { return memberNames(s.Table) }),
		rest:     sync.OnceValue(func() *restjson.Codec { return restjson.New(s.Table) }),
		query:    sync.OnceValue(func() *awsquery.Codec { return awsquery.New(s.Table) }),
		cbor:     sync.OnceValues(func() (*rpccbor.Codec, error) { return rpccbor.New(s.Table) }),
	}
}

// codec is the codec for a protocol.
func (s *service) codec(p wire.Protocol) (codec, error) {
	switch p {
	case wire.RestJSON:
		return s.rest(), nil
	case wire.AWSQuery:
		return s.query(), nil
	case wire.RPCCBOR:
		return s.cbor()
	default:
		return awsjson.New(s.table, p), nil
	}
}

// run calls a handler.
func (s *service) run(ctx context.Context, op *wire.Operation, in any) (any, error) {
	out, err := s.handlers[op.Name].Call(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", s.table.Name, op.Name, err)
	}
	return out, nil
}
