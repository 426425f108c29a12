// Command stagedoor is Amazon API Gateway as software that anyone can run:
// flags in, exit code out.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Exit codes of every command.
const (
	exitDone  = 0
	exitError = 1
	exitUsage = 2
)

// usageError is a command line that cannot be followed.
type usageError struct{ error }

// version is set when a release is built.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := command()
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(os.Stderr, "stagedoor: "+err.Error())
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(os.Stderr, "stagedoor: see stagedoor --help")
		return exitUsage
	}
	return exitError
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "stagedoor",
		Short:         "Amazon API Gateway as software that you run yourself",
		Long:          "stagedoor runs REST APIs as Amazon API Gateway does: its control plane speaks AWS's\nwire protocols, its data plane does what the definitions say, and it brings a host\nfor Lambda functions.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(upCommand(), validateCommand(), explainCommand(), versionCommand(), manCommand())
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			revision := ""
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = " (" + s.Value + ")"
					}
				}
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "stagedoor %s%s\n", version, revision)
			return err
		},
	}
}

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages into a directory",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			return doc.GenManTree(cmd.Root(), &doc.GenManHeader{Title: "STAGEDOOR", Section: "1"}, args[0])
		},
	}
}

// exactArgs is cobra's, with an exit code of its own.
func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
