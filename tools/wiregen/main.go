// Command wiregen writes the packages below internal/wire that are named for a
// service: plain structs, one schema table and one row an operation, from
// AWS's API models in botocore's form.
//
//	go run ./tools/wiregen -models DIR -out internal/wire
//
// The same models give the same bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	models := flag.String("models", "../shared/aws-models/botocore", "folder of botocore models: SERVICE/service-2.json")
	out := flag.String("out", "internal/wire", "folder of the packages to write")
	flag.Parse()
	if err := run(*models, *out); err != nil {
		fmt.Fprintln(os.Stderr, "wiregen:", err)
		os.Exit(1)
	}
}

// services are the services that stagedoor has itself.
func services() []string {
	return []string{
		"acm", "apigateway", "apigatewaymanagementapi", "apigatewayv2", "cloudformation", "cloudtrail",
		"cloudwatch", "cognito-identity-provider", "iam", "lambda", "logs", "sts", "wafv2",
	}
}

func run(models, out string) error {
	if _, err := os.Stat(models); err != nil {
		return fmt.Errorf("find the models (-models DIR): %w", err)
	}
	var all []error
	for _, service := range services() {
		all = append(all, writeService(models, service, filepath.Join(out, packageOf(service))))
	}
	return errors.Join(all...)
}

// packageOf is the name of a service's package: Go's names have no hyphens.
func packageOf(service string) string { return strings.ReplaceAll(service, "-", "") }

func writeService(models, service, dir string) error {
	m, err := readModel(models, service)
	if err != nil {
		return err
	}
	s, err := newSchema(service, m)
	if err != nil {
		return err
	}
	files, err := s.generate()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
