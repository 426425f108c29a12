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
	root.AddCommand(upCommand(), upgradeCommand(), validateCommand(), explainCommand(), versionCommand(), completionCommand(), manCommand())
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  exactArgs(0),
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

// completionCommand takes the place of cobra's own, which knows no usage errors.
func completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print what makes a shell complete stagedoor's commands and flags",
		Example:   "  source <(stagedoor completion bash)",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return usageError{fmt.Errorf("completion: no shell %q: must be bash, zsh, fish or powershell", args[0])}
		},
	}
}

// form is the form of output that a command was asked for.
type form string

// String, Set and Type make it a flag.
func (f *form) String() string { return string(*f) }

func (f *form) Set(v string) error {
	if v != "text" && v != "json" {
		return errors.New("must be text or json")
	}
	*f = form(v)
	return nil
}

func (f *form) Type() string { return "text|json" }

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
