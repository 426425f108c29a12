// Package cache keeps answers for a while: one Cache for a stage, a Set of them
// for a process.
//
// A key is the whole identity of an answer and is compared byte for byte: two
// different keys never share one. Capacity is in bytes and a limit, not a
// reservation: memory is taken from the system as it is filled, and the Set
// holds all its caches together to one more limit.
//
// Entries lie one behind the other in large segments outside the garbage
// collector's heap, found by an index without pointers: ten million entries are
// nothing that the collector looks at. Segments come in two queues, as in
// S3-FIFO: what is new and never asked for again leaves with the first, what was
// asked for moves on to the second and stays as long as it is asked for. Nothing
// here has a goroutine, and finding an entry allocates nothing.
//
// Of those who miss one key at a time, one leads and the others may wait for
// it; see Flight.
package cache
