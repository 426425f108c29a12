// Package handover lets a process take the place of another without a moment in
// which nobody serves: the new one gets copies of the descriptors of the old one
// (listening sockets, locks), says when it serves, and learns when the old one
// has ended.
//
// The law: until the new process has said that it is ready, the old one keeps
// everything, and the end of the new one, however it comes, costs nothing. What a
// process has is named; what the new one does not ask for is closed.
//
// It knows nothing of what the descriptors are. Only Unix can pass them on.
package handover

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Env is the environment variable that tells a process what it was handed.
const Env = "STAGEDOOR_HANDOVER"

// The two pipes between the processes, among what is handed over.
const (
	toldName = "told" // the new process writes here
	lifeName = "life" // ends when the old process does
)

// ready is what the new process says; anything else is why it is not.
const ready = "ready"

// Estate is what a process was handed by the one before. Its methods may be
// called by any number of goroutines; nil is nothing.
type Estate struct {
	gone chan struct{}

	mu    sync.Mutex
	files map[string][]*os.File
	told  *os.File // nil: it has been said
}

// Inherit reads the value of Env; empty is nothing, for which it answers nil.
// The descriptors named belong to the estate.
func Inherit(value string) (*Estate, error) {
	if value == "" {
		return nil, nil
	}
	e := &Estate{gone: make(chan struct{}), files: map[string][]*os.File{}}
	for entry := range strings.FieldsSeq(value) {
		if err := e.read(entry); err != nil {
			e.Close()
			return nil, fmt.Errorf("%s: %q: %w", Env, entry, err)
		}
	}
	told, life := e.Files(toldName), e.Files(lifeName)
	if len(told) != 1 || len(life) != 1 {
		e.Close()
		return nil, fmt.Errorf("%s: does not name one %s and one %s", Env, toldName, lifeName)
	}
	e.told = told[0]
	go func() {
		_, _ = io.Copy(io.Discard, life[0]) // nothing comes but the end
		_ = life[0].Close()
		close(e.gone)
	}()
	return e, nil
}

// read takes up NAME=FD,FD; the name is escaped.
func (e *Estate) read(entry string) error {
	name, list, ok := strings.Cut(entry, "=")
	name, err := url.QueryUnescape(name)
	if err != nil || !ok {
		return errors.New("must be NAME=FD,FD")
	}
	for text := range strings.SplitSeq(list, ",") {
		fd, err := strconv.Atoi(text)
		if err != nil || fd <= 2 {
			return errors.New("must be NAME=FD,FD")
		}
		keepOurs(fd)
		f := os.NewFile(uintptr(fd), name)
		if f == nil {
			return errors.New("is no open descriptor")
		}
		e.files[name] = append(e.files[name], f)
	}
	return nil
}

// Files are the descriptors of a name. They belong to the caller, who asks once.
func (e *Estate) Files(name string) []*os.File {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	files := e.files[name]
	delete(e.files, name)
	return files
}

// Text is what Plan.Texts has under a name, for who asks first; empty if the
// process before said nothing.
func (e *Estate) Text(name string) (text []byte, err error) {
	for _, f := range e.Files(name) {
		text, err = io.ReadAll(io.LimitReader(f, mostText))
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read %s of the process before: %w", name, err)
		}
	}
	return text, nil
}

// Close closes what nobody has asked for.
func (e *Estate) Close() {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, files := range e.files {
		for _, f := range files {
			_ = f.Close() // a copy
		}
	}
	clear(e.files)
}

// Ready tells the old process that this one serves: it may go.
func (e *Estate) Ready() error { return e.say(ready) }

// Fail tells the old process why this one does not serve. After Ready it does
// nothing.
func (e *Estate) Fail(why error) error { return e.say(why.Error()) }

// patience is how long the old process may take to listen.
const patience = 5 * time.Second

func (e *Estate) say(text string) error {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	told := e.told
	e.told = nil
	e.mu.Unlock()
	if told == nil {
		return nil
	}
	_ = told.SetWriteDeadline(time.Now().Add(patience)) // a pipe that cannot have one never fills with so little
	_, err := io.WriteString(told, text)
	if err = errors.Join(err, told.Close()); err != nil {
		return fmt.Errorf("tell the process before: %w", err)
	}
	return nil
}

// Gone is closed when the old process has ended; nil if there was none.
func (e *Estate) Gone() <-chan struct{} {
	if e == nil {
		return nil
	}
	return e.gone
}
