package code

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	maxName = 4096 // bytes of a path
	maxDeep = 64   // folders above a file
)

// plan is what a zip will become: checked as a whole before a byte of it is
// written. A name that comes twice is its last entry, as unzip -o has it.
type plan struct {
	entries map[string]*zip.File // by clean path
	order   []string             // folders before what is in them, links last
	size    int64                // bytes of all files, as the zip's directory says
}

// read checks the directory of a zip.
func read(data []byte) (*plan, error) {
	if len(data) == 0 {
		return nil, ErrEmpty
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotZip, err)
	}
	if len(z.File) > MaxEntries {
		return nil, ErrTooLarge
	}
	p := &plan{entries: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		if err := p.add(f); err != nil {
			return nil, err
		}
	}
	if len(p.entries) == 0 {
		return nil, ErrEmpty
	}
	return p, p.arrange()
}

// add takes in one entry of the directory.
func (p *plan) add(f *zip.File) error {
	name := path.Clean(strings.TrimSuffix(f.Name, "/"))
	if name == "." && f.Mode().IsDir() {
		return nil // "./", which zip -r writes
	}
	if !plain(name) {
		return fmt.Errorf("%w: name %q", ErrNotZip, f.Name)
	}
	switch f.Mode().Type() {
	case 0, fs.ModeDir, fs.ModeSymlink:
	default:
		return fmt.Errorf("%w: %q is neither a file nor a folder", ErrNotZip, f.Name)
	}
	p.entries[name] = f
	return nil
}

// plain says whether a name stays below where it is put, on every system.
func plain(name string) bool {
	return fs.ValidPath(name) && name != "." && len(name) <= maxName &&
		strings.Count(name, "/") <= maxDeep && !strings.Contains(name, "\x00")
}

// arrange checks that the entries fit together and sums them up: nothing may
// lie below a file or below a link, so that no file is written through a link.
func (p *plan) arrange() error {
	var links []string
	for name, f := range p.entries {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if above := p.entries[dir]; above != nil && !above.Mode().IsDir() {
				return fmt.Errorf("%w: %q is below a file", ErrNotZip, name)
			}
		}
		if f.Mode().Type() == fs.ModeSymlink {
			links = append(links, name)
			continue
		}
		p.order = append(p.order, name)
		if f.UncompressedSize64 > MaxUnzipped {
			return ErrTooLarge
		}
		if p.size += int64(f.UncompressedSize64); p.size > MaxUnzipped {
			return ErrTooLarge
		}
	}
	p.order = append(p.order, links...)
	return nil
}

// unpack writes the tree into dir, which is empty. It goes through os.Root,
// which follows no link out of it, so that even a mistake above stays inside.
func (p *plan) unpack(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the tree: %w", err)
	}
	defer root.Close() //nolint:errcheck // a folder that was opened for reading
	left := int64(MaxUnzipped)
	for _, name := range p.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := p.place(root, name, left)
		if err != nil {
			return err
		}
		left -= n
	}
	if err := p.checkLinks(root); err != nil {
		return err
	}
	return seal(root)
}

// place writes one entry and says how many bytes it took.
func (p *plan) place(root *os.Root, name string, left int64) (int64, error) {
	f := p.entries[name]
	folder := name
	if !f.Mode().IsDir() {
		folder = path.Dir(name)
	}
	if folder != "." {
		if err := root.MkdirAll(folder, 0o700); err != nil {
			return 0, broken(name, err)
		}
	}
	switch f.Mode().Type() {
	case fs.ModeDir:
		return 0, nil
	case fs.ModeSymlink:
		return 0, link(root, name, f)
	default:
		return inflate(root, name, f, left)
	}
}

// inflate writes one file. The directory's word for its size is not taken:
// what comes out of the decompressor is counted.
func inflate(root *os.Root, name string, f *zip.File, left int64) (n int64, err error) {
	in, err := f.Open()
	if err != nil {
		return 0, broken(name, err)
	}
	defer in.Close() //nolint:errcheck // what was read was checked
	mode := f.Mode().Perm()&0o555 | 0o444
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return 0, broken(name, err)
	}
	defer func() {
		if cerr := out.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("write %q: %w", name, cerr)
		}
	}()
	n, err = io.Copy(out, io.LimitReader(in, left+1))
	switch {
	case n > left:
		return n, ErrTooLarge
	case errors.As(err, new(*fs.PathError)):
		return n, fmt.Errorf("write %q: %w", name, err) // our disk, not their zip
	case err != nil:
		return n, broken(name, err)
	}
	return n, out.Chmod(mode) // whatever the umask of this process
}

// link makes one symbolic link; checkLinks looks where it leads.
func link(root *os.Root, name string, f *zip.File) error {
	in, err := f.Open()
	if err != nil {
		return broken(name, err)
	}
	defer in.Close() //nolint:errcheck // what was read was checked
	target, err := io.ReadAll(io.LimitReader(in, maxName+1))
	if err != nil || len(target) > maxName {
		return broken(name, err)
	}
	if err := root.Symlink(string(target), name); err != nil {
		return broken(name, err)
	}
	return nil
}

// checkLinks refuses a zip one of whose links leads out of the tree. It runs
// when all links are there, as one may lead out through another.
func (p *plan) checkLinks(root *os.Root) error {
	for _, name := range slices.Backward(p.order) {
		if p.entries[name].Mode().Type() != fs.ModeSymlink {
			return nil // links come last
		}
		if _, err := root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return broken(name, err)
		}
	}
	return nil
}

// seal makes the folders of the tree read-only, once all is in them.
func seal(root *os.Root) error {
	err := fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return root.Chmod(name, 0o555)
	})
	if err != nil {
		return fmt.Errorf("make code read-only: %w", err)
	}
	return nil
}

func broken(name string, err error) error {
	if err == nil {
		return fmt.Errorf("%w: %q", ErrNotZip, name)
	}
	return fmt.Errorf("%w: %q: %w", ErrNotZip, name, err)
}
