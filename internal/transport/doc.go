// Package transport moves the bytes of a program.Exchange: it reads requests
// from clients, plays them, makes the calls they want to upstreams, and sends
// their answers.
//
// What a message means is decided in http1; what is done with a request, in
// the steps of its route. A driver decides only when to read and when to
// write. There are two: one has a goroutine for each connection, which blocks
// (conn.go); the other, on Linux, has event loops, which run the same code on
// coroutines (loops_linux.go). HTTP/2 has goroutines on both.
//
// Connections are never repaired: whatever is odd about a message ends the
// connection that it came on. Every wait has an end, given in Config.
package transport

import "github.com/stagedoor/stagedoor/internal/program"

// Handler finds out what is to be done with a request.
type Handler interface {
	// Begin is called once the head of a request is in. It sets x.Route, which
	// is never nil afterwards, and whatever else the gateway knows by then.
	Begin(x *program.Exchange)
}
