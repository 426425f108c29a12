package code

import (
	"os"

	"golang.org/x/sys/unix"
)

// fewFiles is up to how many files are synced one by one. A sync costs about
// as much for one file as for a whole file system that is otherwise at rest.
const fewFiles = 32

// syncTree makes a folder and all that is in it durable.
func syncTree(dir string, files int) error {
	if files <= fewFiles {
		return syncEach(dir)
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // opened for its descriptor
	return unix.Syncfs(int(f.Fd()))
}
