package code

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// passedOver are folders inside a folder of code that are never part of it.
func passedOver(name string) bool {
	return name == ".git" || name == ".aws-sam" || name == ".stagedoor"
}

// Fingerprint says what a folder looks like, without reading its files: their
// names, sizes, modes and times of change. Unlike the sum of a zip it is of no
// meaning on another machine. size is the bytes of all files. skip is a folder
// that is passed over wherever it lies (the depot's own data); it may be empty.
func Fingerprint(ctx context.Context, dir, skip string) (sum Sum, size int64, err error) {
	h := sha256.New()
	_, _ = io.WriteString(h, dir)
	err = walk(ctx, dir, skip, func(name string, info fs.FileInfo) error {
		if info.IsDir() {
			return nil
		}
		_, _ = io.WriteString(h, name) // a hash never fails
		_ = binary.Write(h, binary.LittleEndian, [...]int64{0, info.Size(), info.ModTime().UnixNano(), int64(info.Mode())})
		size += info.Size()
		if size > MaxUnzipped {
			return ErrTooLarge
		}
		return nil
	})
	return Sum(h.Sum(nil)), size, err
}

// Zip writes a folder as a zip. The same content gives the same bytes, whenever
// and wherever it is zipped. Links are followed inside the folder and left out
// where they lead out of it.
func Zip(ctx context.Context, w io.Writer, dir, skip string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open %q: %w", dir, err)
	}
	defer root.Close() //nolint:errcheck // a folder that was opened for reading
	z := zip.NewWriter(w)
	left := int64(MaxUnzipped)
	err = walk(ctx, dir, skip, func(name string, _ fs.FileInfo) error {
		info, err := root.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return nil //nolint:nilerr // a link out of the folder, or to nothing
		}
		if left -= info.Size(); left < 0 {
			return ErrTooLarge
		}
		return zipFile(z, root, name, info.Mode())
	})
	if err != nil {
		return err
	}
	return z.Close()
}

func zipFile(z *zip.Writer, root *os.Root, name string, mode fs.FileMode) error {
	h := &zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	h.SetMode(mode.Perm())
	out, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	in, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("read %q: %w", name, err)
	}
	defer in.Close() //nolint:errcheck // opened for reading
	if _, err := io.Copy(out, in); err != nil {
		return fmt.Errorf("zip %q: %w", name, err)
	}
	return nil
}

// walk visits the files and folders below dir in the order of their names.
func walk(ctx context.Context, dir, skip string, visit func(name string, info fs.FileInfo) error) error {
	entries := 0
	return filepath.WalkDir(dir, func(full string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read folder of code: %w", err)
		}
		if full == dir {
			return ctx.Err()
		}
		if e.IsDir() && (passedOver(e.Name()) || full == skip) {
			return filepath.SkipDir
		}
		if entries++; entries > MaxEntries {
			return ErrTooLarge
		}
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("read folder of code: %w", err)
		}
		name, err := filepath.Rel(dir, full)
		if err != nil {
			return err
		}
		return visit(name, info)
	})
}
