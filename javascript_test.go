package stagedoor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// javascriptSDK is the release of the AWS SDK for JavaScript that is tested with.
const javascriptSDK = "@aws-sdk/client-api-gateway@3.1142.0"

// installed is a folder with an npm package, made once for all test runs of this
// user; the test skips where npm cannot have it.
func installed(t *testing.T, pkg string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "stagedoor-test")
	dir := filepath.Join(cache, strings.NewReplacer("/", "-", "@", "").Replace(pkg))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(cache, "install-") //nolint:usetesting // beside what it is renamed to
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	write(t, work, "package.json", `{"private":true,"type":"module"}`)
	cmd := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", pkg)
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install %s: %v\n%s", pkg, err, out)
	}
	if err := os.Rename(work, dir); err != nil { // another run may have been faster
		if _, missing := os.Stat(dir); missing != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestJavaScriptSDK makes the calls of test/javascript/operations.mjs: what they
// answer, how refusals arrive, and paging.
func TestJavaScriptSDK(t *testing.T) {
	if testing.Short() {
		t.Skip("installs a package")
	}
	need(t, "node", "npm")
	dir := installed(t, javascriptSDK)
	script, err := os.ReadFile(filepath.Join("test", "javascript", "operations.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, nil)
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-", r.endpoint)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(string(script))
	var said strings.Builder
	cmd.Stderr = &said
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("%v: %s\n%s", err, out, said.String())
	}
}
