package cognito

import (
	"context"
	"encoding/base64"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// listing is what is listed, page by page in the order of keys.
type listing[T any] struct {
	prefix func(tx store.Tx) (string, error)
	token  *string
	limit  int32
	key    func(*T) string
	want   func(*T) bool // nil: all
	take   func(*T)
}

// mostLooked is how many documents one page looks at: what was not reached is
// on the next one.
const mostLooked = 10_000

// list takes one page, and gives the token of the next; nil: there is none.
func list[T any](ctx context.Context, s *Service, l listing[T]) (next *string, err error) {
	after := ""
	if l.token != nil {
		raw, err := base64.RawURLEncoding.DecodeString(*l.token)
		if err != nil || len(raw) == 0 || len(raw) > store.MaxKey {
			return nil, invalid("Invalid pagination token.")
		}
		after = string(raw)
	}
	var found []T
	err = s.store.View(ctx, func(tx store.Tx) error {
		found, next = nil, nil
		prefix, err := l.prefix(tx)
		if err != nil {
			return err
		}
		last, looked := "", 0
		for v, err := range store.Scan[T](tx, prefix, after) {
			if err != nil {
				return err
			}
			if len(found) == int(l.limit) || looked == mostLooked {
				next = new(base64.RawURLEncoding.EncodeToString([]byte(last)))
				break
			}
			last, looked = l.key(&v), looked+1
			if l.want == nil || l.want(&v) {
				found = append(found, v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range found {
		l.take(&found[i])
	}
	return next, nil
}

// below is the prefix of something of a pool, if there is such a pool.
func (s *Service) below(pool string, prefix func(pool string) string) func(store.Tx) (string, error) {
	return func(tx store.Tx) (string, error) {
		_, err := tx.Get(api.UserPoolKey(pool))
		if err != nil {
			_, err = s.pool(tx, pool) // in Cognito's words
		}
		return prefix(pool), err
	}
}
