package jwt

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxDepth is how deep JSON in tokens and key sets may nest.
const maxDepth = 64

var (
	errJSON  = errors.New("not a JSON object")
	errTwice = errors.New("a JSON member stands twice")
	errDeep  = errors.New("JSON nested too deep")
)

// object reads a JSON object strictly: valid UTF-8, nothing behind it, no
// member twice at any depth. Numbers stay json.Number.
func object(doc []byte) (map[string]any, error) {
	if !utf8.Valid(doc) || !json.Valid(doc) {
		return nil, errJSON
	}
	if err := checkMembers(doc); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errJSON
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, errJSON
	}
	return o, nil
}

// level is one structure that is open.
type level struct {
	names map[string]bool // nil: a list
	value bool            // a name was read, its value comes next
}

// checkMembers refuses members that stand twice, and depth.
func checkMembers(doc []byte) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var open []level
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errJSON
		}
		if delim, ok := t.(json.Delim); ok && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
			continue
		}
		if n := len(open); n > 0 && open[n-1].names != nil {
			if at := &open[n-1]; !at.value {
				name, _ := t.(string)
				if at.names[name] {
					return errTwice
				}
				at.names[name], at.value = true, true
				continue
			}
			open[n-1].value = false
		}
		if delim, ok := t.(json.Delim); ok {
			if len(open) == maxDepth {
				return errDeep
			}
			l := level{}
			if delim == '{' {
				l.names = map[string]bool{}
			}
			open = append(open, l)
		}
	}
}
