//go:build !unix

package cache

// allocate takes n bytes.
func allocate(n int) ([]byte, error) { return make([]byte, n), nil }

// release leaves them to the garbage collector.
func release([]byte) {}
