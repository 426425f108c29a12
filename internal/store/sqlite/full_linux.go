package sqlite

import "golang.org/x/sys/unix"

// full says whether the disk of a folder has no room, which SQLite reports as a
// failed disk where it was about to make its index of the WAL larger.
func full(folder string) bool {
	const little = 64 << 10
	var st unix.Statfs_t
	return unix.Statfs(folder, &st) == nil && st.Bavail*uint64(st.Bsize) < little
}
