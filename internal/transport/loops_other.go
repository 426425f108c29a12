//go:build !linux

package transport

import "net"

// HasLoops says whether there are event loops here.
const HasLoops = false

// Loops are event loops, which only Linux has.
type Loops struct{}

// NewLoops is nil where there are no loops: each connection has its goroutine.
func NewLoops(LoopsConfig) *Loops { return nil }

func (*Loops) serve(*session, net.Listener) (*place, error) { return nil, nil }

func (*Loops) upstreams() *Upstreams { return nil }

func (*Loops) closeIdle() {}

// Lag is nothing.
func (*Loops) Lag() Lag { return Lag{} }

// place is where a session's connections are on loops; here there is none.
type place struct{}

func (*place) wait(<-chan struct{}) error { return nil }
func (*place) settle()                    {}
func (*place) drain()                     {}
func (*place) closeNow()                  {}
func (*place) leave()                     {}
func (*place) copyEars() ([]int, error)   { return nil, nil }

const loopsChecked = false
