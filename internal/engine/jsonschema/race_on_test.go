//go:build race

package jsonschema

// raced says that the race detector is on: it makes pools forget.
const raced = true
