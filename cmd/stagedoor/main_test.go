package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// execute runs a command line as run does, without the process.
func execute(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var b strings.Builder
	root := command()
	root.SetOut(&b)
	root.SetErr(&b)
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return b.String(), err
}

// What cannot be followed is a usage error, whoever finds it; what could not be
// done is not.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args  string
		usage bool
		says  string // in the error; none if empty
	}{
		{"nope", true, `unknown command "nope"`},
		{"version extra", true, "accepts 0 arg(s)"},
		{"version", false, ""},
		{"man", true, "accepts 1 arg(s)"},
		{"man " + dir, false, ""},
		{"completion", true, "accepts 1 arg(s)"},
		{"completion tcsh", true, `no shell "tcsh"`},
		{"completion bash", false, ""},
		{"completion zsh", false, ""},
		{"completion fish", false, ""},
		{"completion powershell", false, ""},
		{"explain api", true, "explain takes API STAGE"},
		{"explain api stage --output xml", true, "must be text or json"},
		{"explain api stage --admin 127.0.0.1:1", false, "no stagedoor answers"},
		{"validate", true, "accepts 1 arg(s)"},
		{"validate --output xml .", true, "must be text or json"},
		{"validate " + filepath.Join(dir, "none.yaml"), false, "no such file"},
		{"up --nope", true, "unknown flag"},
		{"up --listen nope", true, "must be HOST:PORT"},
		{"up --listen 0.0.0.0:4566", true, "beyond loopback AWS calls must be signed"},
		{"up --admin-listen nope", true, "must be HOST:PORT, or off"},
		{"up --auth maybe", true, "must be off or on"},
		{"up --account 12", true, "must be 12 digits"},
		{"up --grace -1s", true, "must not be negative"},
		{"up --function-idle 0s", true, "must be more than 0"},
		{"up --config " + filepath.Join(dir, "none.yaml"), true, "read the configuration"},
		{"up --data :memory: --listen 127.0.0.1:0 --admin-listen off " + dir + "/none", false, "no such file"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			_, err := execute(t, strings.Fields(tt.args)...)
			if got := errors.As(err, new(usageError)); got != tt.usage {
				t.Errorf("usage error: %v, want %v: %v", got, tt.usage, err)
			}
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
}

// Flag before environment before file before default.
func TestSettle(t *testing.T) {
	env := map[string]string{"STAGEDOOR_REGION": "eu-west-1", "STAGEDOOR_ACCOUNT": "222222222222", "STAGEDOOR_INVOKE_LISTEN": "a:1,b:2"}
	flags := func() *pflag.FlagSet { return upCommand().Flags() }
	for _, tt := range []struct {
		name, file string
		args       []string
		flag, want string
		says       string
	}{
		{"default", "", nil, "listen", "127.0.0.1:4566", ""},
		{"file before default", "listen: 127.0.0.1:1", nil, "listen", "127.0.0.1:1", ""},
		{"environment before file", "region: eu-north-1", nil, "region", "eu-west-1", ""},
		{"flag before environment", "account: 333333333333", []string{"--account", "111111111111"}, "account", "111111111111", ""},
		{"a list in the file", "aws-endpoint: [sqs=http://a, s3=http://b]", nil, "aws-endpoint", "[sqs=http://a,s3=http://b]", ""},
		{"one value of a list", "aws-endpoint: sqs=http://a", nil, "aws-endpoint", "[sqs=http://a]", ""},
		{"a list in the environment", "", nil, "invoke-listen", "[a:1,b:2]", ""},
		{"a list where one value is due", "listen: [a, b]", nil, "", "", ":1:9: listen takes one value"},
		{"a map where a list is due", "invoke-listen: {a: b}", nil, "", "", "invoke-listen takes one value"},
		{"an unknown key", "\nlistn: a", nil, "", "", `:2:1: unknown key "listn", did you mean "listen"?`},
		{"no map", "- a", nil, "", "", "must be a list of KEY: VALUE"},
		{"not YAML", "a: [", nil, "", "", "c.yaml"},
		{"a value that does not fit", "watch: perhaps", nil, "", "", `watch "perhaps"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := ""
			if tt.file != "" {
				file = filepath.Join(t.TempDir(), "c.yaml")
				if err := os.WriteFile(file, []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f := flags()
			if err := f.Parse(tt.args); err != nil {
				t.Fatal(err)
			}
			err := settle(f, file, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("error %v, want one that says %q", err, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Lookup(tt.flag).Value.String(); got != tt.want {
				t.Errorf("%s = %s, want %s", tt.flag, got, tt.want)
			}
		})
	}
}
