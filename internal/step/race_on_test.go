//go:build race

package step

// raced says that the race detector is on: it makes pools forget.
const raced = true
