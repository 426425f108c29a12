package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stagedoor/stagedoor"
)

// explainCommand asks a running stagedoor for the program of a stage or route.
func explainCommand() *cobra.Command {
	admin, output := stagedoor.Default().AdminListen, form("text")
	cmd := &cobra.Command{
		Use:     "explain API STAGE [METHOD PATH]",
		Short:   "Print the compiled program of a stage, or of the route that a request takes",
		Example: "  stagedoor explain petstore prod\n  stagedoor explain petstore prod GET /pets/7",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 && len(args) != 4 {
				return usageError{errors.New("explain takes API STAGE, or API STAGE METHOD PATH")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if at, ok := os.LookupEnv("STAGEDOOR_ADMIN_LISTEN"); ok && !cmd.Flags().Changed("admin") {
				admin = at // as the stagedoor beside us was told
			}
			q := url.Values{"output": {string(output)}}
			if len(args) == 4 {
				q.Set("method", args[2])
				q.Set("path", args[3])
			}
			at := fmt.Sprintf("http://%s/explain/%s/%s?%s", admin, url.PathEscape(args[0]), url.PathEscape(args[1]), q.Encode())
			req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, at, nil)
			if err != nil {
				return err
			}
			resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
			if err != nil {
				return fmt.Errorf("no stagedoor answers at --admin %s: %w", admin, err)
			}
			defer func() { _ = resp.Body.Close() }()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			if resp.StatusCode != http.StatusOK {
				return errors.New(string(text))
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&admin, "admin", admin, "the admin listener of the running stagedoor (`ADDR`)")
	cmd.Flags().Var(&output, "output", "form of the output")
	return cmd
}

// errRefused is a definition that `up` would refuse; the problems are printed.
var errRefused = errors.New("the definition would be refused")

// validateCommand says what is wrong with a definition.
func validateCommand() *cobra.Command {
	cfg := stagedoor.Default()
	output := form("text")
	cmd := &cobra.Command{
		Use:   "validate DEFINITION",
		Short: "Say what is wrong with a definition, with file, line and column",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := settle(cmd.Flags(), "", os.LookupEnv); err != nil {
				return usageError{err}
			}
			problems, err := stagedoor.Validate(args[0], cfg)
			if err != nil {
				return err
			}
			if output == "json" {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(problems); err != nil {
					return err
				}
			} else {
				for _, p := range problems {
					if _, err := fmt.Fprintln(cmd.OutOrStdout(), p); err != nil {
						return err
					}
				}
			}
			if len(problems) > 0 {
				return errRefused
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&cfg.Parameters, "parameter", nil, "template parameter (`KEY=VALUE`, repeatable)")
	cmd.Flags().StringVar(&cfg.Region, "region", cfg.Region, "region `NAME` in ARNs")
	cmd.Flags().Var(&output, "output", "form of the output")
	return cmd
}
