// Package jsonbody reads and writes the JSON bodies of AWS's protocols by the
// tables of package wire.
//
// Reading is strict: RFC 8259 and nothing else, valid UTF-8, no member twice,
// no type made to fit, a bound on depth. What a schema does not name is read
// over. Law: what Append writes, Decode reads back as the same value.
package jsonbody
