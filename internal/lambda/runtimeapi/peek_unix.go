//go:build unix

package runtimeapi

import (
	"errors"
	"syscall"
)

// silent tells whether the other side has neither ended the connection nor sent
// anything. The connection's reader may not have noticed yet.
func silent(raw syscall.RawConn) bool {
	var err error
	ended := raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return ended == nil && (errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR))
}
