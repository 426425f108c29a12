// Package limit has what says "enough": token buckets, quotas, and counters of
// use that outlive a deployment.
//
// A Bucket is only a cell: the Limit that it is held to comes with every Take,
// so a limit may change while its bucket lives on. Nothing here takes a lock
// on the way of a request, allocates there, or has a goroutine; time comes from
// a Clock. Everything is in memory: who wants it on disk reads Totals.
package limit
