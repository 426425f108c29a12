package sqlite

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// disk is a file system for SQLite that remembers what has been flushed, so
// that the power can be cut, and that can fail.
type disk struct {
	vfs.VFS

	mu    sync.Mutex
	files map[string]*image
	syncs int   // flushes of a WAL
	room  int64 // how long a WAL may become, if not negative
	fail  error // what a flush of a WAL returns
}

// image is a file as the platter has it, and the writes that may be lost.
type image struct {
	flushed []byte
	pending []write
}

// write is a write, or a truncation if data is nil.
type write struct {
	at   int64
	data []byte
}

func (w write) apply(b []byte) []byte {
	end := w.at + int64(len(w.data))
	if w.data == nil {
		return slices.Grow(b, 0)[:min(int64(len(b)), w.at)]
	}
	if grow := end - int64(len(b)); grow > 0 {
		b = append(b, make([]byte, grow)...)
	}
	copy(b[w.at:], w.data)
	return b
}

// newDisk registers a disk under the name of the test.
func newDisk(t *testing.T) (*disk, string) {
	t.Helper()
	d := &disk{VFS: vfs.Find("os"), files: map[string]*image{}, room: -1}
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))
	vfs.Register(name, d)
	t.Cleanup(func() { vfs.Unregister(name) })
	return d, name
}

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpenFilename(d.VFS, name, flags)
	if err != nil || flags&(vfs.OPEN_MAIN_DB|vfs.OPEN_WAL) == 0 {
		return f, flags, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	base := filepath.Base(name.String())
	if d.files[base] == nil {
		d.files[base] = &image{}
	}
	return &diskFile{File: f, d: d, image: d.files[base], wal: flags&vfs.OPEN_WAL != 0}, flags, nil
}

// cut returns what a loss of power leaves, in a new folder: all that was
// flushed, and of the writes after that each one or not.
func (d *disk) cut(t *testing.T, random *rand.Rand) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	folder := t.TempDir()
	for name, image := range d.files {
		b := slices.Clone(image.flushed)
		for _, w := range image.pending {
			if random.IntN(2) == 0 {
				b = w.apply(b)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// diskFile is a database or a WAL on a disk. Its writes go through to a real
// file, which is what readers read.
type diskFile struct {
	vfs.File
	d     *disk
	image *image
	wal   bool
}

func (f *diskFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

func (f *diskFile) WriteAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.wal && f.d.room >= 0 && at+int64(len(b)) > f.d.room {
		return 0, sqlite3.FULL
	}
	f.image.pending = append(f.image.pending, write{at, slices.Clone(b)})
	return f.File.WriteAt(b, at)
}

func (f *diskFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.image.pending = append(f.image.pending, write{at: size})
	return f.File.Truncate(size)
}

func (f *diskFile) Sync(vfs.SyncFlag) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.wal {
		f.d.syncs++
		if f.d.fail != nil {
			return f.d.fail
		}
	}
	for _, w := range f.image.pending {
		f.image.flushed = w.apply(f.image.flushed)
	}
	f.image.pending = nil
	return nil
}
