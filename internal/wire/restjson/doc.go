// Package restjson is AWS's protocol restJson1: operations are methods on
// paths, members travel in the path, the query, headers and a JSON body.
//
// Decode holds a request to its schema; it does not check constraints, which
// is wire.Checker's part. Law: what Encode's rules write, Decode reads back.
package restjson

import "github.com/stagedoor/stagedoor/internal/wire"

// Codec speaks restJson1 for one service. It may be used by any number of calls
// at a time.
type Codec struct {
	service *wire.Service
	routes  node
}

// New makes the codec of a service.
func New(s *wire.Service) *Codec {
	c := &Codec{service: s}
	for i := range s.Operations {
		c.routes.add(&s.Operations[i])
	}
	return c
}
