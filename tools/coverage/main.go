// Command coverage writes docs/coverage.md: every operation of every service,
// built or not, from the API models and the handlers that are registered.
//
//	go run ./tools/coverage -out docs/coverage.md
//
// The same program gives the same bytes; make check fails where the file that
// is committed differs.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/stagedoor/stagedoor"
)

func main() {
	out := flag.String("out", "docs/coverage.md", "file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	text, err := stagedoor.Coverage()
	if err != nil {
		return fmt.Errorf("ask the services: %w", err)
	}
	return os.WriteFile(out, text, 0o644)
}
