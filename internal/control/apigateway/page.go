package apigateway

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/stagedoor/stagedoor/internal/store"
)

// Sizes of a page. parity: spec/control-plane.md 2.2.
const (
	defaultPage = 25
	largestPage = 500
)

// pageSize is how many items an answer holds. A limit that makes no sense is
// no error.
func pageSize(limit *int32) int {
	switch {
	case limit == nil || *limit <= 0:
		return defaultPage
	case *limit > largestPage:
		return largestPage
	}
	return int(*limit)
}

// wrapPosition is what a page ended with, wrapped so that nobody builds on it.
func wrapPosition(last string) *string {
	p := base64.RawURLEncoding.EncodeToString([]byte(last))
	return &p
}

func openPosition(position *string) (string, error) {
	if position == nil || *position == "" {
		return "", nil
	}
	last, err := base64.RawURLEncoding.DecodeString(*position)
	if err != nil {
		return "", bad("Invalid position specified")
	}
	return string(last), nil
}

// page reads the documents under prefix that stand behind position, in the
// order of their keys, and where the next page starts; nil: nowhere. keep, if
// not nil, says which documents count.
func page[T any](tx store.Tx, prefix store.Key, limit *int32, position *string, keep func(T) bool) ([]T, *string, error) {
	after, err := openPosition(position)
	if err != nil {
		return nil, nil, err
	}
	if after != "" {
		after = prefix + after
	}
	items, size, last := []T{}, pageSize(limit), ""
	for item, err := range tx.Scan(prefix, after) {
		if err != nil {
			return nil, nil, err
		}
		var v T
		if err := json.Unmarshal(item.Doc, &v); err != nil {
			return nil, nil, fmt.Errorf("decode %s: %w", item.Key, err)
		}
		if keep != nil && !keep(v) {
			continue
		}
		if len(items) == size {
			return items, wrapPosition(strings.TrimPrefix(last, prefix)), nil
		}
		items, last = append(items, v), item.Key
	}
	return items, nil, nil
}

// pageOf cuts a page out of all items, which are in the order of name.
func pageOf[T any](all []T, limit *int32, position *string, name func(T) string) ([]T, *string, error) {
	after, err := openPosition(position)
	if err != nil {
		return nil, nil, err
	}
	if after != "" {
		all = all[sort.Search(len(all), func(i int) bool { return name(all[i]) > after }):]
	}
	if size := pageSize(limit); len(all) > size {
		return all[:size], wrapPosition(name(all[size-1])), nil
	}
	return append([]T{}, all...), nil, nil
}
