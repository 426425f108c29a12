package vtl

import (
	"fmt"
	"slices"
)

// fewKeys is how many keys of a map are looked at in turn; more have an index.
const fewKeys = 12

// Map is a Java map that keeps the order of its keys.
type Map struct {
	keys   []string
	values []any          // of the same keys
	index  map[string]int // where a key is; nil: there are few
}

// NewMap makes an empty map.
func NewMap() *Map { return &Map{} }

// find is where a key is, -1 if it is not there.
func (m *Map) find(key string) int {
	if m.index == nil {
		return slices.Index(m.keys, key)
	}
	if at, ok := m.index[key]; ok {
		return at
	}
	return -1
}

// Get reads a key.
func (m *Map) Get(key string) (any, bool) {
	if at := m.find(key); at >= 0 {
		return m.values[at], true
	}
	return nil, false
}

// Put sets a key.
func (m *Map) Put(key string, v any) error {
	if at := m.find(key); at >= 0 {
		m.values[at] = v
		return nil
	}
	if len(m.keys) >= maxElements {
		return fmt.Errorf("%w: map of more than %d", ErrTemplate, maxElements)
	}
	m.keys, m.values = append(m.keys, key), append(m.values, v)
	switch {
	case m.index != nil:
		m.index[key] = len(m.keys) - 1
	case len(m.keys) > fewKeys:
		m.reindex()
	}
	return nil
}

// Remove takes a key out.
func (m *Map) Remove(key string) {
	at := m.find(key)
	if at < 0 {
		return
	}
	m.keys, m.values = slices.Delete(m.keys, at, at+1), slices.Delete(m.values, at, at+1)
	if m.index != nil {
		m.reindex()
	}
}

func (m *Map) reindex() {
	m.index = make(map[string]int, len(m.keys))
	for i, k := range m.keys {
		m.index[k] = i
	}
}

// Keys are the keys in their order.
func (m *Map) Keys() []string { return m.keys }

// Len is the number of keys.
func (m *Map) Len() int { return len(m.keys) }
