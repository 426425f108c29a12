package process

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handle is what Linux offers beside os.Process: a file that is readable once the
// process is dead, so that waiting takes no thread, and its memory.
type handle struct {
	fd            int // the pidfd that Start fills in
	pid           int
	pidfd         *os.File
	statm, status *os.File
}

func (h *handle) prepare(cmd *exec.Cmd) {
	h.fd = -1
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, PidFD: &h.fd}
}

func (h *handle) started(cmd *exec.Cmd) {
	h.pid = cmd.Process.Pid
	if h.fd >= 0 && syscall.SetNonblock(h.fd, true) == nil {
		h.pidfd = os.NewFile(uintptr(h.fd), "pidfd")
	}
	// A core file of a function would land in its code.
	_ = unix.Prlimit(h.pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
	dir := "/proc/" + strconv.Itoa(h.pid)
	h.statm, _ = os.Open(dir + "/statm") // nil files read as an error
	h.status, _ = os.Open(dir + "/status")
}

// wait returns when the process is dead; it is not reaped.
func (h *handle) wait() bool {
	if h.pidfd != nil {
		if raw, err := h.pidfd.SyscallConn(); err == nil && raw.Read(dead) == nil {
			return true
		}
	}
	for {
		err := unix.Waitid(unix.P_PID, h.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil
		}
	}
}

func dead(pidfd uintptr) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PIDFD, int(pidfd), &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
	return err == nil && info.Signo != 0
}

func (h *handle) close() {
	for _, f := range []*os.File{h.pidfd, h.statm, h.status} {
		_ = f.Close() // nil is allowed
	}
}

func (h *handle) resident() int64 {
	var buf [128]byte
	n, _ := h.statm.ReadAt(buf[:], 0) // EOF, or the process has gone
	f := bytes.Fields(buf[:n])
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(f[1]), 10, 64) // digits, by the kernel's word
	return pages * int64(os.Getpagesize())
}

func (h *handle) peak() int64 {
	var buf [4096]byte
	n, _ := h.status.ReadAt(buf[:], 0) // EOF, or the process has gone
	_, rest, _ := bytes.Cut(buf[:n], []byte("VmHWM:"))
	l, _, _ := bytes.Cut(rest, []byte("kB"))
	kb, _ := strconv.ParseInt(string(bytes.TrimSpace(l)), 10, 64) // digits, or nothing
	return kb << 10
}

// bury waits, not for long, until a killed group is gone. As process 1 we inherit
// the group's orphans and must reap them.
func bury(group int) {
	for range 100 {
		if os.Getpid() == 1 {
			_, _ = unix.Wait4(-group, nil, unix.WNOHANG, nil)
		}
		if unix.Kill(-group, 0) != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Seal keeps the files that this process was itself given from its children: Go
// opens its own so already.
func Seal() {
	if unix.CloseRange(3, 1<<31, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range dir {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
