package runtimes

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Merge lays folders over each other into dst, which it creates: later ones win.
// Files are linked where the file system can, else copied. A symbolic link is
// taken as it is and never followed: what a later layer has below its name
// replaces it.
func Merge(dst string, layers []string) error {
	for _, layer := range layers {
		layer, err := filepath.EvalSymlinks(layer)
		if err != nil {
			return fmt.Errorf("merge layers: %w", err)
		}
		err = filepath.WalkDir(layer, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(layer, path)
			if err != nil {
				return err
			}
			return lay(filepath.Join(dst, rel), path, d)
		})
		if err != nil {
			return fmt.Errorf("merge layer %s: %w", layer, err)
		}
	}
	return nil
}

// lay puts one entry of a layer at target. All folders above target are real
// folders: they were laid before, by this same function.
func lay(target, path string, d fs.DirEntry) error {
	old, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case d.IsDir() && old.IsDir():
		return nil
	default:
		if err := os.RemoveAll(target); err != nil {
			return err
		}
	}
	switch {
	case d.IsDir():
		return os.Mkdir(target, 0o700)
	case d.Type()&fs.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return os.Symlink(to, target)
	case d.Type().IsRegular():
		if os.Link(path, target) == nil {
			return nil
		}
		return copyFile(target, path)
	}
	return nil // no socket, pipe or device was ever in a layer's archive
}

func copyFile(target, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
