package code_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
)

// file is one entry of a zip.
type file struct {
	name, body string
	mode       fs.FileMode
}

func zipped(tb testing.TB, files ...file) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(f.mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			tb.Fatal(err)
		}
		if strings.HasSuffix(f.name, "/") {
			continue // a folder has no content
		}
		if _, err := w.Write([]byte(f.body)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func depot(tb testing.TB) *code.Depot {
	tb.Helper()
	root := filepath.Join(tb.TempDir(), "functions")
	d := code.New(root)
	if err := d.Prepare(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := code.Remove(root); err != nil { // read-only folders are more than TempDir can remove
			tb.Error(err)
		}
	})
	return d
}

// tree lists what lies under a folder: name, mode and content or target.
func tree(tb testing.TB, dir string) []string {
	tb.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		info, err := e.Info()
		if err != nil {
			return err
		}
		what := ""
		switch {
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			all = append(all, rel+" -> "+target)
			return nil
		case e.Type().IsRegular():
			body, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			what = " " + string(body)
		}
		all = append(all, fmt.Sprintf("%s %v%s", rel, info.Mode(), what))
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestPut(t *testing.T) {
	d := depot(t)
	data := zipped(t,
		file{"./", "", fs.ModeDir | 0o755},
		file{"bin/", "", fs.ModeDir | 0o755},
		file{"bin/tool", "#!", 0o755},
		file{"main.py", "x=1", 0o600},
		file{"a/deep/file", "", 0o4777 | fs.ModeSetuid},
		file{"main.py", "x=2", 0o644}, // the last one counts
		file{"link", "bin/tool", fs.ModeSymlink | 0o777},
		file{"nowhere", "not/there", fs.ModeSymlink | 0o777},
	)
	c, release, err := d.Put(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if want := int64(len("#!") + len("x=2")); c.Size != int64(len(data)) || c.Unzipped != want {
		t.Errorf("Put = size %d, unzipped %d, want %d, %d", c.Size, c.Unzipped, len(data), want)
	}
	want := []string{
		"a dr-xr-xr-x", "a/deep dr-xr-xr-x", "a/deep/file -r-xr-xr-x ", "bin dr-xr-xr-x", "bin/tool -r-xr-xr-x #!",
		"link -> bin/tool", "main.py -r--r--r-- x=2", "nowhere -> not/there",
	}
	if diff := cmp.Diff(want, tree(t, d.Tree(c.Sum))); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	f, err := d.Open(c.Sum)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var kept bytes.Buffer
	if _, err := kept.ReadFrom(f); err != nil || !bytes.Equal(kept.Bytes(), data) {
		t.Errorf("the zip that was kept differs from what was put (%v)", err)
	}
	if sum, err := code.ParseSum(c.Sum.Hex()); err != nil || sum != c.Sum {
		t.Errorf("ParseSum(%q) = %v, %v", c.Sum.Hex(), sum, err)
	}
}

func TestPutRefuses(t *testing.T) {
	long := strings.Repeat("d/", 70) + "f"
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, code.ErrEmpty},
		{"no entries", zipped(t), code.ErrEmpty},
		{"only the root", zipped(t, file{"./", "", fs.ModeDir | 0o755}), code.ErrEmpty},
		{"no zip", []byte("PK nonsense"), code.ErrNotZip},
		{"above", zipped(t, file{"../evil", "x", 0o644}), code.ErrNotZip},
		{"above from inside", zipped(t, file{"a/../../evil", "x", 0o644}), code.ErrNotZip},
		{"absolute", zipped(t, file{"/etc/evil", "x", 0o644}), code.ErrNotZip},
		{"device", zipped(t, file{"dev", "", fs.ModeDevice | 0o644}), code.ErrNotZip},
		{"pipe", zipped(t, file{"pipe", "", fs.ModeNamedPipe | 0o644}), code.ErrNotZip},
		{"below a file", zipped(t, file{"a", "x", 0o644}, file{"a/b", "x", 0o644}), code.ErrNotZip},
		{"below a link", zipped(t, file{"a", ".", fs.ModeSymlink | 0o777}, file{"a/b", "x", 0o644}), code.ErrNotZip},
		{"below a link to above", zipped(t, file{"a/b", "x", 0o644}, file{"a", "/tmp", fs.ModeSymlink | 0o777}), code.ErrNotZip},
		{"absolute link", zipped(t, file{"a", "/etc/passwd", fs.ModeSymlink | 0o777}), code.ErrNotZip},
		{"link above", zipped(t, file{"a", "../..", fs.ModeSymlink | 0o777}), code.ErrNotZip},
		{"link above by a link", zipped(t,
			file{"d/e/up", "../..", fs.ModeSymlink | 0o777}, // the root: inside
			file{"out", "d/e/up/../evil", fs.ModeSymlink | 0o777},
		), code.ErrNotZip},
		{"circle of links", zipped(t, file{"a", "b", fs.ModeSymlink | 0o777}, file{"b", "a", fs.ModeSymlink | 0o777}), code.ErrNotZip},
		{"empty link", zipped(t, file{"a", "", fs.ModeSymlink | 0o777}), code.ErrNotZip},
		{"too deep", zipped(t, file{long, "x", 0o644}), code.ErrNotZip},
		{"name with a null byte", zipped(t, file{"a\x00b", "x", 0o644}), code.ErrNotZip},
		{"says that it is too large", claims(t, code.MaxUnzipped+1), code.ErrTooLarge},
		{"says that it is smaller than it is", claims(t, 1), code.ErrNotZip},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := depot(t)
			if c, _, err := d.Put(t.Context(), tt.data); !errors.Is(err, tt.want) {
				t.Errorf("Put = %v, %v, want %v", c, err, tt.want)
			}
			if left := tree(t, d.Root()); left != nil {
				t.Errorf("a zip that was refused left %v", left)
			}
		})
	}
}

// claims is a zip of one file of 1,000 bytes whose directory says that it has
// size bytes.
func claims(t *testing.T, size uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "f", Method: zip.Store, CompressedSize64: 1000, UncompressedSize64: size}
	w, err := z.CreateRaw(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPutBomb: many files that are small each are too large together.
func TestPutBomb(t *testing.T) {
	part := strings.Repeat("\x00", 30_000_000)
	var files []file
	for i := range 9 {
		files = append(files, file{fmt.Sprint("f", i), part, 0o644})
	}
	if _, _, err := depot(t).Put(t.Context(), zipped(t, files...)); !errors.Is(err, code.ErrTooLarge) {
		t.Errorf("Put of a zip with 270 MB = %v, want ErrTooLarge", err)
	}
}

func TestPutSameTwiceAtOnce(t *testing.T) {
	d := depot(t)
	data := zipped(t, file{"a", "1", 0o644})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, release, err := d.Put(t.Context(), data)
			if err != nil {
				t.Error(err)
				return
			}
			release()
		})
	}
	group.Wait()
	entries, err := os.ReadDir(d.Root())
	if err != nil || len(entries) != 1 {
		t.Errorf("after 8 puts of one zip there are %v (%v), want one folder", entries, err)
	}
}

func TestSweep(t *testing.T) {
	d := depot(t)
	put := func(body string) (code.Sum, func()) {
		c, release, err := d.Put(t.Context(), zipped(t, file{"f", body, 0o644}))
		if err != nil {
			t.Fatal(err)
		}
		return c.Sum, release
	}
	live, releaseLive := put("live")
	releaseLive()
	idle, releaseIdle := put("idle")
	releaseIdle()
	pinned, release := put("pinned")

	start := time.Unix(1_000_000, 0)
	check := func(when string, after time.Duration, want ...bool) {
		t.Helper()
		if err := d.Sweep(map[code.Sum]bool{live: true}, start.Add(after), time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := []bool{d.Has(live), d.Has(idle), d.Has(pinned)}; !cmp.Equal(got, want) {
			t.Errorf("%s: live, idle, pinned are there: %v, want %v", when, got, want)
		}
	}
	check("the first time that it is seen idle", 0, true, true, true)
	check("within its grace", 59*time.Minute, true, true, true)
	check("after its grace", time.Hour, true, false, true)
	release()
	check("just released", 2*time.Hour, true, false, true)
	check("long released", 4*time.Hour, true, false, false)

	again, releaseAgain := put("idle")
	if again != idle || !d.Has(idle) {
		t.Error("code that was swept cannot be put again")
	}
	releaseAgain()
	// Put between two sweeps, its grace begins anew.
	check("seen idle", 5*time.Hour, true, true, false)
	_, releaseAgain = put("idle")
	releaseAgain()
	check("put again meanwhile", 7*time.Hour, true, true, false)
}

func TestPrepareRemovesLeftovers(t *testing.T) {
	d := depot(t)
	for _, name := range []string{".tmp-1/tree/a", ".old-2/code/tree"} {
		if err := os.MkdirAll(filepath.Join(d.Root(), name), 0o500); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Prepare(); err != nil {
		t.Fatal(err)
	}
	if left := tree(t, d.Root()); left != nil {
		t.Errorf("Prepare left %v", left)
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	write := func(name, body string) {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	look := func() code.Sum {
		t.Helper()
		sum, _, err := code.Fingerprint(t.Context(), dir, filepath.Join(dir, "data"))
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	write("a.py", "1")
	first := look()
	if look() != first {
		t.Error("a folder at rest has two fingerprints")
	}
	write(".git/x", "1")
	write(".aws-sam/x", "1")
	write("data/x", "1")
	if look() != first {
		t.Error("what is no code changed the fingerprint")
	}
	for _, change := range []struct {
		name string
		do   func()
	}{
		{"a file more", func() { write("b/c.py", "") }},
		{"a file changed", func() { write("a.py", "22") }},
		{"a mode changed", func() { _ = os.Chmod(filepath.Join(dir, "a.py"), 0o755) }},
		{"a time changed", func() { _ = os.Chtimes(filepath.Join(dir, "a.py"), time.Time{}, time.Unix(1, 0)) }},
		{"a file renamed", func() { _ = os.Rename(filepath.Join(dir, "a.py"), filepath.Join(dir, "z.py")) }},
		{"a file gone", func() { _ = os.Remove(filepath.Join(dir, "z.py")) }},
	} {
		before := look()
		if change.do(); look() == before {
			t.Errorf("%s: the fingerprint is the same", change.name)
		}
	}
}

func TestZipFolder(t *testing.T) {
	dir, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	for _, step := range []error{
		os.WriteFile(secret, []byte("secret"), 0o600),
		os.Mkdir(filepath.Join(dir, "d"), 0o755),
		os.WriteFile(filepath.Join(dir, "d", "run"), []byte("#!"), 0o755),
		os.WriteFile(filepath.Join(dir, "a"), []byte("1"), 0o644),
		os.Symlink(secret, filepath.Join(dir, "out")),
		os.Symlink("a", filepath.Join(dir, "in")),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	var first, second bytes.Buffer
	if err := code.Zip(t.Context(), &first, dir, ""); err != nil {
		t.Fatal(err)
	}
	_ = os.Chtimes(filepath.Join(dir, "a"), time.Time{}, time.Unix(1, 0))
	if err := code.Zip(t.Context(), &second, dir, ""); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the same content gives two zips (%v)", err)
	}
	d := depot(t)
	c, release, err := d.Put(t.Context(), first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	want := []string{"a -r--r--r-- 1", "d dr-xr-xr-x", "d/run -r-xr-xr-x #!", "in -r--r--r-- 1"}
	if diff := cmp.Diff(want, tree(t, d.Tree(c.Sum))); diff != "" {
		t.Errorf("folder after zip and unzip (-want +got):\n%s", diff)
	}
}

// FuzzPut: whatever a zip says, nothing appears outside of the depot, no link
// leads out of the tree, and a zip that is refused leaves nothing.
func FuzzPut(f *testing.F) {
	f.Add("a/b", "x", uint32(0o644), "../l", "../../etc", uint32(fs.ModeSymlink), []byte(nil))
	f.Add("d/e/up", "../..", uint32(fs.ModeSymlink), "out", "d/e/up/../x", uint32(fs.ModeSymlink), []byte(nil))
	f.Add("a", "x", uint32(fs.ModeDir), "a/b", "y", uint32(0), []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, name1, body1 string, mode1 uint32, name2, body2 string, mode2 uint32, raw []byte) {
		data := raw
		if len(raw) == 0 {
			if len(name1) > 60000 || len(name2) > 60000 {
				return
			}
			data = zipped(t, file{name1, body1, fs.FileMode(mode1)}, file{name2, body2, fs.FileMode(mode2)})
		}
		d := depot(t)
		above := filepath.Dir(d.Root())
		c, release, err := d.Put(t.Context(), data)
		if entries, rerr := os.ReadDir(above); rerr != nil || len(entries) != 1 {
			t.Fatalf("beside the depot there is %v (%v)", entries, rerr)
		}
		if err != nil {
			if left := tree(t, d.Root()); left != nil {
				t.Errorf("a zip that was refused left %v", left)
			}
			return
		}
		defer release()
		root, err := filepath.EvalSymlinks(d.Tree(c.Sum))
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			real, err := filepath.EvalSymlinks(name)
			if err == nil && real != root && !strings.HasPrefix(real, root+string(filepath.Separator)) {
				t.Errorf("%s leads to %s, out of the tree", name, real)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkPut is what a deployment of 200 files waits for.
func BenchmarkPut(b *testing.B) {
	d := depot(b)
	n := 0
	for b.Loop() {
		b.StopTimer()
		var files []file
		for i := range 200 {
			files = append(files, file{fmt.Sprintf("d%d/f%d", i%10, i), fmt.Sprint(n, strings.Repeat("x", 2000)), 0o644})
		}
		data := zipped(b, files...)
		n++
		b.StartTimer()
		_, release, err := d.Put(b.Context(), data)
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}
