package transport

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sockets here never block, so these calls do without telling the
// scheduler, and recvfrom and sendto do without the file layer of read and
// write. Both together are a twentieth of a proxied request.

// rawRead reads what is there from a socket that does not block.
func rawRead(fd uintptr, p []byte) (int, error) { return raw(syscall.SYS_RECVFROM, fd, p, 0) }

// rawWrite writes what fits to a socket that does not block.
func rawWrite(fd uintptr, p []byte) (int, error) {
	return raw(syscall.SYS_SENDTO, fd, p, syscall.MSG_NOSIGNAL)
}

// rawPeek looks at what is there, and leaves it there.
func rawPeek(fd uintptr, p []byte) (int, error) {
	return raw(syscall.SYS_RECVFROM, fd, p, syscall.MSG_PEEK)
}

// rawReadFile reads from a descriptor that is no socket.
func rawReadFile(fd int, p []byte) (int, error) { return raw(syscall.SYS_READ, uintptr(fd), p, 0) }

// rawEpollWait waits for some milliseconds, and keeps the thread meanwhile. It
// is not ok if a signal came.
func rawEpollWait(poller int, events []unix.EpollEvent, milliseconds int) (n int, ok bool) {
	r, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(poller), uintptr(unsafe.Pointer(&events[0])), //nolint:gosec // as many as there are
		uintptr(len(events)), uintptr(milliseconds), 0, 0)
	if errno != 0 {
		return 0, false
	}
	return int(r), true
}

func raw(call, fd uintptr, p []byte, flags uintptr) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := syscall.RawSyscall6(call, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), flags, 0, 0) //nolint:gosec // the pointer is one to p, as long as p
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EAGAIN:
			return 0, syscall.EAGAIN // boxed without an allocation only as a constant
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
