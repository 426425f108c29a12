//go:build !unix

package process

import "os"

// killGroup ends the process alone: there are no groups here.
func killGroup(p *os.Process) { _ = p.Kill() }

func terminate(p *os.Process) { _ = p.Kill() }

func signalName(*os.ProcessState) string { return "" }
