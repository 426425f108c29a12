package stagedoor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/handover"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// HandoverEnv is the environment variable with the value of Config.Handover.
const HandoverEnv = handover.Env

// Successor is the process that is to take the place of this one. It gets our
// standard streams.
type Successor struct {
	Binary    string // path
	Args, Env []string
}

const (
	lockName = "store" // among what is handed over
	// readyWithin is how long a new process may take until it serves.
	readyWithin = time.Minute
	// idlePatience is how long connections may be idle after a new process has
	// taken over, so that no request is lost that is sent just then.
	idlePatience = 5 * time.Second
)

// succession is where a server stands between the process before and the one
// after it.
type succession struct {
	estate    *handover.Estate // nil: nobody was before
	deploying chan struct{}    // held by who deploys, and by Upgrade

	mu     sync.Mutex
	alone  bool // we serve, and nobody is before us any more
	stop   context.CancelFunc
	ln     *listeners
	after  *handover.Successor // kept: it learns of our end by it
	passed bool
}

// Upgrade has another process take the place of this one: it gets the listening
// sockets and the store, and when it serves, Run drains and returns. An error
// says why it did not come to that; then everything is as it was. ctx ends the
// wait for the other process.
func (s *Server) Upgrade(ctx context.Context, p Successor) error {
	u := &s.succession
	if !u.mu.TryLock() {
		return errors.New("an upgrade is under way")
	}
	defer u.mu.Unlock()
	switch {
	case u.passed:
		return errors.New("another process has taken over already")
	case s.cfg.inMemory():
		return errors.New("the store is in memory and would be lost: give --data a directory")
	case os.Getpid() == 1:
		return errors.New("this is process 1, with which its container ends: start a new container")
	case u.stop == nil:
		return errors.New("stagedoor does not serve yet")
	case !u.alone:
		return errors.New("the process before this one has not ended yet: try again")
	}
	s.tellManager(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonic().Microseconds()))
	err := s.upgrade(ctx, p)
	if err != nil {
		s.tellManager("READY=1")
		return err
	}
	u.passed = true
	s.tellManager("READY=1\nMAINPID=" + strconv.Itoa(u.after.PID()))
	for _, server := range s.servers() {
		server.Patience(idlePatience)
	}
	s.cfg.Log.Info("another process has taken over", "pid", u.after.PID())
	u.stop()
	return nil
}

func (s *Server) upgrade(ctx context.Context, p Successor) (err error) {
	u := &s.succession
	ctx, cancel := context.WithTimeoutCause(ctx, readyWithin, fmt.Errorf("not within %s", readyWithin))
	defer cancel()
	select { // a deployment under way is finished first
	case u.deploying <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("a deployment is under way: %w", context.Cause(ctx))
	}
	defer func() {
		if err != nil {
			<-u.deploying
		}
	}()
	if err := s.store.Share(ctx, true); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.store.Share(context.WithoutCancel(ctx), false), s.store.Claim(), s.writePID())
		}
	}()
	files, err := s.handedOver()
	defer closeAll(files)
	if err != nil {
		return err
	}
	after, err := handover.Start(handover.Plan{Binary: p.Binary, Args: p.Args, Env: p.Env, Files: files, Texts: s.secure.texts()})
	if err != nil {
		return err
	}
	s.cfg.Log.Info("another process is to take over", "pid", after.PID(), "binary", p.Binary)
	if err := after.Wait(ctx); err != nil {
		return fmt.Errorf("the new process %d: %w", after.PID(), err)
	}
	u.after = after
	return nil
}

// handedOver are all descriptors that the other process gets. They are to be
// closed, also with an error.
func (s *Server) handedOver() (files map[string][]int, err error) {
	files = map[string][]int{}
	lock, err := s.store.CopyLock()
	if err != nil {
		return files, err
	}
	files[lockName] = []int{lock}
	l := s.succession.ln
	for name, ln := range l.named(&s.cfg) {
		server := s.both
		for i := range l.private {
			if ln == l.private[i] {
				server = s.doors[i].server
			}
		}
		for i := range l.invoke {
			if ln == l.invoke[i] {
				server = s.invoke
			}
		}
		fds, err := server.Listening(ln)
		files[name] = fds
		if err != nil {
			return files, err
		}
	}
	return files, nil
}

func closeAll(files map[string][]int) {
	for _, fds := range files {
		for _, fd := range fds {
			_ = os.NewFile(uintptr(fd), "").Close()
		}
	}
}

// servers are all that serve API traffic.
func (s *Server) servers() []*transport.Server {
	all := []*transport.Server{s.both, s.invoke}
	for _, d := range s.doors {
		all = append(all, d.server)
	}
	return all
}

// named are the listeners by the names under which they are handed over: what
// they are for, and the address that was asked for.
func (l *listeners) named(cfg *Config) map[string]net.Listener {
	all := map[string]net.Listener{"listen " + cfg.Listen: l.both}
	for i, ln := range l.invoke {
		all[socketName("invoke-listen", i, cfg.InvokeListen[i])] = ln
	}
	for i, ln := range l.private {
		all[socketName("private-listen", i, cfg.PrivateListen[i])] = ln
	}
	if l.admin != nil {
		all["admin-listen "+cfg.AdminListen] = l.admin
	}
	return all
}

func socketName(kind string, i int, addr string) string {
	return kind + " " + strconv.Itoa(i) + " " + addr
}

// socket listens at an address, on the sockets of the process before if it
// listened there under that name.
func (s *Server) socket(ctx context.Context, name, addr string) (net.Listener, error) {
	if files := s.succession.estate.Files(name); len(files) > 0 {
		return transport.NewSockets(files)
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// joinStore opens the store, beside the process before if there is one.
func (s *Server) joinStore(ctx context.Context, path string) (*sqlite.Store, error) {
	files := s.succession.estate.Files(lockName)
	if len(files) == 1 && path != sqlite.Memory {
		return sqlite.Join(ctx, path, files[0])
	}
	return sqlite.Open(ctx, path)
}

// await waits until all that there is in the store is served, if another process
// serves meanwhile: it is to be relieved only then.
func (s *Server) await(ctx, parts context.Context) error {
	if s.succession.estate == nil {
		return nil
	}
	select {
	case <-s.gateway.Ready():
	case <-ctx.Done():
	case <-parts.Done():
		return context.Cause(parts)
	}
	return nil
}

// relieve says that we serve, and waits until the process before has gone.
func (s *Server) relieve(ctx context.Context, stop context.CancelFunc, l *listeners) error {
	u := &s.succession
	if err := s.store.Claim(); err != nil {
		return err
	}
	if err := s.writePID(); err != nil {
		return err
	}
	if u.estate == nil {
		s.tellManager("READY=1")
	} else if err := u.estate.Ready(); err != nil && !u.orphaned() {
		return err // it serves on
	}
	u.estate.Close()
	u.mu.Lock()
	u.stop, u.ln = stop, l
	u.mu.Unlock()
	if u.estate != nil {
		select {
		case <-u.estate.Gone():
		case <-ctx.Done():
			return nil
		}
		if err := s.store.Share(ctx, false); err != nil {
			return err
		}
		s.cfg.Log.Info("the process before has ended")
	}
	u.mu.Lock()
	u.alone = true
	u.mu.Unlock()
	return nil
}

// orphaned says whether the process before has just ended.
func (u *succession) orphaned() bool {
	select {
	case <-u.estate.Gone():
		return true
	case <-time.After(time.Second):
		return false
	}
}

// tellManager tells the service manager something, if there is one.
func (s *Server) tellManager(state string) {
	if err := handover.Notify(s.cfg.NotifySocket, state); err != nil {
		s.cfg.Log.Warn("the service manager cannot be told", "error", err)
	}
}

// ends tells of the end: to the service manager, unless that looks at another
// process by now.
func (s *Server) ends() {
	s.succession.mu.Lock()
	defer s.succession.mu.Unlock()
	if !s.succession.passed {
		s.tellManager("STOPPING=1")
	}
}

// writePID writes PIDFile.
func (s *Server) writePID() error {
	if s.cfg.PIDFile == "" {
		return nil
	}
	temp := s.cfg.PIDFile + ".new"
	if err := os.WriteFile(temp, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil { //nolint:gosec // supervisors read it
		return fmt.Errorf("pid-file: %w", err)
	}
	if err := os.Rename(temp, s.cfg.PIDFile); err != nil {
		return fmt.Errorf("pid-file: %w", err)
	}
	return nil
}

// removePID removes PIDFile if it is ours.
func (s *Server) removePID() {
	if s.cfg.PIDFile == "" {
		return
	}
	text, err := os.ReadFile(s.cfg.PIDFile)
	if err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(os.Getpid()) {
		_ = os.Remove(s.cfg.PIDFile) // who looks finds that the process is not there
	}
}

// deployAlone deploys while no other process does.
func (s *Server) deployAlone(ctx context.Context, d definition, endpoint string) {
	select {
	case s.succession.deploying <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-s.succession.deploying }()
	s.deploy(ctx, d, endpoint)
}
