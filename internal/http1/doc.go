// Package http1 is HTTP/1.1 as bytes in, actions out: it parses heads and
// chunked bodies from a buffer, and writes them into one. It does no I/O, keeps
// nothing between calls but what its caller holds, and allocates nothing.
//
// It is strict: a message that two readers could take for two different things
// is an *Error, never repaired. What it accepts, it reads as every other
// reader does, and writes again from its parts; no byte of a head is copied
// through. A parser's outcome depends on the bytes alone, never on how they
// were cut: if it refuses or completes a prefix, it does the same with every
// continuation of it.
package http1
