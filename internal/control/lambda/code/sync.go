package code

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// syncEach makes every file and folder under dir durable, one by one.
func syncEach(dir string) error {
	return filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return syncDir(name)
		case e.Type().IsRegular():
			return syncFile(name)
		default:
			return nil // a link is part of its folder
		}
	})
}

// syncDir makes the names in a folder durable.
func syncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil // NTFS keeps names in its journal; a folder cannot be flushed
	}
	return syncFile(name)
}

func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	return f.Sync()
}
