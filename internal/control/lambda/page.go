package lambda

import (
	"encoding/base64"
	"strconv"
)

// maxPage is the items of one answer, whatever is asked for.
// parity: API reference of ListFunctions
const maxPage = 50

// page cuts the part out of a list that a call asks for. The marker is the
// number of items that were seen; a list that changes between two calls may
// show an item twice or not at all, as on AWS.
func page[T any](items []T, marker *string, limit *int32) (part []T, next *string, err error) {
	from, size := 0, maxPage
	if marker != nil && *marker != "" {
		raw, err := base64.RawURLEncoding.DecodeString(*marker)
		if err == nil {
			from, err = strconv.Atoi(string(raw))
		}
		if err != nil || from < 0 {
			return nil, nil, invalid("Invalid pagination token")
		}
	}
	if limit != nil && *limit > 0 {
		size = min(int(*limit), maxPage)
	}
	from = min(from, len(items))
	to := min(from+size, len(items))
	if to < len(items) {
		next = new(base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))))
	}
	return items[from:to], next, nil
}
