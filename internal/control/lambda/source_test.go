package lambda_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/control/lambda"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// TestFolder: a folder of the machine is used as it lies by callers of this
// process; a version of it is a copy.
func TestFolder(t *testing.T) {
	var b *bench
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.Download().ServeHTTP(w, r) }))
	defer srv.Close()
	b = newBench(t, func(c *lambda.Config) { c.Endpoint = srv.URL })
	local := b.LocalHandlers()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.py"), "1")
	in := creation(t, "f")
	in.Code = &model.FunctionCode{S3Bucket: new(lambda.FolderBucket), S3Key: &dir}
	made, ok := must(local["CreateFunction"].Call(t.Context(), in))(t).(*model.FunctionConfiguration)
	if !ok || b.host.of("f").Versions["$LATEST"].CodeDir != dir {
		t.Fatalf("CreateFunction = %+v, the host runs %q, want %q", made, b.host.of("f").Versions["$LATEST"].CodeDir, dir)
	}
	before := b.host.of("f").Versions["$LATEST"].Revision
	writeFile(t, filepath.Join(dir, "main.py"), "22")
	start := time.Now()
	update := &model.UpdateFunctionCodeInput{FunctionName: "f", S3Bucket: new(lambda.FolderBucket), S3Key: &dir}
	if _, err := local["UpdateFunctionCode"].Call(t.Context(), update); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 300*time.Millisecond {
		t.Errorf("a deployment of a folder took %v, want at most 300ms", took)
	}
	if b.host.of("f").Versions["$LATEST"].Revision == before {
		t.Error("the host was not told that the folder has changed")
	}
	v := must(b.PublishVersion(t.Context(), &model.PublishVersionInput{FunctionName: "f"}))(t)
	if again := must(b.PublishVersion(t.Context(), &model.PublishVersionInput{FunctionName: "f"}))(t); *again.Version != *v.Version {
		t.Errorf("a folder that did not change was published as %s and %s", *v.Version, *again.Version)
	}
	if got := b.host.of("f").Versions["1"].CodeDir; !strings.HasPrefix(got, b.dir) {
		t.Errorf("version 1 runs in %q, want a copy under %q", got, b.dir)
	}
	shown := must(b.GetFunction(t.Context(), &model.GetFunctionInput{FunctionName: "f"}))(t)
	if strings.Contains(*shown.Code.Location, dir) {
		t.Errorf("Code.Location shows the folder: %s", *shown.Code.Location)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, *shown.Code.Location, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.HasPrefix(string(body), "PK") {
		t.Errorf("GET of a folder's location: %v, %.10q", err, body)
	}
	_, err = b.Handlers()["UpdateFunctionCode"].Call(t.Context(), update)
	if got := said(err); !strings.HasPrefix(got, "InvalidParameterValueException: Error occurred while GetObject.") {
		t.Errorf("a folder from the network: %s", got)
	}
	update.S3Key = new("relative")
	_, err = local["UpdateFunctionCode"].Call(t.Context(), update)
	refused(t, "a folder that is not there", err, "InvalidParameterValueException: Folder of code not found: relative")
}

// objects is S3 with one object.
type objects struct{ body []byte }

func (o objects) Object(_ context.Context, bucket, key, version string) (io.ReadCloser, error) {
	switch {
	case key == "broken":
		return nil, errors.New("connection refused")
	case bucket != "b" || key != "k" || version != "v":
		return nil, &lambda.ObjectError{Code: "NoSuchKey", Message: "The specified key does not exist."}
	}
	return io.NopCloser(strings.NewReader(string(o.body))), nil
}

func TestCodeFromS3(t *testing.T) {
	zip := archive(t, "main.py", "x")
	b := newBench(t, func(c *lambda.Config) { c.Objects = objects{zip} })
	got := b.create(t, "f", func(in *model.CreateFunctionInput) {
		in.Code = &model.FunctionCode{S3Bucket: new("b"), S3Key: new("k"), S3ObjectVersion: new("v")}
	})
	if *got.CodeSize != int64(len(zip)) {
		t.Errorf("CodeSize = %d, want %d", *got.CodeSize, len(zip))
	}
	in := creation(t, "g")
	in.Code = &model.FunctionCode{S3Bucket: new("b"), S3Key: new("x")}
	_, err := b.CreateFunction(t.Context(), in)
	refused(t, "an object that is not there", err, "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.")
	in.Code.S3Key = new("broken")
	_, err = b.CreateFunction(t.Context(), in)
	refused(t, "an S3 that is away", err, "internal: read code from S3: connection refused")
}
