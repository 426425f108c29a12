// Package code keeps the code of functions and layers on disk, by content.
//
// A zip of code lies in a folder that is named by its SHA-256: the zip itself
// and beside it the tree that it unpacks to. The laws: such a folder is
// complete and durable or it is not there, whenever the process or the machine
// dies; it never changes once it is there; nothing that a zip says makes a
// file appear outside of its own folder; and a folder that is still needed
// (referred to, being put, or used a short while ago) is never swept away.
//
// A folder of the user's own (stagedoor's extension, for the machine it runs
// on) is not copied: it is used as it lies, and Fingerprint tells whether it
// has changed.
package code

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Limits of one zip. parity: quotas page of the Lambda developer guide.
const (
	MaxZipped   = 52_428_800  // bytes of a zip that is sent in a request
	MaxUnzipped = 262_144_000 // bytes of what it unpacks to, with its layers
	MaxEntries  = 200_000     // files and folders; ours, AWS names none
)

// Grace is how long code that nothing refers to any more stays on disk: the
// longest time-out of a function and a minute, so that an environment which
// was told to end when its version went can still finish its last call.
const Grace = 16 * time.Minute

// What is wrong with code; the caller has AWS's words for it.
var (
	ErrNotZip   = errors.New("code: not a zip that can be unpacked")
	ErrEmpty    = errors.New("code: the zip is empty")
	ErrTooLarge = errors.New("code: more than 262144000 bytes unpacked")
	ErrMissing  = errors.New("code: no such code")
)

// Sum is the SHA-256 of a zip, or of what a folder looks like.
type Sum [sha256.Size]byte

// Hex is the sum as it names folders and as documents keep it.
func (s Sum) Hex() string { return hex.EncodeToString(s[:]) }

// Base64 is the sum as AWS shows it (CodeSha256).
func (s Sum) Base64() string { return base64.StdEncoding.EncodeToString(s[:]) }

// ParseSum reads what Hex wrote.
func ParseSum(text string) (Sum, error) {
	var s Sum
	if len(text) != hex.EncodedLen(len(s)) {
		return s, ErrMissing
	}
	if _, err := hex.Decode(s[:], []byte(text)); err != nil {
		return s, ErrMissing
	}
	return s, nil
}

// Code is a zip that was kept.
type Code struct {
	Sum      Sum
	Size     int64 // bytes of the zip
	Unzipped int64 // bytes of its files
}

// Depot keeps code under one folder. It may be used by any number of
// goroutines at a time.
type Depot struct {
	root string

	mu   sync.Mutex
	pins map[Sum]int       // being put, or served
	idle map[Sum]time.Time // since when nothing refers to it, as far as was seen
}

// New is a depot under root. It touches nothing.
func New(root string) *Depot {
	return &Depot{root: root, pins: map[Sum]int{}, idle: map[Sum]time.Time{}}
}

// Root is the folder that the depot keeps everything under.
func (d *Depot) Root() string { return d.root }

const (
	zipName  = "code.zip"
	treeName = "tree"
	tempMark = ".tmp-"
	oldMark  = ".old-"
)

// Prepare makes the root and removes what a process that died left half done.
func (d *Depot) Prepare() error {
	if err := os.MkdirAll(d.root, 0o700); err != nil {
		return fmt.Errorf("make the folder of function code: %w", err)
	}
	entries, err := os.ReadDir(d.root)
	if err != nil {
		return fmt.Errorf("read the folder of function code: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempMark) || strings.HasPrefix(e.Name(), oldMark) {
			if err := removeTree(filepath.Join(d.root, e.Name())); err != nil {
				return fmt.Errorf("remove leftovers: %w", err)
			}
		}
	}
	return nil
}

// Tree is the folder that a zip was unpacked to, read-only.
func (d *Depot) Tree(sum Sum) string { return filepath.Join(d.root, sum.Hex(), treeName) }

// Has says whether code is there.
func (d *Depot) Has(sum Sum) bool {
	_, err := os.Stat(filepath.Join(d.root, sum.Hex()))
	return err == nil
}

// Open opens a zip for reading. The caller closes it. A zip that is open can
// be read to its end whatever is swept meanwhile.
func (d *Depot) Open(sum Sum) (*os.File, error) {
	f, err := os.Open(filepath.Join(d.root, sum.Hex(), zipName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	return f, err
}

// Put keeps a zip and the tree it unpacks to. When it returns they are
// durable, and safe from Sweep until release is called, which the caller does
// once a document that refers to them is committed, or will never be.
func (d *Depot) Put(ctx context.Context, zip []byte) (code Code, release func(), err error) {
	code = Code{Sum: sha256.Sum256(zip), Size: int64(len(zip))}
	release = d.pin(code.Sum)
	if code.Unzipped, err = d.keep(ctx, code.Sum, zip); err != nil {
		release()
		return Code{}, nil, err
	}
	return code, release, nil
}

// pin keeps sum from being swept until release.
func (d *Depot) pin(sum Sum) (release func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pins[sum]++
	return sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.idle, sum) // its grace begins anew
		if d.pins[sum]--; d.pins[sum] == 0 {
			delete(d.pins, sum)
		}
	})
}

func (d *Depot) keep(ctx context.Context, sum Sum, data []byte) (int64, error) {
	plan, err := read(data)
	if err != nil {
		return 0, err
	}
	final := filepath.Join(d.root, sum.Hex())
	if d.Has(sum) {
		return plan.size, syncDir(d.root) // whoever made it may not be that far
	}
	temp, err := os.MkdirTemp(d.root, tempMark)
	if err != nil {
		return 0, fmt.Errorf("make a folder for code: %w", err)
	}
	defer func() { _ = removeTree(temp) }() // gone after the rename; a leftover is removed by Prepare
	if err := write(ctx, temp, data, plan); err != nil {
		return 0, err
	}
	if err := os.Rename(temp, final); err != nil && !d.Has(sum) { // two puts of the same code: one wins
		return 0, fmt.Errorf("keep code: %w", err)
	}
	return plan.size, syncDir(d.root)
}

// write makes the content of a code folder and makes it durable.
func write(ctx context.Context, dir string, data []byte, plan *plan) error {
	if err := os.WriteFile(filepath.Join(dir, zipName), data, 0o400); err != nil {
		return fmt.Errorf("keep the zip: %w", err)
	}
	tree := filepath.Join(dir, treeName)
	if err := os.Mkdir(tree, 0o700); err != nil {
		return fmt.Errorf("keep the tree: %w", err)
	}
	if err := plan.unpack(ctx, tree); err != nil {
		return err
	}
	if err := syncTree(dir, len(plan.order)); err != nil {
		return fmt.Errorf("make code durable: %w", err)
	}
	return nil
}

// Sweep removes the code that live does not name and that nothing has named
// for as long as grace. What is put meanwhile stays, whatever live says.
func (d *Depot) Sweep(live map[Sum]bool, now time.Time, grace time.Duration) error {
	entries, err := os.ReadDir(d.root)
	if err != nil {
		return fmt.Errorf("read the folder of function code: %w", err)
	}
	var errs []error
	for _, e := range entries {
		sum, err := ParseSum(e.Name())
		if err != nil {
			continue
		}
		if old, err := d.retire(sum, live[sum], now, grace); err != nil {
			errs = append(errs, err)
		} else if old != "" {
			errs = append(errs, removeTree(old))
		}
	}
	return errors.Join(errs...)
}

// retire moves code out of reach if its time has come, and says where it is
// now. One rename, so that a process that dies here leaves it whole or gone.
func (d *Depot) retire(sum Sum, live bool, now time.Time, grace time.Duration) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	since, known := d.idle[sum]
	switch {
	case live || d.pins[sum] > 0:
		delete(d.idle, sum)
		return "", nil
	case !known && grace > 0:
		d.idle[sum] = now
		return "", nil
	case grace > 0 && now.Sub(since) < grace:
		return "", nil
	}
	delete(d.idle, sum)
	old, err := os.MkdirTemp(d.root, oldMark)
	if err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(d.root, sum.Hex()), filepath.Join(old, "code")); err != nil {
		return "", fmt.Errorf("retire code: %w", err)
	}
	return old, nil
}

// removeTree removes a folder whose folders are read-only.
func removeTree(dir string) error {
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return os.Chmod(name, 0o700) //nolint:gosec // a folder of ours, about to go
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(dir)
}

// Remove removes a depot's folder and all that is in it.
func Remove(root string) error { return removeTree(root) }
