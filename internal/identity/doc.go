// Package identity knows who holds which access key and what its holder may
// do: users, groups, roles, policies and sessions, in memory and compiled, in
// step with the store's feed.
//
// A Book is asked once for each signed request. It finds the holder of the key
// without reading the store, and what it hands out does not change: an
// Identity is replaced, never written to. A policy that cannot be compiled
// denies everything, so that trouble never opens a door.
package identity
