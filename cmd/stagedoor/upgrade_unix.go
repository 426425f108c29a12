//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// upgradeSignals ask for an upgrade.
func upgradeSignals() []os.Signal { return []os.Signal{syscall.SIGHUP} }

// askProcess has a process look for a request.
func askProcess(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		return fmt.Errorf("tell process %d: %w", pid, err)
	}
	return nil
}
