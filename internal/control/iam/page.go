package iam

import (
	"encoding/base64"
	"iter"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
)

// defaultItems is how many items a page has if MaxItems does not say.
const defaultItems = 100

// slip is the end of a page: whether there is more, and where it begins.
type slip struct {
	truncated *bool
	marker    *string
}

func end(more bool, cursor string) slip {
	if !more {
		return slip{truncated: &more}
	}
	marker := base64.RawURLEncoding.EncodeToString([]byte(cursor))
	return slip{truncated: &more, marker: &marker}
}

// cursor takes a Marker apart.
func cursor(marker *string) (string, error) {
	if marker == nil {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*marker)
	if err != nil {
		return "", badMarker()
	}
	return string(b), nil
}

func badMarker() error {
	return &fault.Error{Kind: fault.BadRequest, Type: "ValidationError", Status: 400, Message: "Invalid Marker."}
}

func pageSize(n *int32) int {
	if n == nil {
		return defaultItems
	}
	return int(*n)
}

// part is one page of a list that is short and read at once. Its cursor is the
// number of items before it.
func part[T any](all []T, marker *string, size *int32) ([]T, slip, error) {
	text, err := cursor(marker)
	if err != nil {
		return nil, slip{}, err
	}
	from := 0
	if text != "" {
		if from, err = strconv.Atoi(text); err != nil || from < 0 {
			return nil, slip{}, badMarker()
		}
	}
	from = min(from, len(all))
	to := min(from+pageSize(size), len(all))
	return all[from:to], end(to < len(all), strconv.Itoa(to)), nil
}

// place is something on a list and the cursor of the place after it.
type place[T any] struct {
	cursor string
	item   T
}

// page takes one page from a list that begins after the cursor.
func page[T any](list iter.Seq2[place[T], error], size *int32) ([]T, slip, error) {
	items := []T{}
	last := ""
	for p, err := range list {
		if err != nil {
			return nil, slip{}, err
		}
		if len(items) == pageSize(size) {
			return items, end(true, last), nil
		}
		items, last = append(items, p.item), p.cursor
	}
	return items, end(false, ""), nil
}

// documents lists the documents under a prefix, after a cursor, that keep says
// yes to. A cursor is a document's key.
func documents[T any](tx store.Tx, prefix, after string, key func(T) string, keep func(T) bool) iter.Seq2[place[T], error] {
	return func(yield func(place[T], error) bool) {
		for v, err := range store.Scan[T](tx, prefix, after) {
			if err == nil && !keep(v) {
				continue
			}
			p := place[T]{item: v}
			if err == nil {
				p.cursor = key(v)
			}
			if !yield(p, err) {
				return
			}
		}
	}
}
