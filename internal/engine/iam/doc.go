// Package iam decides what IAM's policies allow: identity policies, resource
// policies, boundaries, session and service control policies, trust policies
// of roles, and the policies that Lambda authorizers return.
//
// A document is parsed and compiled once, at deployment or when it is stored.
// A Policy does not change, so any number of requests may be held to it at a
// time, and doing so is pure: it reads no clock, no network and no store.
// Whatever a policy may ask of a request is an Attribute that the caller
// supplies; Keys tells which ones.
//
// What is not understood is refused when it is parsed; what cannot be compared
// matches nothing. No pattern is turned into a regular expression, and none
// takes longer than its length times that of the text.
//
// parity: spec/security.md 2; IAM User Guide, "IAM JSON policy reference".
package iam
