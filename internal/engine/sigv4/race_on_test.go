//go:build race

package sigv4

// raced says that the race detector is on: it makes pools forget.
const raced = true
