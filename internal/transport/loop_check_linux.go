//go:build loopcheck

package transport

import (
	"bytes"
	"fmt"
	"runtime"
)

// own says that the present goroutine is the loop.
func own(l *loop) { l.self = goroutineID() }

// enter says that the present goroutine is a task, which goes on.
func enter(t *task) {
	t.self = goroutineID()
	if t.l.current != t {
		panic("transport: a task goes on that the loop has not switched to")
	}
}

// mine panics unless the present goroutine may touch what is the loop's.
func mine(l *loop) {
	self := goroutineID()
	if self == l.self && (l.current == nil || l.current.inlined) || l.current != nil && self == l.current.self {
		return
	}
	panic(fmt.Sprintf("transport: goroutine %s touches what is a loop's", self))
}

func goroutineID() string {
	b := make([]byte, 40)
	b = b[:runtime.Stack(b, false)]
	id, _, _ := bytes.Cut(bytes.TrimPrefix(b, []byte("goroutine ")), []byte(" "))
	return string(id)
}

// loopsChecked says which of the two this is.
const loopsChecked = true

type checked struct{ self string }
