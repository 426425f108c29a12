//go:build unix && !linux

package transport

import "syscall"

// rawRead reads what is there from a socket that does not block.
func rawRead(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		if err != syscall.EINTR { //nolint:errorlint // an errno
			return n, err
		}
	}
}

// rawWrite writes what fits to a socket that does not block.
func rawWrite(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), p)
		if err != syscall.EINTR { //nolint:errorlint // an errno
			return max(n, 0), err
		}
	}
}
