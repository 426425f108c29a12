//go:build !linux

package process

import "os/exec"

// handle is what a system offers beside os.Process; here nothing.
type handle struct{}

func (h *handle) prepare(cmd *exec.Cmd) { ownGroup(cmd) }

func (h *handle) started(*exec.Cmd) {}

// wait cannot tell that a process is dead without reaping it.
func (h *handle) wait() bool { return false }

func (h *handle) close() {}

func (h *handle) resident() int64 { return 0 }

func (h *handle) peak() int64 { return 0 }

// bury has nothing to do where a killed group is not waited for.
func bury(int) {}

// Seal does nothing here: Go opens every file so that children do not get it.
func Seal() {}

// Groups would be the resident memory of process groups; it is not known here.
func Groups() map[int]int64 { return nil }

// Sweep finds no strays here.
func Sweep(string) int { return 0 }
