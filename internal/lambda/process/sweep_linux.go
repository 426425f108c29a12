package process

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// processes calls f with every process of the machine.
func processes(f func(pid int, dir string)) {
	dir, err := os.Open("/proc")
	if err != nil {
		return
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return
	}
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			f(pid, "/proc/"+name)
		}
	}
}

// Groups is the resident memory of every process group of the machine, in bytes.
// Pages that processes share are counted for each.
func Groups() map[int]int64 {
	page := int64(os.Getpagesize())
	groups := map[int]int64{}
	processes(func(_ int, dir string) {
		b, err := os.ReadFile(dir + "/stat")
		if err != nil {
			return
		}
		// pid (name) state ppid pgrp ...: a name may hold anything, so look from its end.
		f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		if len(f) < 22 {
			return
		}
		group, err := strconv.Atoi(string(f[2]))
		pages, err2 := strconv.ParseInt(string(f[21]), 10, 64)
		if err == nil && err2 == nil {
			groups[group] += pages * page
		}
	})
	return groups
}

// Sweep kills every other process whose environment holds marker, and returns how
// many it found. An empty marker finds nothing.
func Sweep(marker string) int {
	if marker == "" {
		return 0
	}
	found := 0
	for range 10 { // they may fork while we look
		n := 0
		processes(func(pid int, dir string) {
			if pid != os.Getpid() && strike(pid, dir, marker) {
				n++
			}
		})
		if n == 0 {
			break
		}
		found += n
	}
	return found
}

// strike kills a process if its environment holds marker. The process is held by
// a pidfd while we look, lest its number become another's.
func strike(pid int, dir, marker string) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	env, err := os.ReadFile(dir + "/environ")
	if err != nil || !bytes.Contains(env, []byte(marker)) {
		return false
	}
	return unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil
}
