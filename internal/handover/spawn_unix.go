//go:build unix

package handover

import "syscall"

// spawn starts a process that has our standard streams and, from 3 on, fds. An
// exec.Cmd would make them block, for this process as well.
func spawn(binary string, args, env []string, fds []int) (pid int, err error) {
	files := []uintptr{0, 1, 2}
	for _, fd := range fds {
		files = append(files, uintptr(fd))
	}
	return syscall.ForkExec(binary, args, &syscall.ProcAttr{Env: env, Files: files})
}

// keepOurs has a descriptor that we were handed end with this process, and go to
// none that it starts.
func keepOurs(fd int) { syscall.CloseOnExec(fd) }
