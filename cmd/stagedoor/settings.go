package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"
)

// settle gives every flag that was not set on the command line its value from
// the environment (STAGEDOOR_X), else from the file: flag > environment > file
// > default.
func settle(flags *pflag.FlagSet, file string, env func(string) (string, bool)) error {
	values, err := readSettings(flags, file)
	if err != nil {
		return err
	}
	var problems []error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" {
			return
		}
		given := values[f.Name]
		if v, ok := env("STAGEDOOR_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))); ok {
			given = []string{v}
			if f.Value.Type() == "stringArray" {
				given = strings.Split(v, ",")
			}
		}
		for _, v := range given {
			if err := f.Value.Set(v); err != nil {
				problems = append(problems, fmt.Errorf("%s %q: %w", f.Name, v, err))
			}
		}
	})
	return errors.Join(problems...)
}

// readSettings reads the configuration file; a key that is no flag is an error
// that names the nearest one.
func readSettings(flags *pflag.FlagSet, file string) (map[string][]string, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	top := root.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: must be a list of KEY: VALUE", file, top.Line)
	}
	values := map[string][]string{}
	var problems []error
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if flags.Lookup(key.Value) == nil || key.Value == "config" || key.Value == "help" {
			problems = append(problems, fmt.Errorf("%s:%d:%d: unknown key %q, did you mean %q?", file, key.Line, key.Column, key.Value, nearest(flags, key.Value)))
			continue
		}
		if value.Kind == yaml.SequenceNode && flags.Lookup(key.Value).Value.Type() == "stringArray" {
			for _, v := range value.Content {
				values[key.Value] = append(values[key.Value], v.Value)
			}
			continue
		}
		if value.Kind != yaml.ScalarNode {
			problems = append(problems, fmt.Errorf("%s:%d:%d: %s takes one value", file, value.Line, value.Column, key.Value))
			continue
		}
		values[key.Value] = []string{value.Value}
	}
	return values, errors.Join(problems...)
}

// nearest is the flag whose name differs least from key.
func nearest(flags *pflag.FlagSet, key string) string {
	best, least := "", 1<<30
	flags.VisitAll(func(f *pflag.Flag) {
		if d := distance(f.Name, key); f.Name != "config" && d < least {
			best, least = f.Name, d
		}
	})
	return best
}

// distance is the edit distance of two short texts.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next := min(diagonal+cost, row[j]+1, row[j-1]+1)
			diagonal, row[j] = row[j], next
		}
	}
	return row[len(b)]
}
