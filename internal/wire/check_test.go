package wire_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/acm"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewaymanagementapi"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewayv2"
	"github.com/stagedoor/stagedoor/internal/wire/cloudformation"
	"github.com/stagedoor/stagedoor/internal/wire/cloudtrail"
	"github.com/stagedoor/stagedoor/internal/wire/cloudwatch"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
	"github.com/stagedoor/stagedoor/internal/wire/logs"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
	"github.com/stagedoor/stagedoor/internal/wire/wafv2"
)

func tables() []*wire.Service {
	return []*wire.Service{
		acm.Table(), apigateway.Table(), apigatewaymanagementapi.Table(), apigatewayv2.Table(), cloudformation.Table(), cloudtrail.Table(),
		cloudwatch.Table(), iam.Table(), lambda.Table(), logs.Table(), sts.Table(), wafv2.Table(),
	}
}

// TestMessages holds violations to Amazon's words.
//
// parity: control-plane.md 2.4
func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		name      string
		table     *wire.Service
		operation string
		in        any
		want      string // empty: nothing is wrong
	}{
		{
			"patch op before a label", apigateway.Table(), "UpdateIntegrationResponse",
			&apigateway.UpdateIntegrationResponseInput{
				RestApiId: "a", ResourceId: "b", HttpMethod: "GET", StatusCode: "teapot",
				PatchOperations: []apigateway.PatchOperation{{Op: new("replace")}, {Op: new("change")}},
			},
			"2 validation errors detected: Value 'change' at 'updateIntegrationResponseInput.patchOperations.2.member.op' failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]; " +
				"Value 'teapot' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d",
		},
		{
			"list of enums", apigateway.Table(), "CreateRestApi",
			&apigateway.CreateRestApiInput{Name: "n", EndpointConfiguration: &apigateway.EndpointConfiguration{Types: []string{"wrong"}}},
			"1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]",
		},
		{
			"nested enum", apigateway.Table(), "CreateDocumentationPart",
			&apigateway.CreateDocumentationPartInput{RestApiId: "a", Location: &apigateway.DocumentationPartLocation{Type: "X"}, Properties: "{}"},
			"1 validation error detected: Value 'X' at 'createDocumentationPartInput.location.type' failed to satisfy constraint: Member must satisfy enum value set: [RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER]",
		},
		{
			"label enum", apigateway.Table(), "DeleteGatewayResponse",
			&apigateway.DeleteGatewayResponseInput{RestApiId: "a", ResponseType: "X"},
			"1 validation error detected: Value 'X' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]",
		},
		{
			"missing integration type", apigateway.Table(), "PutIntegration",
			&apigateway.PutIntegrationInput{RestApiId: "a", ResourceId: "b", HttpMethod: "GET"},
			"1 validation error detected: Value null at 'putIntegrationInput.type' failed to satisfy constraint: Member must not be null",
		},
		{
			"the input's name is not said", lambda.Table(), "CreateFunction",
			&lambda.CreateFunctionInput{FunctionName: "f", Role: "arn:aws:iam::000000000000:role/r", Code: &lambda.FunctionCode{}, MemorySize: new(int32(64))},
			"1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
		},
		{
			"length and pattern", lambda.Table(), "UpdateFunctionConfiguration",
			&lambda.UpdateFunctionConfigurationInput{FunctionName: "f", Handler: new(strings.Repeat(" ", 129))},
			"2 validation errors detected: Value '" + strings.Repeat(" ", 129) + "' at 'handler' failed to satisfy constraint: Member must have length less than or equal to 128; " +
				"Value '" + strings.Repeat(" ", 129) + "' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\\s]+",
		},
		{
			"keys of a sensitive map", lambda.Table(), "UpdateFunctionConfiguration",
			&lambda.UpdateFunctionConfigurationInput{FunctionName: "f", Environment: &lambda.Environment{Variables: map[string]string{"A-B": "secret"}}},
			"1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
		},
		{
			"look-around", lambda.Table(), "DeleteAlias", &lambda.DeleteAliasInput{FunctionName: "f", Name: "12"},
			"1 validation error detected: Value '12' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
		},
		{"look-around that matches", lambda.Table(), "DeleteAlias", &lambda.DeleteAliasInput{FunctionName: "f", Name: "v12"}, ""},
		{"Java's \\u", iam.Table(), "CreateRole", &iam.CreateRoleInput{RoleName: "r", Path: new("/a/"), AssumeRolePolicyDocument: "{}"}, ""},
		{
			"Java's \\u that does not match", iam.Table(), "CreateRole", &iam.CreateRoleInput{RoleName: "r", Path: new("a"), AssumeRolePolicyDocument: "{}"},
			"1 validation error detected: Value 'a' at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)",
		},
		{
			"elements of a list of structures", iam.Table(), "TagRole",
			&iam.TagRoleInput{RoleName: "r", Tags: []iam.Tag{{Key: "a", Value: "b"}, {Key: strings.Repeat("k", 129), Value: "b"}}},
			"1 validation error detected: Value '" + strings.Repeat("k", 129) + "' at 'tags.2.member.key' failed to satisfy constraint: Member must have length less than or equal to 128",
		},
		{
			"elements of a list of strings", logs.Table(), "UntagResource",
			&logs.UntagResourceInput{ResourceArn: "arn:aws:logs", TagKeys: []string{"a", ""}},
			"1 validation error detected: Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+)$]",
		},
		{
			"values of a map", logs.Table(), "TagResource", &logs.TagResourceInput{ResourceArn: "arn", Tags: map[string]string{"a": strings.Repeat("v", 257)}},
			"1 validation error detected: Value '{a=" + strings.Repeat("v", 257) + "}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$]",
		},
		{
			"a pattern and a very long text", iam.Table(), "GetRole", &iam.GetRoleInput{RoleName: strings.Repeat("r", 1<<20)},
			"2 validation errors detected: Value '" + strings.Repeat("r", 512) + "...' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64; " +
				"Value '" + strings.Repeat("r", 512) + "...' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
		},
		{
			"missing ones", sts.Table(), "AssumeRole", &sts.AssumeRoleInput{},
			"2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
		},
		{
			"an empty list", logs.Table(), "PutLogEvents", &logs.PutLogEventsInput{LogGroupName: "g", LogStreamName: "s", LogEvents: []logs.InputLogEvent{}},
			"1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := wire.NewChecker(tt.table).Check(tt.table.Operation(tt.operation), tt.in, nil)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Check(%s) (-want +got):\n%s", tt.operation, diff)
			}
		})
	}
}

// TestMissing holds a trail's notes to show up where Go's zero value hides
// that a member was not sent.
func TestMissing(t *testing.T) {
	s := iam.Table()
	trail := &wire.Trail{}
	trail.Enter("Tags")
	trail.Element(1)
	trail.Miss("Value")
	trail.Leave()
	trail.Leave()
	in := &iam.TagRoleInput{RoleName: "r", Tags: []iam.Tag{{Key: "a"}, {Key: "b"}}}
	err := wire.NewChecker(s).Check(s.Operation("TagRole"), in, trail)
	const want = "1 validation error detected: Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null"
	if err == nil || err.Error() != want {
		t.Errorf("Check = %v, want %s", err, want)
	}
}

// TestManyViolations holds the number of violations that are told to a bound.
func TestManyViolations(t *testing.T) {
	s := iam.Table()
	in := &iam.TagRoleInput{RoleName: "r", Tags: make([]iam.Tag, 100000)}
	err := wire.NewChecker(s).Check(s.Operation("TagRole"), in, nil)
	invalid, ok := errors.AsType[*wire.Invalid](err)
	if !ok || len(invalid.Violations) > 64 || len(invalid.Message) > 64*1024 {
		t.Errorf("%d violations in %d bytes", len(invalid.Violations), len(invalid.Message))
	}
}

// TestTables holds every table to what codecs rely on.
func TestTables(t *testing.T) {
	for _, s := range tables() {
		t.Run(s.Name, func(t *testing.T) {
			if len(s.Protocols) == 0 || s.Signing == "" || s.Version == "" || len(s.Operations) == 0 {
				t.Errorf("%+v lacks something", s)
			}
			for i, op := range s.Operations {
				if i > 0 && s.Operations[i-1].Name >= op.Name {
					t.Errorf("%s is not in order", op.Name)
				}
				if s.Operation(op.Name) != &s.Operations[i] {
					t.Errorf("Operation(%s) finds another", op.Name)
				}
				if s.Speaks(wire.RestJSON) && (op.Method == "" || !strings.HasPrefix(op.URI, "/")) {
					t.Errorf("%s is %q %q", op.Name, op.Method, op.URI)
				}
				labels(t, s, &op)
			}
			for _, sh := range s.Shapes {
				if len(sh.Members) > 256 {
					t.Errorf("%s has %d members: more than a reader keeps track of", sh.Name, len(sh.Members))
				}
				if sh.Kind == wire.List && len(sh.Members) != 1 || sh.Kind == wire.Map && len(sh.Members) != 2 {
					t.Errorf("%s has %d members", sh.Name, len(sh.Members))
				}
			}
		})
	}
	if s := tables()[0]; s.Operation("Nope") != nil || s.Fault("Nope") != nil {
		t.Error("what is not there is found")
	}
}

// labels holds each label of an operation's pattern to be a required member.
func labels(t *testing.T, s *wire.Service, op *wire.Operation) {
	t.Helper()
	in := s.Shape(op.Input)
	for i := range in.Members {
		m := &in.Members[i]
		if m.At != wire.InLabel {
			continue
		}
		if !m.Has(wire.Required) || !strings.Contains(op.URI, "{"+m.Wire) {
			t.Errorf("%s: the label %s is not in %s, or not required", op.Name, m.Wire, op.URI)
		}
	}
}

// TestPatternsCompile holds every pattern of every model to be read by one of
// the two engines: a pattern that neither reads would ask for nothing.
func TestPatternsCompile(t *testing.T) {
	for _, s := range tables() {
		for i := range s.Shapes {
			sh := &s.Shapes[i]
			if sh.Rule == nil || sh.Rule.Pattern == "" {
				continue
			}
			// One operation with one member of that shape.
			probe := &wire.Service{Name: s.Name, Shapes: []wire.Shape{*sh, {Name: "In", Members: []wire.Member{{Name: "x", Wire: "x"}}}}}
			probe.Operations = []wire.Operation{{Name: "Op", Input: 1, Output: 1}}
			probe.Shapes[0].Rule = &wire.Rule{Pattern: sh.Rule.Pattern}
			in := wire.NewRecord(&probe.Shapes[1])
			in.Fields[0] = "\x00\x01 no service takes this \x02"
			if err := wire.NewChecker(probe).Check(&probe.Operations[0], in, &wire.Trail{}); err == nil && !loose(sh.Rule.Pattern) {
				t.Errorf("%s.%s: %s takes anything", s.Name, sh.Name, sh.Rule.Pattern)
			}
		}
	}
}

// loose reports whether a pattern takes control characters and blanks.
func loose(pattern string) bool {
	for _, p := range []string{`\S\s`, `\s\S`, `.*`, `.+`, `[^`, `\P{`, `[\u0000`, `[\x00`, `\d\D`} {
		if strings.Contains(pattern, p) {
			return true
		}
	}
	return false
}

func TestGoName(t *testing.T) {
	for in, want := range map[string]string{"restApiId": "RestApiId", "Name": "Name", "": "", "a": "A", "_x": "_x"} {
		if got := wire.GoName(in); got != want {
			t.Errorf("GoName(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzTime holds a time to be read back as it was written, in each spelling.
func FuzzTime(f *testing.F) {
	f.Add(int64(1398796238), int64(123))
	f.Add(int64(-1), int64(999))
	f.Fuzz(func(t *testing.T, seconds, millis int64) {
		seconds %= 1 << 37 // until the year 6000 or so, and since before 1
		if seconds < -62135596800 {
			seconds = -62135596800
		}
		want := time.Unix(seconds, (millis&0x3ff%1000)*1e6).UTC()
		if want.Year() < 1 || want.Year() > 9999 {
			return
		}
		for _, format := range []wire.TimeFormat{wire.EpochSeconds, wire.DateTime, wire.HTTPDate} {
			text := string(wire.AppendTime(nil, want, format))
			for _, d := range []wire.Dialect{wire.DialectAWS, wire.DialectSmithy} {
				got, err := wire.ParseTime(text, format, d)
				if err != nil || !got.Equal(want) {
					t.Errorf("%v is written %s and read %v, %v", want, text, got, err)
				}
			}
		}
	})
}

// FuzzSetText holds scalars to come back from text as they were, and reading
// never to panic.
func FuzzSetText(f *testing.F) {
	f.Add("12", uint8(wire.Integer))
	f.Add("-0.5e7", uint8(wire.Double))
	f.Add("YQ==", uint8(wire.Blob))
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		s := &wire.Shape{Kind: wire.Kind(kind % 14)}
		var dst, again any
		if wire.SetText(reflect.ValueOf(&dst).Elem(), s, wire.DateTime, wire.DialectAWS, text) != nil {
			return
		}
		out := string(wire.AppendText(nil, reflect.ValueOf(&dst).Elem(), s, wire.DateTime))
		if s.Kind == wire.Timestamp {
			return // finer than the millisecond is not kept
		}
		if err := wire.SetText(reflect.ValueOf(&again).Elem(), s, wire.DateTime, wire.DialectAWS, out); err != nil {
			t.Fatalf("%q becomes %q, which is not read: %v", text, out, err)
		}
		if x, ok := dst.(float64); ok && x != x {
			return
		}
		if !reflect.DeepEqual(dst, again) {
			t.Errorf("%q becomes %q: %v, then %v", text, out, dst, again)
		}
	})
}
