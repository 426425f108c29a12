package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// TestIdentify: who made a call is told by the form of the ARN.
func TestIdentify(t *testing.T) {
	const account = "123456789012"
	for _, tt := range []struct {
		name   string
		origin Origin
		want   identity
		user   string
	}{
		{
			"root",
			Origin{Caller: Caller{Account: account, ARN: "arn:aws:iam::123456789012:root", UserID: account}},
			identity{Type: "Root", PrincipalID: account, ARN: "arn:aws:iam::123456789012:root", AccountID: account},
			"root",
		},
		{
			"user",
			Origin{Caller: Caller{Account: account, ARN: "arn:aws:iam::123456789012:user/team/ann", UserID: "AIDA1", AccessKey: "AKIA1"}},
			identity{Type: "IAMUser", PrincipalID: "AIDA1", ARN: "arn:aws:iam::123456789012:user/team/ann", AccountID: account, AccessKeyID: "AKIA1", UserName: "ann"},
			"ann",
		},
		{
			"role",
			Origin{Caller: Caller{Account: account, ARN: "arn:aws:sts::123456789012:assumed-role/deploy/ci", UserID: "AROA1:ci", AccessKey: "ASIA1"}},
			identity{
				Type: "AssumedRole", PrincipalID: "AROA1:ci", ARN: "arn:aws:sts::123456789012:assumed-role/deploy/ci", AccountID: account, AccessKeyID: "ASIA1",
				SessionContext: &sessionContext{
					SessionIssuer: identity{Type: "Role", PrincipalID: "AROA1", ARN: "arn:aws:iam::123456789012:role/deploy", AccountID: account, UserName: "deploy"},
					Attributes:    map[string]any{"mfaAuthenticated": "false"},
				},
			},
			"ci",
		},
		{
			"stack",
			Origin{SourceIP: cloudFormation, Caller: Caller{Account: account, ARN: "arn:aws:iam::123456789012:root", UserID: account}},
			identity{Type: "Root", PrincipalID: account, ARN: "arn:aws:iam::123456789012:root", AccountID: account, InvokedBy: cloudFormation},
			"root",
		},
	} {
		got := identify(tt.origin)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
		if got.name() != tt.user {
			t.Errorf("%s is called %q, want %q", tt.name, got.name(), tt.user)
		}
	}
}

// book is an Auditor in memory.
type book struct {
	mu     sync.Mutex
	joined int
	kept   []api.Event
	broken error
}

func (b *book) Join(ctx context.Context, _ *api.Event) (context.Context, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.joined++
	return ctx, b.broken
}

func (b *book) Keep(_ context.Context, e *api.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, *e)
	return nil
}

// auditedServer has operations that go well, are refused, panic and read.
func auditedServer(t *testing.T, b *book) *Server {
	t.Helper()
	s, err := New(Config{
		Account: "123456789012", Region: "us-east-1", Log: slog.New(slog.DiscardHandler), Audit: b,
		Services: []Service{{Table: apigateway.Table(), Handlers: map[string]wire.Handler{
			"CreateRestApi": wire.Op(func(_ context.Context, in *apigateway.CreateRestApiInput) (*apigateway.RestApi, error) {
				switch in.Name {
				case "panic":
					panic("a bug")
				case "refused":
					return nil, fault.BadRequest.New(nil, "no")
				}
				return &apigateway.RestApi{Id: new("abc"), Name: &in.Name}, nil
			}),
			"GetAccount": wire.Op(func(context.Context, *apigateway.GetAccountInput) (*apigateway.Account, error) {
				return &apigateway.Account{}, nil
			}),
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRecords: each end that a call can come to leaves one record; reads leave
// none.
func TestRecords(t *testing.T) {
	for _, tt := range []struct {
		name, call, body string
		status           int
		want             []string // errorCode of each record; "-" for none
		joined           int
	}{
		{"well", "POST /restapis", `{"name":"a"}`, 201, []string{"-"}, 1},
		{"refused", "POST /restapis", `{"name":"refused"}`, 400, []string{"BadRequestException"}, 1},
		{"panic", "POST /restapis", `{"name":"panic"}`, 500, []string{"InternalFailure"}, 1},
		{"a value that may not be", "POST /restapis", `{"name":"a","apiKeySource":"x"}`, 400, []string{"ValidationException"}, 0},
		{"malformed", "POST /restapis", `{"name":`, 400, []string{"SerializationException"}, 0},
		{"read", "GET /account", "", 200, nil, 0},
		{"not built", "POST /apikeys", `{}`, 501, nil, 0},
		{"no operation", "POST /nothing", `{}`, 404, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &book{}
			method, path, _ := strings.Cut(tt.call, " ")
			w := httptest.NewRecorder()
			auditedServer(t, b).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(tt.body)))
			var got []string
			for _, e := range b.kept {
				var r record
				if err := json.Unmarshal(e.Record, &r); err != nil {
					t.Fatal(err)
				}
				if r.ErrorCode == "" {
					r.ErrorCode = "-"
				}
				got = append(got, r.ErrorCode)
			}
			if d := cmp.Diff(tt.want, got); d != "" || w.Code != tt.status || b.joined != tt.joined {
				body, _ := io.ReadAll(w.Body)
				t.Errorf("%d %s, joined %d times; records (-want +got):\n%s", w.Code, body, b.joined, d)
			}
		})
	}
}

// TestNoRecordNoCall: a call whose record cannot go with it does not happen.
func TestNoRecordNoCall(t *testing.T) {
	b := &book{broken: errors.New("full")}
	w := httptest.NewRecorder()
	auditedServer(t, b).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/restapis", strings.NewReader(`{"name":"panic"}`)))
	if w.Code != 500 || strings.Contains(w.Body.String(), "full") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestLongValues: what is too large for a record is left out and told of.
func TestLongValues(t *testing.T) {
	b := &book{}
	_, err := auditedServer(t, b).Call(t.Context(), "apigateway", "CreateRestApi", &apigateway.CreateRestApiInput{Name: strings.Repeat("x", 200<<10)})
	if err != nil || len(b.kept) != 1 {
		t.Fatalf("Call = %v, %d records", err, len(b.kept))
	}
	var r struct {
		SourceIPAddress   string
		RequestParameters struct {
			Omitted      bool
			OriginalSize int
		}
	}
	if err := json.Unmarshal(b.kept[0].Record, &r); err != nil || !r.RequestParameters.Omitted || r.RequestParameters.OriginalSize < 200<<10 || len(b.kept[0].Record) > 8<<10 {
		t.Errorf("the record has %d bytes: %+v, %v", len(b.kept[0].Record), r, err)
	}
	if r.SourceIPAddress != cloudFormation {
		t.Errorf("a call of a stack comes from %s", r.SourceIPAddress)
	}
}
