// Package hostname finds what belongs to a host: under its name, or under a
// wildcard that stands for its first label.
//
// The law: case, a port and one dot at the end change nothing, so that nobody
// reaches something else than what the name is for by another spelling. What is
// for the name itself goes before what is for a wildcard.
package hostname

import "bytes"

// longest is more than any name has.
const longest = 256

// Lookup finds a host in a table of names in lower case, of which "*.name"
// stands for all that have one label more.
func Lookup[V any](table map[string]V, host []byte) (found V, ok bool) {
	var buf [longest]byte
	if len(host) == 0 || len(host) > len(buf) {
		return found, false
	}
	if i := bytes.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	for i, c := range host {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	name := bytes.TrimSuffix(buf[:len(host)], []byte("."))
	if found, ok = table[string(name)]; ok {
		return found, true
	}
	dot := bytes.IndexByte(name, '.')
	if dot < 1 {
		return found, false
	}
	name[dot-1] = '*'
	found, ok = table[string(name[dot-1:])]
	return found, ok
}
