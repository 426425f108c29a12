// Package control answers AWS's own calls: it tells whose call it is, reads it
// by the tables of package wire, holds it to the model's constraints, hands it
// to the service and writes the answer in the protocol that was spoken.
//
// The services are the packages below this one. They know nothing of HTTP;
// render.go is the only place where an error of theirs becomes an answer.
package control
