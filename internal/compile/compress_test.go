package compile_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

// packed is text in a content coding.
func packed(t testing.TB, coding, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	switch coding {
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw":
		var err error
		if w, err = flate.NewWriter(&b, flate.BestCompression); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unpacked is the text of an answer, whatever its coding.
func unpacked(t testing.TB, r programtest.Result) string {
	t.Helper()
	var in io.Reader = strings.NewReader(r.Body)
	var err error
	switch r.Header("content-encoding") {
	case "gzip":
		in, err = gzip.NewReader(in)
	case "deflate":
		in, err = zlib.NewReader(in)
	case "":
	default:
		t.Fatalf("Content-Encoding %q", r.Header("content-encoding"))
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// everyKind has a route for each type of integration, which gives back what it got.
func everyKind(t testing.TB, edit func(*snapshot.REST)) (*program.Stage, *received) {
	t.Helper()
	url, last := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if c := r.URL.Query().Get("coding"); c != "" {
			w.Header().Set("Content-Encoding", c)
		}
		_, _ = io.WriteString(w, strings.Repeat("back end ", 100))
	})
	whole := `{"got": $input.json('$.got')}`
	handler := &functions{call: map[string]func([]byte) (*lambda.Result, error){arn: func(event []byte) (*lambda.Result, error) {
		last.Body = string(event)
		return &lambda.Result{Payload: []byte(`{"statusCode":200,"body":"` + strings.Repeat("function ", 100) + `"}`)}, nil
	}}}
	lambdaURI := "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"
	http := api.Integration{
		Type: "HTTP", HTTPMethod: new("POST"), URI: &url, RequestTemplates: map[string]*string{"application/json": &whole},
		Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}},
	}
	function := api.Integration{Type: "AWS_PROXY", HTTPMethod: new("POST"), URI: &lambdaURI}
	return sketch{
		methods: map[string]api.Integration{
			"POST /http": http, "POST /proxy": {Type: "HTTP_PROXY", HTTPMethod: new("POST"), URI: &url}, "POST /function": function,
			"GET /proxy":  {Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: &url},
			"HEAD /proxy": {Type: "HTTP_PROXY", HTTPMethod: new("HEAD"), URI: &url},
			"GET /stream": {Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: &url, ResponseTransferMode: "STREAM"},
			"GET /mock":   mock(`{"statusCode": 200}`, ok200(strings.Repeat("mock ", 100))),
			"GET /small":  mock(`{"statusCode": 200}`, ok200("123456789")),
			"GET /ten":    mock(`{"statusCode": 200}`, ok200("1234567890")),
			"GET /empty":  mock(`{"statusCode": 200}`, ok200("")),
			"GET /coded": mock(`{"statusCode": 200}`, api.IntegrationResponse{
				StatusCode:         "200",
				ResponseParameters: map[string]string{"method.response.header.Content-Encoding": "'br'"},
				ResponseTemplates:  map[string]*string{"application/json": new(strings.Repeat("x", 100))},
			}),
			"GET /failing": mock(`{}`),
		},
		edit: edit, functions: handler,
	}.stage(t), last
}

// Request bodies are decompressed for every kind of integration, with no
// minimumCompressionSize. parity: spec/rest-data-plane.md 7.4, 1.2.
func TestDecompress(t *testing.T) {
	stage, last := everyKind(t, nil)
	const doc = `{"got": "äöü and more"}`
	const bad = `{"message": "Unsupported Media Type"}`
	for _, tt := range []struct {
		name, coding, body string
		status             int
	}{
		{"gzip", "gzip", packed(t, "gzip", doc), 200},
		{"gzip by its old name", "x-gzip", packed(t, "gzip", doc), 200},
		{"gzip in capitals", "GZIP", packed(t, "gzip", doc), 200},
		{"deflate", "deflate", packed(t, "deflate", doc), 200},
		{"deflate without its frame", "deflate", packed(t, "raw", doc), 200},
		{"identity", "identity", doc, 200},
		{"members of a gzip file", "gzip", packed(t, "gzip", doc[:5]) + packed(t, "gzip", doc[5:]), 200},
		{"another coding", "br", doc, 415},
		{"two codings", "gzip, gzip", packed(t, "gzip", packed(t, "gzip", doc)), 415},
		{"no gzip", "gzip", doc, 415},
		{"half of it", "gzip", packed(t, "gzip", doc)[:20], 415},
		{"a wrong sum", "gzip", strings.TrimSuffix(packed(t, "gzip", doc), "\x00\x00\x00\x00\x00\x00\x00\x00")[:len(packed(t, "gzip", doc))-8] + "12345678", 415},
		{"something behind it", "gzip", packed(t, "gzip", doc) + "GET / HTTP/1.1", 415},
		{"half of deflate", "deflate", packed(t, "deflate", doc)[:10], 415},
	} {
		for _, path := range []string{"/http", "/proxy", "/function"} {
			*last = received{}
			x := request(t, stage, "POST "+path, "Content-Encoding: "+tt.coding, "Content-Type: application/json")
			x.Body, x.Request.Length = []byte(tt.body), int64(len(tt.body))
			r := programtest.Play(t, x)
			if tt.coding == "br" && path == "/proxy" {
				if r.Status != 200 || last.Body != doc || last.Header.Get("Content-Encoding") != "br" {
					t.Errorf("%s %s: %d, the back end got %q %v", tt.name, path, r.Status, last.Body, last.Header)
				}
				continue
			}
			if r.Status != tt.status {
				t.Errorf("%s %s: %d %q, want %d", tt.name, path, r.Status, r.Body, tt.status)
				continue
			}
			switch {
			case tt.status != 200:
				if r.Body != bad || r.Header("x-amzn-errortype") != "BadRequestException" || last.Body != "" {
					t.Errorf("%s %s: %+v, the back end got %q", tt.name, path, r, last.Body)
				}
			case path == "/function":
				if !strings.Contains(last.Body, `"body":"{\"got\": \"äöü and more\"}","isBase64Encoded":false`) {
					t.Errorf("%s %s: the function got %s", tt.name, path, last.Body)
				}
			case last.Body != doc:
				t.Errorf("%s %s: the back end got %q", tt.name, path, last.Body)
			case last.Header.Get("Content-Encoding") != "":
				t.Errorf("%s %s: the back end was told %v", tt.name, path, last.Header)
			}
		}
	}
}

func TestDecompressFieldTwice(t *testing.T) {
	stage, last := everyKind(t, nil)
	x := request(t, stage, "POST /proxy", "Content-Encoding: gzip", "Content-Encoding: identity")
	x.Body = []byte("x")
	x.Request.Length = 1
	if r := programtest.Play(t, x); r.Status != 415 || last.Line != "" {
		t.Errorf("%+v, the back end got %q", r, last.Line)
	}
}

// parity: spec/security.md 9.7
func TestDecompressBomb(t *testing.T) {
	stage, last := everyKind(t, nil)
	zeros := func(n int) string { return packed(t, "gzip", strings.Repeat("\x00", n)) }
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"64 KB from 100 bytes", zeros(64 << 10), 200},
		{"too much for its size", zeros(1 << 20), 413},
		{"200 MB", zeros(200 << 20), 413},
		{"many members", strings.Repeat(zeros(60<<10), 200), 413},
		{"one byte too much", packed(t, "gzip", strings.Repeat("0123456789abcdef", 655360)) + packed(t, "gzip", "!"), 413},
	} {
		*last = received{}
		x := request(t, stage, "POST /proxy", "Content-Encoding: gzip")
		x.Body, x.Request.Length = []byte(tt.body), int64(len(tt.body))
		r := programtest.Play(t, x)
		if r.Status != tt.status || tt.status == 413 && (r.Body != `{"message":"Request Too Long"}` || last.Line != "") {
			t.Errorf("%s: %d %.100q, want %d; the back end got %q", tt.name, r.Status, r.Body, tt.status, last.Line)
		}
	}
}

// parity: spec/rest-data-plane.md 7.4
func TestCompress(t *testing.T) {
	size := func(n int32) func(*snapshot.REST) {
		return func(s *snapshot.REST) { s.API.MinimumCompressionSize = &n }
	}
	for _, tt := range []struct {
		name   string
		edit   func(*snapshot.REST)
		line   string
		accept string // Accept-Encoding; "-" for none
		want   string
	}{
		{"off", nil, "GET /mock", "gzip", ""},
		{"gzip", size(10), "GET /mock", "gzip", "gzip"},
		{"deflate", size(10), "GET /mock", "deflate", "deflate"},
		{"both", size(10), "GET /mock", "deflate, gzip, br", "gzip"},
		{"a browser", size(10), "GET /mock", "gzip, deflate, br, zstd", "gzip"},
		{"deflate more", size(10), "GET /mock", "gzip;q=0.5, deflate;q=0.8", "deflate"},
		{"identity more", size(10), "GET /mock", "gzip;q=0.5, identity", ""},
		{"identity less", size(10), "GET /mock", "gzip, identity; q=0.5", "gzip"},
		{"not gzip", size(10), "GET /mock", "gzip;q=0, deflate", "deflate"},
		{"neither", size(10), "GET /mock", "gzip;q=0, deflate;q=0.000", ""},
		{"malformed weight", size(10), "GET /mock", "gzip;q=much", ""},
		{"a weight that is no number", size(10), "GET /mock", "gzip;q=NaN", ""},
		{"capitals", size(10), "GET /mock", "GZip ; Q=1.0", "gzip"},
		{"anything", size(10), "GET /mock", "*", ""},
		{"others", size(10), "GET /mock", "br", ""},
		{"identity", size(10), "GET /mock", "identity", ""},
		{"no field", size(10), "GET /mock", "-", ""},
		{"below the minimum", size(10), "GET /small", "gzip", ""},
		{"at the minimum", size(10), "GET /ten", "gzip", "gzip"},
		{"from nothing on", size(0), "GET /small", "gzip", "gzip"},
		{"nothing", size(0), "GET /empty", "gzip", ""},
		{"a coding that was mapped", size(0), "GET /coded", "gzip", "br"},
		{"HTTP", size(10), "POST /http", "gzip", "gzip"},
		{"HTTP_PROXY", size(10), "GET /proxy", "gzip", "gzip"},
		{"HTTP_PROXY, plain", size(10), "GET /proxy", "-", ""},
		{"HTTP_PROXY, with a coding of its own", size(10), "GET /proxy?coding=br", "gzip", "br"},
		{"AWS_PROXY", size(10), "POST /function", "gzip", "gzip"},
		{"STREAM", size(10), "GET /stream", "gzip", ""},
		{"HEAD", size(10), "HEAD /proxy", "gzip", ""},
		{"a refusal", size(0), "GET /failing", "gzip", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stage, _ := everyKind(t, tt.edit)
			fields := []string{}
			if tt.accept != "-" {
				fields = append(fields, "Accept-Encoding: "+tt.accept)
			}
			plain, r := send(t, stage, tt.line), send(t, stage, tt.line, fields...)
			if got := r.Header("content-encoding"); got != tt.want || r.Status != plain.Status {
				t.Fatalf("Accept-Encoding %q: %d Content-Encoding %q, want %q", tt.accept, r.Status, got, tt.want)
			}
			if tt.want != "br" && unpacked(t, r) != plain.Body {
				t.Errorf("%q, want %q", unpacked(t, r), plain.Body)
			}
			if tt.want != "" && tt.want != "br" && len(plain.Body) > 100 && len(r.Body) >= len(plain.Body)/2 {
				t.Errorf("%d bytes of %d", len(r.Body), len(plain.Body))
			}
		})
	}
}

// Long work is done off the loop, and short work is not.
func TestCompressWaits(t *testing.T) {
	size := int32(0)
	stage, _ := everyKind(t, func(s *snapshot.REST) { s.API.MinimumCompressionSize = &size })
	x := request(t, stage, "GET /mock", "Accept-Encoding: gzip")
	step := x.Route.Steps[len(x.Route.Steps)-1]
	if step.Name != "compress" || x.Route.Tail != 1 {
		t.Fatalf("the last step is %s, the tail %d", step.Name, x.Route.Tail)
	}
	for _, tt := range []struct {
		size  int
		coded string
		quick bool
	}{{1, "gzip", true}, {64 << 10, "gzip", true}, {64<<10 + 1, "gzip", false}, {1 << 20, "br", true}} {
		x := request(t, stage, "GET /mock", "Accept-Encoding: "+tt.coded)
		if x.Answer.Body = make([]byte, tt.size); step.Quick(x) != tt.quick {
			t.Errorf("%d bytes for %s: quick %v", tt.size, tt.coded, !tt.quick)
		}
	}
}

func BenchmarkCompress(b *testing.B) {
	size := int32(0)
	stage, _ := everyKind(b, func(s *snapshot.REST) { s.API.MinimumCompressionSize = &size })
	x := request(b, stage, "GET /mock", "Accept-Encoding: gzip")
	step := x.Route.Steps[len(x.Route.Steps)-1]
	body := []byte(strings.Repeat(`{"id": 1234, "name": "a name of a pet", "tags": ["one", "two"]},`, 256))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		x.Answer.Body, x.Answer.Fields = body, x.Answer.Fields[:0]
		if err := step.Run(x); err != nil {
			b.Fatal(err)
		}
	}
}
