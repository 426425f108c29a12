package lambda

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
)

func TestParseRef(t *testing.T) {
	for _, tt := range []struct {
		text string
		want ref
		ok   bool
	}{
		{"f", ref{name: "f"}, true},
		{"f:prod", ref{name: "f", qualifier: "prod"}, true},
		{"f:$LATEST", ref{name: "f", qualifier: "$LATEST"}, true},
		{"f:12", ref{name: "f", qualifier: "12"}, true},
		{"function:f", ref{name: "f"}, true},
		{"function", ref{name: "function"}, true},
		{"function:function:function", ref{name: "function", qualifier: "function"}, true},
		{"123456789012:function:f", ref{account: "123456789012", name: "f"}, true},
		{"123456789012:f:q", ref{account: "123456789012", name: "f", qualifier: "q"}, true},
		{"123456789012", ref{name: "123456789012"}, true},
		{"us-east-1:123456789012:function:f:q", ref{region: "us-east-1", account: "123456789012", name: "f", qualifier: "q"}, true},
		{"us-gov-west-1:123456789012:f", ref{region: "us-gov-west-1", account: "123456789012", name: "f"}, true},
		{"arn:aws:lambda:us-east-1:123456789012:function:f", ref{"aws", "us-east-1", "123456789012", "f", ""}, true},
		{"arn:aws-cn:lambda:cn-north-1:123456789012:function:f:1", ref{"aws-cn", "cn-north-1", "123456789012", "f", "1"}, true},
		{"", ref{}, false},
		{":", ref{}, false},
		{"f:", ref{}, false},
		{"f:a:b", ref{}, false},
		{"f g", ref{}, false},
		{"f$", ref{}, false},
		{"f:$latest", ref{}, false},
		{"arn:aws:lambda:us-east-1:123456789012:f", ref{}, false},
		{"arn:aws:s3:us-east-1:123456789012:function:f", ref{}, false},
		{"arn:aws:lambda:us-east-1::function:f", ref{}, false},
		{"arn:aws:lambda:us-east-1:123456789012:layer:f", ref{}, false},
		{"arn:aws:lambda:us-east-1:123456789012:function:f:1:2", ref{}, false},
		{strings.Repeat("f", 141), ref{}, false},
	} {
		got, ok := parseRef(tt.text)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("parseRef(%q) = %+v, %v, want %+v, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

// FuzzParseRef: what a name means is the same after it was written out again,
// and so is what was written out.
func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{
		"f", "f:prod", "function:f", "123456789012:function:f:1", "us-east-1:f", "eusc-de-east-1:123456789012:f:$LATEST",
		"arn:aws:lambda:us-east-1:123456789012:function:f:q", "function:function", "us-east-1:us-east-1", "123456789012:function",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := parseRef(text)
		if !ok {
			return
		}
		again, ok := parseRef(r.String())
		if !ok || again != r {
			t.Fatalf("parseRef(%q) = %+v, written %q, read again %+v, %v", text, r, r.String(), again, ok)
		}
		if again.String() != r.String() {
			t.Errorf("%+v is written %q and %q", r, r.String(), again.String())
		}
		if !isName(r.name) || r.qualifier != "" && r.qualifier != api.Latest && !isName(r.qualifier) {
			t.Errorf("parseRef(%q) = %+v: no such name or qualifier", text, r)
		}
	})
}

func TestTarget(t *testing.T) {
	here := place{"aws", "us-east-1", "000000000000"}
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
	for _, tt := range []struct {
		text      string
		qualifier string // empty: none
		name      string
		want      string // qualifier, or the text of the error after "!"
	}{
		{"f", "", "f", ""},
		{"f", "1", "f", "1"},
		{"f:1", "1", "f", "1"},
		{arn + ":prod", "", "f", "prod"},
		{"f:1", "2", "", "!The derived qualifier from the function name does not match the specified qualifier."},
		{"arn:aws:lambda:eu-west-1:000000000000:function:f", "", "", "!Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
		{"arn:aws:lambda:us-east-1:111111111111:function:f:1", "", "", "!Function not found: arn:aws:lambda:us-east-1:111111111111:function:f:1"},
		{"111111111111:f", "7", "", "!Function not found: arn:aws:lambda:us-east-1:111111111111:function:f:7"},
	} {
		var qualifier *string
		if tt.qualifier != "" {
			qualifier = &tt.qualifier
		}
		name, got, err := here.target(tt.text, qualifier)
		if err != nil {
			got = "!" + err.Error()
		}
		if name != tt.name || got != tt.want {
			t.Errorf("target(%q, %q) = %q, %q, want %q, %q", tt.text, tt.qualifier, name, got, tt.name, tt.want)
		}
	}
}

func TestLayerVersionARN(t *testing.T) {
	here := place{"aws", "us-east-1", "000000000000"}
	if name, version, ok := here.layerVersion(here.layerARN("l", 12)); name != "l" || version != 12 || !ok {
		t.Errorf("layerVersion of its own ARN = %q, %d, %v", name, version, ok)
	}
	for _, arn := range []string{
		"", "l", here.layerARN("l", 0), here.layerARN("l", 0) + ":", here.layerARN("l", 0) + ":0", here.layerARN("l", 0) + ":x",
		here.layerARN("l", 0) + ":99999999999999999999", here.layerARN("", 0) + ":1",
		"arn:aws:lambda:us-east-1:111111111111:layer:l:1",
	} {
		if name, version, ok := here.layerVersion(arn); ok {
			t.Errorf("layerVersion(%q) = %q, %d, want none", arn, name, version)
		}
	}
}
