package runtimes

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// probeLimit bounds how long a program may take to name itself.
const probeLimit = 10 * time.Second

// find is the first of names on this machine's PATH that works, or the program
// that Programs gives for the runtime; "" when there is none.
func (k *Kit) find(ctx context.Context, runtime string, names ...string) string {
	if path, ok := k.Programs[runtime]; ok {
		names = []string{path}
	}
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			continue
		}
		if path = k.resolve(ctx, path); path != "" {
			return path
		}
	}
	return ""
}

// resolve follows the scripts that version managers put on PATH: they take longer
// than the program itself, need an environment that functions do not have, and may
// stand for nothing. It returns "" for those.
func (k *Kit) resolve(ctx context.Context, path string) string {
	ask := []string{"-p", "process.execPath"}
	switch name := filepath.Base(path); {
	case strings.HasPrefix(name, "python"):
		ask = []string{"-c", "import sys; print(sys.executable)"}
	case !strings.HasPrefix(name, "node"):
		return path
	}
	if !script(path) {
		return path
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if program, known := k.real[path]; known {
		return program
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, ask...).Output()
	program := strings.TrimSpace(string(out))
	if err != nil || !filepath.IsAbs(program) {
		program = ""
	}
	if ctx.Err() == nil {
		if k.real == nil {
			k.real = map[string]string{}
		}
		k.real[path] = program
	}
	return program
}

// script tells whether a program is a script.
func script(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	var head [2]byte
	_, err = io.ReadFull(f, head[:])
	return err == nil && string(head[:]) == "#!"
}

// missing names what the machine has for any runtime.
func (k *Kit) missing(ctx context.Context, runtime string) error {
	e := &Missing{Runtime: runtime}
	for _, name := range []string{"python3", "node", "java"} {
		if path := k.find(ctx, name, name); path != "" {
			e.Found = append(e.Found, name+" ("+path+")")
		}
	}
	e.Found = append(e.Found, "any bootstrap (provided.al2023)")
	return e
}
