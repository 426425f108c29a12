//go:build unix

package cache

import "golang.org/x/sys/unix"

// allocate takes n bytes from the system; they cost memory once they are
// written to, and the garbage collector does not count them.
func allocate(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

// release gives them back: nobody may look at them any longer.
func release(mem []byte) {
	_ = unix.Munmap(mem) // it fails for what was never mapped
}
