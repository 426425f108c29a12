package cloudtrail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Query says which records are asked for. Empty fields ask for all.
type Query struct {
	From, To time.Time // both inclusive
	Name     string    // of the event
	Source   string
	User     string
	KeyID    string // of the access key
	Type     string // of a resource
	Resource string // the name of one
	ID       string
	ReadOnly *bool

	Max   int    // records a page; default 50, at most 1000
	After string // the Next of the page before
}

// Page is some of the records asked for, the newest first.
type Page struct {
	Events []api.Event
	Next   string // for Query.After; empty: there are no more
}

const (
	pageSize = 50
	mostPage = 1000
	// mostSeen bounds the records that one page looks at. One that finds less
	// than it may is not the last, unless Next is empty.
	mostSeen = 20_000
)

// ErrToken says that Query.After is no Next of a page.
var ErrToken = errors.New("cloudtrail: no such page")

// Lookup finds records. A page looks at a bounded number of records, so it may
// be empty and have a Next all the same.
func (t *Trail) Lookup(ctx context.Context, q Query) (Page, error) {
	after, err := q.start()
	if err != nil {
		return Page{}, err
	}
	if q.Max <= 0 {
		q.Max = pageSize
	}
	q.Max = min(q.Max, mostPage)
	marks, err := q.marks()
	if err != nil {
		return Page{}, err
	}
	var page Page
	err = t.cfg.Store.View(ctx, func(tx store.Tx) error {
		page = Page{}
		seen, last := 0, after
		for item, err := range tx.Scan(api.Events, after) {
			if err != nil {
				return err
			}
			if q.before(item.Key) {
				return nil
			}
			if len(page.Events) == q.Max || seen == mostSeen {
				page.Next = strings.TrimPrefix(last, api.Events)
				return nil
			}
			seen++
			last = item.Key
			if err := q.take(&page, item, marks); err != nil {
				return err
			}
		}
		return nil
	})
	return page, err
}

// take adds the record to the page if it is asked for.
func (q *Query) take(page *Page, item store.Item, marks [][]byte) error {
	for _, m := range marks {
		if !bytes.Contains(item.Doc, m) {
			return nil
		}
	}
	var e api.Event
	if err := json.Unmarshal(item.Doc, &e); err != nil {
		return fmt.Errorf("decode %s: %w", item.Key, err)
	}
	if q.wants(&e) {
		page.Events = append(page.Events, e)
	}
	return nil
}

// marks are texts that every record asked for has somewhere, so that others
// need not be taken apart.
func (q *Query) marks() (marks [][]byte, err error) {
	for _, text := range []string{q.Name, q.Source, q.User, q.KeyID, q.Type, q.Resource, q.ID} {
		if text == "" {
			continue
		}
		m, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		marks = append(marks, m)
	}
	return marks, nil
}

// before reports whether a key is of an event before the time asked for.
func (q *Query) before(key store.Key) bool {
	if q.From.IsZero() {
		return false
	}
	end := api.EventsFrom(q.From)
	return key[:min(len(end), len(key))] > end
}

// start is the key after which the page begins.
func (q *Query) start() (string, error) {
	if q.After != "" {
		if len(q.After) > 100 || strings.Trim(q.After[:min(19, len(q.After))], "0123456789") != "" {
			return "", ErrToken
		}
		return api.Events + q.After, nil
	}
	if q.To.IsZero() {
		return "", nil
	}
	return api.EventsFrom(q.To), nil
}

func (q *Query) wants(e *api.Event) bool {
	for _, c := range []struct{ want, got string }{
		{q.Name, e.Name},
		{q.Source, e.Source},
		{q.User, e.User},
		{q.KeyID, e.KeyID},
		{q.ID, e.ID},
	} {
		if c.want != "" && c.want != c.got {
			return false
		}
	}
	if q.ReadOnly != nil && *q.ReadOnly != e.ReadOnly {
		return false
	}
	return q.touches(e)
}

// touches reports whether e has to do with the resource asked for.
func (q *Query) touches(e *api.Event) bool {
	if q.Type == "" && q.Resource == "" {
		return true
	}
	for _, r := range e.Resources {
		if (q.Type == "" || q.Type == r.Type) && (q.Resource == "" || q.Resource == r.Name) {
			return true
		}
	}
	return false
}
