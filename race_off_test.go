//go:build !race

package stagedoor_test

const raced = false
