package control

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/acm"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
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

func everyTable() []*wire.Service {
	return []*wire.Service{
		acm.Table(), apigateway.Table(), apigatewayv2.Table(), cloudformation.Table(), cloudtrail.Table(), cloudwatch.Table(), iam.Table(),
		lambda.Table(), logs.Table(), sts.Table(), wafv2.Table(),
	}
}

// filler makes values of any shape with every member set, and marks the secret
// ones.
type filler struct {
	table  *wire.Service
	secret int
}

// suspect are names whose values no record should show, whatever the model says.
var suspect = regexp.MustCompile(`(?i)(secret|password|private_?key|passphrase|(session|access|id|refresh|identity)token)$`)

// harmless are suspects that hold an id and a claim.
func harmless(name string) bool {
	return name == "RemovePrivateKey" || name == "SubjectFromWebIdentityToken"
}

func (f *filler) structure(s *wire.Shape, depth int, secret bool) *wire.Record {
	r := wire.NewRecord(s)
	if depth > 6 {
		return r
	}
	for i := range s.Members {
		m := &s.Members[i]
		ms := f.table.Of(m)
		hide := secret || (suspect.MatchString(m.Name) && ms.Kind == wire.String && !harmless(m.Name))
		hide = hide || (f.table.Name == "apigateway" && strings.Contains(s.Name, "ApiKey") && m.Name == "value")
		r.Fields[i] = f.value(ms, depth+1, hide)
	}
	return r
}

func (f *filler) value(s *wire.Shape, depth int, secret bool) any {
	secret = secret || s.Has(wire.Sensitive)
	switch s.Kind {
	case wire.Structure:
		return f.structure(s, depth, secret)
	case wire.List:
		return []any{f.value(f.table.Of(&s.Members[0]), depth+1, secret)}
	case wire.Map:
		key, _ := f.value(f.table.Of(&s.Members[0]), depth+1, secret).(string)
		return map[string]any{key: f.value(f.table.Of(&s.Members[1]), depth+1, secret)}
	case wire.String:
		return f.text(secret)
	case wire.Blob:
		return []byte(f.text(secret))
	case wire.Boolean:
		return true
	case wire.Float, wire.Double:
		return 1.5
	case wire.Timestamp:
		return time.Unix(1700000000, 0)
	case wire.Document:
		return map[string]any{}
	default:
		return int64(7)
	}
}

func (f *filler) text(secret bool) string {
	if !secret {
		return "text"
	}
	f.secret++
	return fmt.Sprintf("s3cr3t-%d", f.secret)
}

// TestNoSecretInRecords fills every member of every operation that leaves a
// record: what the model marks as sensitive, and what its name gives away, must
// not be found in the record of the call, of its answer, or of a refusal that
// repeats it.
func TestNoSecretInRecords(t *testing.T) {
	operations, secrets := 0, 0
	for _, table := range everyTable() {
		for i := range table.Operations {
			op := &table.Operations[i]
			if !recorded(table, op) {
				continue
			}
			operations++
			f := &filler{table: table}
			in, out := f.structure(table.Shape(op.Input), 0, false), f.structure(table.Shape(op.Output), 0, false)
			v := &veil{table: table}
			labels := v.labels(op, in)
			text, err := json.Marshal([]any{
				v.parameters(op, in), v.elements(op, out), v.named(op, out, labels), v.scrub(strings.Join(v.secrets, " and ")),
			})
			if err != nil {
				t.Errorf("%s.%s: %v", table.Name, op.Name, err)
			}
			if i := strings.Index(string(text), "s3cr3t-"); i >= 0 {
				t.Errorf("%s.%s shows a secret: ...%s", table.Name, op.Name, text[max(0, i-100):min(len(text), i+20)])
			}
			secrets += f.secret
		}
	}
	if operations < 300 || secrets < 60 {
		t.Errorf("looked at %d operations with %d secrets: the walk is broken", operations, secrets)
	}
	t.Logf("%d operations, %d secrets", operations, secrets)
}

// TestPatchedSecret: what a patch sets a secret to is one.
func TestPatchedSecret(t *testing.T) {
	table := apigateway.Table()
	op := table.Operation("UpdateDomainName")
	path, value := "/certificatePrivateKey", "s3cr3t-key"
	v := &veil{table: table}
	got, err := json.Marshal(v.parameters(op, &apigateway.UpdateDomainNameInput{
		DomainName: "d", PatchOperations: []apigateway.PatchOperation{{Op: new("replace"), Path: &path, Value: &value}},
	}))
	want := `{"domainName":"d","template":false,"updateDomainNameInput":{"patchOperations":[{"op":"replace","path":"/certificatePrivateKey","value":"HIDDEN_DUE_TO_SECURITY_REASONS"}]}}`
	if err != nil || string(got) != want {
		t.Errorf("parameters = %s, %v, want %s", got, err, want)
	}
}

// TestRecorded: who changes something leaves a record; who reads, tries or
// carries traffic does not.
func TestRecorded(t *testing.T) {
	for _, tt := range []struct {
		table     *wire.Service
		operation string
		want      bool
		event     string
	}{
		{apigateway.Table(), "CreateRestApi", true, "CreateRestApi"},
		{apigateway.Table(), "UpdateStage", true, "UpdateStage"},
		{apigateway.Table(), "FlushStageCache", true, "FlushStageCache"},
		{apigateway.Table(), "GetRestApi", false, ""},
		{apigateway.Table(), "TestInvokeMethod", false, ""},
		{apigateway.Table(), "TestInvokeAuthorizer", false, ""},
		{lambda.Table(), "CreateFunction", true, "CreateFunction20150331"},
		{lambda.Table(), "UpdateFunctionCode", true, "UpdateFunctionCode20150331v2"},
		{lambda.Table(), "Invoke", false, ""},
		{iam.Table(), "CreateRole", true, "CreateRole"},
		{iam.Table(), "ListRoles", false, ""},
		{sts.Table(), "AssumeRole", true, "AssumeRole"},
		{sts.Table(), "GetCallerIdentity", false, ""},
		{logs.Table(), "PutLogEvents", false, ""},
		{logs.Table(), "CreateLogGroup", true, "CreateLogGroup"},
		{cloudformation.Table(), "CreateStack", true, "CreateStack"},
	} {
		op := tt.table.Operation(tt.operation)
		if got := recorded(tt.table, op); got != tt.want {
			t.Errorf("recorded(%s) = %t", tt.operation, got)
		}
		if got := eventName(tt.table, op); tt.want && got != tt.event {
			t.Errorf("eventName(%s) = %q, want %q", tt.operation, got, tt.event)
		}
	}
}
