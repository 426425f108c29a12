package stagedoor_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// TestCompression: clients that compress and ask for compression on their own
// are understood, before and after the API says that it compresses.
// parity: spec/rest-data-plane.md 7.4.
func TestCompression(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(bytes.ToUpper(body))
	}))
	t.Cleanup(back.Close)
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api := sized(t, gw, back.URL, nil)
	url := r.endpoint + "/_aws/execute-api/" + api + "/prod/"
	var words strings.Builder
	for i := range 10000 { // 370 KB: long work
		_, _ = fmt.Fprintf(&words, "many words that are much alike, %d\n", i*i)
	}
	text := words.String()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	post := func() *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(packed.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Encoding", "gzip")
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		got, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 || string(got) != strings.ToUpper(text) {
			t.Fatalf("%d, %d bytes, %v", resp.StatusCode, len(got), err)
		}
		return resp
	}
	if resp := post(); resp.Uncompressed {
		t.Error("an API that does not compress did")
	}
	if _, err := gw.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: &api, PatchOperations: replaceOp("/minimumCompressionSize", "1000")}); err != nil {
		t.Fatal(err)
	}
	if resp := post(); resp.Uncompressed {
		t.Error("compression counts before it is deployed")
	}
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: &api, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	if resp := post(); !resp.Uncompressed {
		t.Error("an API that compresses did not")
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("no curl")
	}
	for _, coding := range []string{"gzip", "deflate"} {
		cmd := exec.CommandContext(ctx, curl, "-s", "--compressed", "-H", "Accept-Encoding: "+coding, "-H", "Content-Type: text/plain", "--data-binary", "@-", "-w", "|%{size_download}", url)
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		body, size, _ := strings.Cut(string(out), "|")
		if err != nil || body != strings.ToUpper(text) || len(size) != 5 {
			t.Errorf("curl, %s: %d bytes for %s on the wire, %v", coding, len(body), size, err)
		}
	}
	if _, err := gw.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{
		RestApiId: &api, PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/minimumCompressionSize")}},
	}); err != nil {
		t.Errorf("compression off: %v", err)
	}
}
