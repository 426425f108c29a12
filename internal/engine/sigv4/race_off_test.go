//go:build !race

package sigv4

const raced = false
