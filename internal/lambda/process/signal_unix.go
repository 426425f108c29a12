//go:build unix

package process

import (
	"os"
	"strings"
	"syscall"
)

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

func terminate(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }

// signalName names the signal that ended a process as Go and AWS do; "" when none did.
func signalName(s *os.ProcessState) string {
	w, ok := s.Sys().(syscall.WaitStatus)
	if !ok || !w.Signaled() {
		return ""
	}
	return strings.ToLower(w.Signal().String())
}
