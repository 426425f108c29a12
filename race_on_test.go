//go:build race

package stagedoor_test

// raced says that the race detector is on: it makes pools forget.
const raced = true
