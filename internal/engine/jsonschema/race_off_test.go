//go:build !race

package jsonschema

const raced = false
