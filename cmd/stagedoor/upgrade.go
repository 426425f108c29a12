package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stagedoor/stagedoor"
)

// Files in the data directory by which `upgrade` speaks with the process that is
// to be upgraded. Only who may write there can have it run a binary.
const (
	requestFile = "upgrade-request.json"
	outcomeFile = "upgrade-outcome.json"
)

// request asks for an upgrade.
type request struct {
	ID     string `json:"id"`
	Binary string `json:"binary,omitempty"` // path; empty: the one that runs
}

// outcome is what a request came to.
type outcome struct {
	ID    string `json:"id"`
	Error string `json:"error,omitempty"` // empty: another process serves
}

func upgradeCommand() *cobra.Command {
	var data, binary string
	wait := 90 * time.Second
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Have a new process take the place of the one that runs, without losing a request",
		Long: `Starts a new stagedoor with the arguments and the environment of the one that
runs in a data directory, from the binary on disk or the one given. It gets the
listening sockets and the store; when it serves, the old one finishes what is
under way and ends. If the new one does not come up, the old one serves on and
this command says why. SIGHUP to the process does the same.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if given, ok := os.LookupEnv("STAGEDOOR_DATA"); ok && !cmd.Flags().Changed("data") {
				data = given
			}
			before, err := runningIn(data)
			if err != nil {
				return err
			}
			ctx, stop := context.WithTimeoutCause(cmd.Context(), wait, fmt.Errorf("process %d has not answered within %s", before, wait))
			defer stop()
			if err := askUpgrade(ctx, data, binary, before); err != nil {
				return err
			}
			after, err := runningIn(data)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "process %d serves in the place of %d\n", after, before)
			return err
		},
	}
	cmd.Flags().StringVar(&data, "data", stagedoor.Default().Data, "data directory of the stagedoor that runs (`DIR`)")
	cmd.Flags().StringVar(&binary, "binary", "", "what to run (`PATH`); default: what it was started from, as it is now")
	cmd.Flags().DurationVar(&wait, "wait", wait, "how long to wait for it")
	return cmd
}

// runningIn is the process that has a data directory.
func runningIn(data string) (pid int, err error) {
	text, err := os.ReadFile(filepath.Join(data, "stagedoor.db.lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("no stagedoor runs with --data %s", data)
	} else if err != nil {
		return 0, err
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil || pid <= 1 {
		return 0, fmt.Errorf("no stagedoor runs with --data %s", data)
	}
	return pid, nil
}

// askUpgrade asks a process for an upgrade and waits for what comes of it.
func askUpgrade(ctx context.Context, data, binary string, pid int) (err error) {
	r := request{ID: rand.Text()}
	if binary != "" {
		if r.Binary, err = exec.LookPath(binary); err == nil {
			r.Binary, err = filepath.Abs(r.Binary)
		}
		if err != nil {
			return fmt.Errorf("binary: %w", err)
		}
	}
	if err := writeJSON(filepath.Join(data, requestFile), r); err != nil {
		return err
	}
	if err := askProcess(pid); err != nil {
		return errors.Join(err, os.Remove(filepath.Join(data, requestFile)))
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var o outcome
		if readJSON(filepath.Join(data, outcomeFile), &o) == nil && o.ID == r.ID {
			_ = os.Remove(filepath.Join(data, outcomeFile)) // it has been read
			if o.Error != "" {
				return fmt.Errorf("not upgraded: %s", o.Error)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func writeJSON(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func readJSON(name string, v any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// upgrader upgrades a server when it is told to.
type upgrader struct {
	server *stagedoor.Server
	data   string
	binary string // of this process, as it was found at its start
	log    *slog.Logger

	attended bool // it was started on a terminal
}

// onTerminal says whether the process has a terminal, which may have gone since.
func onTerminal() bool {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = f.Close() // it was only to be looked for
	return true
}

// withUpgrades upgrades the server at SIGHUP. If that says that the terminal has
// gone, it ends ctx instead.
func withUpgrades(ctx context.Context, server *stagedoor.Server, data string, log *slog.Logger) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	u := upgrader{server: server, data: data, log: log, attended: onTerminal()}
	var err error
	if u.binary, err = exec.LookPath(os.Args[0]); err == nil {
		u.binary, err = filepath.Abs(u.binary)
	}
	if err != nil {
		log.Warn("the binary for upgrades is not known", "error", err)
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, upgradeSignals()...)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-told:
				if !u.upgrade(ctx) {
					cancel()
				}
			}
		}
	}()
	return ctx, func() {
		signal.Stop(told)
		cancel()
	}
}

// upgrade does what the request says. It answers false if there is none and the
// terminal has gone.
func (u *upgrader) upgrade(ctx context.Context) bool {
	at := filepath.Join(u.data, requestFile)
	r := request{Binary: u.binary}
	asked := readJSON(at, &r) == nil && os.Remove(at) == nil
	if !asked && u.attended && !onTerminal() {
		return false
	}
	if r.Binary == "" {
		r.Binary = u.binary
	}
	err := u.server.Upgrade(ctx, stagedoor.Successor{Binary: r.Binary, Args: os.Args, Env: os.Environ()})
	o := outcome{ID: r.ID}
	if err != nil {
		o.Error = err.Error()
		u.log.Error("not upgraded, this process serves on", "binary", r.Binary, "error", err)
	}
	if asked {
		if err := writeJSON(filepath.Join(u.data, outcomeFile), o); err != nil {
			u.log.Error("the outcome of an upgrade cannot be written", "error", err)
		}
	}
	return true
}
