package accesslog_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/engine/accesslog"
)

// values are the variables of a request, by name.
type values map[string]string

func find(name string) accesslog.Variable[values] {
	switch name {
	case "unknown":
		return accesslog.Variable[values]{}
	case "protocol":
		return accesslog.Variable[values]{Fixed: "HTTP/1.1"}
	case "quoted":
		return accesslog.Variable[values]{Fixed: `"`}
	}
	return accesslog.Variable[values]{
		Append:   func(v values, dst []byte) []byte { return append(dst, v[name]...) },
		Verbatim: name == "error.messageString",
	}
}

func line(format string, v values) string {
	return string(accesslog.Compile(format, find).Append(nil, v))
}

// The formats of the console. parity: services-observability.md 9.3, sample formats.
const (
	clf = `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`
	js  = `{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", "status":"$context.status","error":$context.error.messageString }`
	xm  = `<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <caller>$context.identity.caller</caller> <path>$context.path</path> </request>`
	csv = `$context.identity.sourceIp,$context.identity.caller,$context.status,$context.requestId`
)

func TestAppend(t *testing.T) {
	v := values{
		"identity.sourceIp": "203.0.113.1", "requestTime": "18/Jul/2024:13:59:19 +0000", "httpMethod": "GET", "resourcePath": "/pets/{id}",
		"status": "200", "responseLength": "7", "requestId": "id", "extendedRequestId": "x=",
		"error.messageString": `"no \"way\""`, "path": `/a"b\c<d>&'` + "\n\x01\x7f\xff\u00e9", "authorizer.some-key": "k",
	}
	for _, tt := range []struct{ name, format, want string }{
		{"CLF", clf, `203.0.113.1 - - [18/Jul/2024:13:59:19 +0000] "GET /pets/{id} HTTP/1.1" 200 7 id x=`},
		{"JSON", js, `{ "requestId":"id", "ip": "203.0.113.1", "caller":"-", "status":"200","error":"no \"way\"" }`},
		{"XML", xm, `<request id="id"> <ip>203.0.113.1</ip> <caller>-</caller> <path>/a&quot;b\c&lt;d&gt;&amp;&#39;&#x0a;` + "\uFFFD\uFFFD\uFFFD\u00e9" + `</path> </request>`},
		{"CSV", csv, "203.0.113.1,-,200,id"},
		{"hostile text", "$context.path", `/a\"b\\c<d>&'\x0a\x01\x7f\xffé`},
		{"hostile JSON", `{"p":"$context.path"}`, `{"p":"/a\"b\\c<d>&'\n\u0001\u007f` + "\uFFFD\u00e9" + `"}`},
		{"a line feed at the end", "$context.requestId\n", "id"},
		{"fixed", "$context.status-$context.protocol-$context.quoted-$context.status", `200-HTTP/1.1-\"-200`},
		{"nothing known", "$context.unknown", "-"},
		{"no such name", "$context $context. $contextrequestId $stageVariables.x $", "$context $context. $contextrequestId $stageVariables.x $"},
		{"a dot behind", "$context.requestId.", "id."},
		{"two dots", "$context.requestId..x", "id..x"},
		{"a dash behind", "$context.requestId-$context.status", "id-200"},
		{"a dash within", "$context.authorizer.some-key-", "k-"},
		{"braces", "a${context.requestId}b${context.requestId", "aidb${context.requestId"},
		{"text only", "hello", "hello"},
		{"no text", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := line(tt.format, v); got != tt.want {
				t.Errorf("Append(%q) =\n%s, want\n%s", tt.format, got, tt.want)
			}
		})
	}
}

func TestMaxLine(t *testing.T) {
	long := strings.Repeat("\n", accesslog.MaxLine)
	got := line(`$context.path $context.status`, values{"path": long})
	if len(got) != accesslog.MaxLine {
		t.Errorf("Append of %d bytes = %d bytes, want %d", len(long), len(got), accesslog.MaxLine)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, format string
		want         error
	}{
		{"CLF", clf, nil},
		{"JSON", js, nil},
		{"XML", xm, nil},
		{"CSV", csv, nil},
		{"extended id only", "$context.extendedRequestId", nil},
		{"line feed at the end", clf + "\n", nil},
		{"line feed within", "{\n" + js + "}", accesslog.ErrLines},
		{"two line feeds", clf + "\n\n", accesslog.ErrLines},
		{"no id", "$context.status", accesslog.ErrID},
		{"another id", "$context.requestIdx", accesslog.ErrID},
		{"empty", "", accesslog.ErrID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := accesslog.Check(tt.format); !errors.Is(got, tt.want) {
				t.Errorf("Check(%.40q) = %v, want %v", tt.format, got, tt.want)
			}
		})
	}
}

func TestMentions(t *testing.T) {
	const format = `$context.waf.status $context.requestId`
	for name, want := range map[string]bool{"waf.": true, "waf.status": true, "waf": false, "requestId": true, "authorizer.": false} {
		if got := accesslog.Mentions(format, name); got != want {
			t.Errorf("Mentions(%q) = %t, want %t", name, got, want)
		}
	}
}

// FuzzLine: whatever a client sends, a line is one line; JSON stays JSON and
// says the value if that is text, XML stays XML.
func FuzzLine(f *testing.F) {
	f.Add(clf, "plain")
	f.Add("$context.a\n$context.b", `"}`+"\r\n\x00\x80")
	f.Add("${context.a} $context..b", `</a>&<!--`)
	f.Fuzz(func(t *testing.T, format, value string) {
		all := func(string) accesslog.Variable[string] {
			return accesslog.Variable[string]{Append: func(v string, dst []byte) []byte { return append(dst, v...) }}
		}
		got := accesslog.Compile(format, all).Append(nil, value)
		if strings.ContainsAny(string(got), "\r\n") {
			t.Errorf("Append(%q, %q) = %q has more than one line", format, value, got)
		}
		if len(value) > 1000 {
			return
		}
		got = accesslog.Compile(`{"a":"$context.a","b":"$context.b"}`, all).Append(got[:0], value)
		var back struct{ A, B string }
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q in JSON = %q: %v", value, got, err)
		}
		if want := value; utf8.ValidString(value) && value != "" && (back.A != want || back.B != want) {
			t.Errorf("%q in JSON is read as %q, %q", value, back.A, back.B)
		}
		got = accesslog.Compile(`<a b="$context.a">$context.b</a>`, all).Append(got[:0], value)
		if d := xml.NewDecoder(strings.NewReader(string(got))); utf8.ValidString(value) && !strings.ContainsAny(value, "\uFFFE\uFFFF") {
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%q in XML = %q: %v", value, got, err)
				}
			}
		}
	})
}

const appendAllocs = 0 // a line is written into memory that is there

// TestAppendAllocs holds BenchmarkAppend to its promise in every test run.
func TestAppendAllocs(t *testing.T) {
	f := accesslog.Compile(js, find)
	v := values{"requestId": "id", "identity.sourceIp": `"hostile"` + "\n", "status": "200"}
	buf := make([]byte, 0, 1024)
	if got := testing.AllocsPerRun(1000, func() { buf = f.Append(buf[:0], v) }); got > appendAllocs {
		t.Errorf("Append allocates %v times, want at most %d", got, appendAllocs)
	}
}

func BenchmarkAppend(b *testing.B) {
	f := accesslog.Compile(clf, find)
	v := values{"requestId": "id", "identity.sourceIp": "203.0.113.1", "status": "200", "resourcePath": "/pets/{id}"}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = f.Append(buf[:0], v)
	}
}

func TestDestinations(t *testing.T) {
	for _, tt := range []struct{ arn, group, stream string }{
		{"arn:aws:logs:us-east-1:123456789012:log-group:/api/pets", "/api/pets", ""},
		{"arn:aws-cn:logs:cn-north-1:123456789012:log-group:g:*", "g", ""},
		{"arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s", "", ""},
		{"arn:aws:logs:us-east-1:123456789012:log-group:", "", ""},
		{"arn:aws:firehose:us-east-1:123456789012:deliverystream/amazon-apigateway-x", "", "amazon-apigateway-x"},
		{"arn:aws:s3:::bucket", "", ""},
		{"g", "", ""},
		{"", "", ""},
	} {
		group, isGroup := accesslog.LogGroup(tt.arn)
		stream, isStream := accesslog.DeliveryStream(tt.arn)
		if group != tt.group || stream != tt.stream || isGroup != (tt.group != "") || isStream != (tt.stream != "") {
			t.Errorf("%q is of group %q, %t and stream %q, %t, want %q and %q", tt.arn, group, isGroup, stream, isStream, tt.group, tt.stream)
		}
	}
}
