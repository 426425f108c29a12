// Package sigv4 tells whether a request was signed with a secret, the way of
// AWS's Signature Version 4: in the Authorization header or in the query, with
// a shared key or, in version 4A, with the key pair that is derived from it.
//
// Read reads what a request claims and holds form, scope and time to what is
// expected; it needs no secret. The caller then finds the credential of the
// claim's access key, and a Verifier compares. The canonical request is made
// from the parts as they were sent, never from what another parser made of
// them. What the signature does not cover decides nothing, but for a session
// token: some clients add it once they have signed.
//
// A Signer is the other side: it signs with a shared key what the gateway itself
// sends to services of AWS.
//
// parity: spec/security.md 1; IAM User Guide, "Create a signed AWS API request".
package sigv4
