// Package process starts the processes of functions, reads what they print, and
// sees to it that nothing of them is left.
//
// Its law: a process inherits no file, no variable and no process group from us,
// and Wait returns only after the whole group is gone. On Linux the kernel ends a
// process when we end, however we end; a child that it put into a session of its
// own is found by its environment (Sweep). On other systems Sweep finds nothing.
//
// Memory is watched on Linux only, by sampling: see Groups.
package process
