package stagedoor_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor"
)

// orders deploys the example's Go function behind ANY /{proxy+}, or a function
// in another language that answers the same.
func orders(b *testing.B, runtime, handler, file, code string) *running {
	b.Helper()
	dir := b.TempDir()
	if file == "" {
		build := exec.CommandContext(b.Context(), "go", "build", "-o", filepath.Join(dir, "fn/bootstrap"), "./examples/petstore/orders")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	} else {
		write(b, dir, "fn/"+file, code)
	}
	write(b, dir, "template.yaml", fmt.Sprintf(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: %s
      Handler: %s
      CodeUri: fn/
      MemorySize: 256
      Events: {All: {Type: Api, Properties: {Path: "/{proxy+}", Method: any}}}
`, runtime, handler))
	r := start(b, func(c *stagedoor.Config) { c.Definitions = []string{dir} })
	a := r.next(b)
	if len(a.Problems) > 0 {
		b.Fatal(a.Problems)
	}
	r.endpoint = a.Stages[0].URL
	return r
}

// BenchmarkFunction calls a warm function through the whole gateway, one call
// after the other on one connection.
func BenchmarkFunction(b *testing.B) {
	for _, f := range []struct{ name, runtime, handler, file, code string }{
		{"go", "provided.al2023", "bootstrap", "", ""},
		{"python", "python3.12", "app.handler", "app.py", "def handler(e, c):\n    return {'statusCode': 200, 'body': '{}'}\n"},
		{"node", "nodejs20.x", "app.handler", "app.js", "exports.handler = async () => ({ statusCode: 200, body: '{}' })"},
	} {
		b.Run(f.name, func(b *testing.B) {
			r := orders(b, f.runtime, f.handler, f.file, f.code)
			call := func() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, r.endpoint+"x", nil)
				if err != nil {
					b.Fatal(err)
				}
				resp, err := r.client.Do(req)
				if err != nil || resp.StatusCode/100 != 2 {
					b.Fatal(resp, err)
				}
				_ = resp.Body.Close()
			}
			call()
			var took []time.Duration
			for b.Loop() {
				from := time.Now()
				call()
				took = append(took, time.Since(from))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
		})
	}
}

// BenchmarkProcessStart is what every call costs at least where a process is
// started for it: an interpreter that does nothing.
func BenchmarkProcessStart(b *testing.B) {
	for _, args := range [][]string{{"/usr/bin/python3", "-c", "import json"}, {"node", "-e", "0"}} {
		b.Run(filepath.Base(args[0]), func(b *testing.B) {
			need(b, args[0])
			for b.Loop() {
				if err := exec.CommandContext(b.Context(), args[0], args[1:]...).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
