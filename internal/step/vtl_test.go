package step

import (
	"errors"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

func TestTemplateVariables(t *testing.T) {
	for _, tt := range []struct{ name, body, template, want string }{
		{"body", `{"a":1}`, "$input.body", `{"a":1}`},
		{"empty body", "", "$input.body $input.json('$') $input.path('$')", "{} {} {}"},
		{"member of the body is nothing", `{"a":1}`, "[$input.body.a]", "[]"},
		{"json of a text", `{"a":"x"}`, "$input.json('$.a')", `"x"`},
		{"numbers of many digits", `[12345678901234567890,0.12345678901234567890,2.50,1e400]`, "$input.json('$') $input.path('$[0]')", `[12345678901234567890,0.12345678901234567890,2.5,null] 12345678901234567890`},
		{"several members", `{"a":1,"b":"x","c":2}`, "$input.json(\"$['a','b']\")", `{"a":1,"b":"x"}`},
		{"json of a missing path", `{"a":1}`, "$input.json('$.b')", `""`},
		{"path in a loop", `{"l":[{"n":1},{"n":2}]}`, "#foreach($e in $input.path('$.l'))$e.n#if($foreach.hasNext),#end#end", "1,2"},
		{"missing path is null and empty", `{"a":1}`, "#if($input.path('$.b') == '')e#end#if($input.path('$.b') == $null)n#end", "en"},
		{"a text body", "a=b", "$input.json('$') $input.path('$')", `"a=b" a=b`},
		{"params", "", "$input.params('q') $input.params('X-H') [$input.params('none')] $input.params().header.X-H", "v h [] h"},
		{"framing is never visible", "{}", "[$input.params('Content-Length')]", "[]"},
		{"params as maps", "", "$input.params().get('querystring').get('q')", "v"},
		{"methods without parentheses", "", "$input.json $util.urlEncode", "{} {}"},
		{"escape", "", `$util.escapeJavaScript("it's/é")`, `it\'s/\u00E9`},
		{"encode", "", "$util.urlEncode('{} a') $util.urlDecode('%7B+') $util.base64Encode('hé') $util.base64Decode('aA==')", "%7B%7D+a {  aMOp h"},
		{"parseJson", `{"a":"{\"b\":[1,2]}"}`, "$util.parseJson($input.path('$.a')).b[1]", "2"},
		{"context", "", "$context.httpMethod [$context.identity] [$context.identity.user] $context.protocol", "GET [] [] HTTP/1.1"},
		{"context keys", "", "$context.requestOverride.keySet()", "[path, header, querystring]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := programtest.Exchange(t, "GET /p?q=v HTTP/1.1\r\nHost: h\r\nX-H: h\r\nContent-Length: 2\r\n\r\n{}")
			x.Method = x.Request.Method
			r, err := CompileTemplate(OnRequest, tt.template)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Render(x, []byte(tt.body), nil)
			if err != nil || string(got) != tt.want {
				t.Errorf("render %q = %q, %v, want %q", tt.template, got, err, tt.want)
			}
		})
	}
}

func TestTemplateOverrides(t *testing.T) {
	x := programtest.Exchange(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	first, err := CompileTemplate(OnRequest, `#set($context.requestOverride.header.X-A = "1")#set($context.requestOverride.path["k"] = ["a","b"])`+
		`#set($context.responseOverride.status = 444)$context.requestOverride.querystring.put("q", 7)$context.requestOverride.put("mine", "kept")`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Render(x, nil, nil); err != nil {
		t.Fatal(err)
	}
	o := x.Overrides
	if o.Header["X-A"] != "1" || o.Path["k"] != "a,b" || o.Query["q"] != "7" || o.Status != 444 {
		t.Errorf("overrides = %+v", o)
	}
	second, err := CompileTemplate(OnResponse, "$context.requestOverride.mine $context.requestOverride.header.X-A")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Render(x, nil, nil); err != nil || string(got) != "kept 1" {
		t.Errorf("response template = %q, %v, want what the request template kept", got, err)
	}
}

func TestTemplateRefusesBadJSON(t *testing.T) {
	x := programtest.Exchange(t, "POST / HTTP/1.1\r\nHost: h\r\n\r\n")
	r, err := CompileTemplate(OnRequest, "$input.json('$')")
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Render(x, []byte("{a"), nil)
	var refusal *program.Refusal
	if !errors.As(err, &refusal) || refusal.Type != program.BadRequestBody {
		t.Errorf("Render = %v, want a BAD_REQUEST_BODY refusal", err)
	}
}
