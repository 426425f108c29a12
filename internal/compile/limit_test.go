package compile_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// limits is a stage whose methods ask for a key, with a standing clock.
type limits struct {
	env      compile.Env
	meter    *usage.Meter
	now      time.Time
	source   string
	settings map[string]api.MethodSetting
	open     bool // methods ask for no key
	edit     func(*snapshot.REST)
}

const (
	ann = "the-value-of-the-key-of-ann"
	bob = "the-value-of-the-key-of-bob" // disabled
)

// newLimits knows the keys of ann and bob, both in a plan over abc123:prod.
func newLimits(t testing.TB, plan api.UsagePlan) *limits {
	t.Helper()
	l := &limits{now: time.Date(2026, 1, 14, 12, 0, 0, 0, time.UTC)}
	clock := limit.NewClock(func() time.Time { return l.now })
	st, err := sqlite.Open(context.Background(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	plan.ID = "gold"
	if plan.Stages == nil {
		plan.Stages = []api.PlanStage{{API: "abc123", Stage: "prod"}}
	}
	docs := map[store.Key]any{
		api.UsagePlanAt("gold"):       plan,
		api.APIKeyKey("1"):            api.APIKey{ID: "1", Value: ann, Enabled: true},
		api.APIKeyKey("2"):            api.APIKey{ID: "2", Value: bob},
		api.PlanKeyKey("gold", "1"):   api.UsagePlanKey{Plan: "gold", Key: "1", AddedDate: l.now},
		api.PlanKeyKey("gold", "2"):   api.UsagePlanKey{Plan: "gold", Key: "2", AddedDate: l.now},
		api.APIKeyKey("outside"):      api.APIKey{ID: "outside", Value: "in no plan at all", Enabled: true},
		api.APIKeyValueKey("whoever"): "1",
	}
	l.meter = usage.New(usage.Config{Store: st, Clock: clock})
	err = st.Update(context.Background(), func(tx store.Tx) error {
		for name, doc := range docs {
			if err := store.Put(tx, name, doc); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = st.View(context.Background(), func(tx store.Tx) error { return l.meter.Refresh(tx, nil, true) })
	}
	if err != nil {
		t.Fatal(err)
	}
	l.env = compile.Env{
		Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: &functions{},
		Keys: l.meter, Buckets: limit.NewBuckets(clock),
	}
	return l
}

// stage compiles GET /, GET /pets/{id} and POST /pets/{id}, and ANY /any.
func (l *limits) stage(t testing.TB) *program.Stage {
	t.Helper()
	in := mock(`{"statusCode":200}`, ok200(`{"key":"$context.identity.apiKey","id":"$context.identity.apiKeyId"}`))
	s := sketch{edit: l.edit, methods: map[string]api.Integration{"GET /": in, "GET /pets/{id}": in, "POST /pets/{id}": in, "ANY /any": in}}
	snap := s.snapshot()
	snap.API.APIKeySource = l.source
	for i := range snap.Methods {
		snap.Methods[i].APIKeyRequired = !l.open
	}
	stage, err := compile.REST(l.env, snap, api.Stage{Name: "prod", DeploymentID: "d1", MethodSettings: l.settings})
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

const (
	forbidden  = `403 ForbiddenException {"message":"Forbidden"}`
	tooMany    = `429 TooManyRequestsException {"message":"Too Many Requests"}`
	exceeded   = `429 LimitExceededException {"message":"Limit Exceeded"}`
	annsAnswer = `200  {"key":"` + ann + `","id":"1"}`
	openAnswer = `200  {"key":"","id":""}`
)

// got is an answer in short.
func got(r programtest.Result) string {
	return strings.Join([]string{map[int]string{200: "200", 403: "403", 429: "429", 401: "401"}[r.Status], r.Header("x-amzn-ErrorType"), r.Body}, " ")
}

// parity: spec/rest-data-plane.md 1.2 and 10.4
func TestAPIKey(t *testing.T) {
	stage := newLimits(t, api.UsagePlan{}).stage(t)
	for _, tt := range []struct{ name, field, want string }{
		{"no key", "X-Other: 1", forbidden},
		{"empty", "x-api-key:  ", forbidden},
		{"unknown", "x-api-key: nobody's", forbidden},
		{"disabled", "x-api-key: " + bob, forbidden},
		{"in no plan", "x-api-key: in no plan at all", forbidden},
		{"the id of a key", "x-api-key: 1", forbidden},
		{"too long", "x-api-key: " + strings.Repeat("x", 5000), forbidden},
		{"good", "x-api-key: " + ann, annsAnswer},
		{"whatever the case of the name", "X-API-KEY: " + ann, annsAnswer},
		{"in another field", "Authorization: " + ann, forbidden},
	} {
		if g := got(send(t, stage, "GET /", tt.field)); g != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, g, tt.want)
		}
	}
	if r := send(t, stage, "GET /"); len(r.Body) != 23 {
		t.Errorf("the refusal has %d bytes, want 23", len(r.Body))
	}
}

// With the source AUTHORIZER the key is what the authorizer said; the field
// counts for nothing. parity: spec/rest-data-plane.md 10.4
func TestAPIKeyOfAuthorizer(t *testing.T) {
	l := newLimits(t, api.UsagePlan{})
	l.source = "AUTHORIZER"
	stage := l.stage(t)
	if g := got(send(t, stage, "GET /", "x-api-key: "+ann)); g != forbidden {
		t.Errorf("a field: %s, want %s", g, forbidden)
	}
	for said, want := range map[string]string{"": forbidden, "nobody's": forbidden, ann: annsAnswer} {
		x := request(t, stage, "GET /", "x-api-key: "+ann)
		cached := program.Caller{UsageKey: said} // an authorizer may have it for others too
		x.Caller = &cached
		if g := got(programtest.Play(t, x)); g != want {
			t.Errorf("the authorizer said %q: %s, want %s", said, g, want)
		}
		if !reflect.DeepEqual(cached, program.Caller{UsageKey: said}) {
			t.Error("the step wrote to what others have as well")
		}
	}
}

// A method that asks for no key knows of none and counts nothing.
// parity: spec/rest-data-plane.md 10.4
func TestNoKeyNeeded(t *testing.T) {
	l := newLimits(t, api.UsagePlan{Quota: &api.Quota{Limit: 1, Period: "DAY"}})
	l.open = true
	stage := l.stage(t)
	for range 3 {
		if g := got(send(t, stage, "GET /", "x-api-key: "+ann)); g != openAnswer {
			t.Errorf("got %s, want %s", g, openAnswer)
		}
	}
}

// parity: spec/rest-data-plane.md 10.1: what each limit answers, that the
// first one that refuses does so, and that it costs the others nothing.
func TestOrderOfLimits(t *testing.T) {
	rate := func(perSecond float64, burst int32) *api.Throttle {
		return &api.Throttle{RateLimit: &perSecond, BurstLimit: &burst}
	}
	all := func(rate float64, burst int32) map[string]api.MethodSetting {
		return map[string]api.MethodSetting{"*/*": {ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst}}
	}
	for _, tt := range []struct {
		name     string
		plan     api.UsagePlan
		settings map[string]api.MethodSetting
		account  int64 // burst; 0: none
		want     []string
	}{
		{name: "none", want: []string{annsAnswer, annsAnswer, annsAnswer}},
		{name: "plan", plan: api.UsagePlan{Throttle: rate(1, 2)}, want: []string{annsAnswer, annsAnswer, tooMany}},
		{name: "method of the plan", plan: api.UsagePlan{Throttle: rate(1, 2), Stages: []api.PlanStage{
			{API: "abc123", Stage: "prod", Throttle: map[string]api.Throttle{"/pets/{id}/GET": *rate(1, 1)}},
		}}, want: []string{annsAnswer, tooMany}},
		{name: "quota", plan: api.UsagePlan{Quota: &api.Quota{Limit: 2, Period: "DAY"}}, want: []string{annsAnswer, annsAnswer, exceeded}},
		{name: "throttle before quota", plan: api.UsagePlan{Throttle: rate(1, 1), Quota: &api.Quota{Limit: 1, Period: "DAY"}}, want: []string{annsAnswer, tooMany}},
		{name: "quota before stage", plan: api.UsagePlan{Quota: &api.Quota{Limit: 1, Period: "DAY"}}, settings: all(1, 1), want: []string{annsAnswer, exceeded}},
		{name: "stage", settings: all(1, 2), want: []string{annsAnswer, annsAnswer, tooMany}},
		{name: "stage unset", settings: all(-1, -1), want: []string{annsAnswer, annsAnswer, annsAnswer}},
		{name: "stage closed", settings: all(0, 0), want: []string{tooMany}},
		{name: "account", account: 2, want: []string{annsAnswer, annsAnswer, tooMany}},
		{name: "stage and account", settings: all(1, 1), account: 2, want: []string{annsAnswer, tooMany}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLimits(t, tt.plan)
			l.settings = tt.settings
			if tt.account > 0 {
				l.env.Throttle = l.env.Buckets.Gate("account", limit.New(1, tt.account))
			}
			stage := l.stage(t)
			for i, want := range tt.want {
				if g := got(send(t, stage, "GET /pets/7", "x-api-key: "+ann)); g != want {
					t.Errorf("request %d: %s, want %s", i+1, g, want)
				}
			}
		})
	}
	t.Run("returned", func(t *testing.T) {
		l := newLimits(t, api.UsagePlan{Quota: &api.Quota{Limit: 3, Period: "DAY"}, Throttle: rate(1, 3)})
		l.settings = map[string]api.MethodSetting{"pets/{id}/GET": {ThrottlingRateLimit: 1, ThrottlingBurstLimit: 1}}
		l.env.Throttle = l.env.Buckets.Gate("account", limit.New(1, 2))
		stage := l.stage(t)
		for i, tt := range []struct{ line, want string }{
			{"GET /pets/7", annsAnswer},
			{"GET /pets/7", tooMany}, // its own bucket: costs neither account nor plan anything
			{"GET /pets/7", tooMany},
			{"GET /", annsAnswer},
			{"GET /", tooMany}, // the account's
			{"GET /", tooMany},
		} {
			if g := got(send(t, stage, tt.line, "x-api-key: "+ann)); g != tt.want {
				t.Errorf("request %d: %s, want %s", i+1, g, tt.want)
			}
		}
		l.now = l.now.Add(time.Second)
		for i, want := range []string{annsAnswer, exceeded} {
			if g := got(send(t, stage, "GET /pets/7", "x-api-key: "+ann)); i == 0 && g != want || i == 1 && g == annsAnswer {
				t.Errorf("a second later, request %d: %s, want %s", i+1, g, want)
			}
		}
	})
}

// parity: spec/control-plane.md 3.9, "Method settings keys"
func TestMethodSettingKeys(t *testing.T) {
	const own, others = 1, 9 // rates
	for _, tt := range []struct {
		name, line string
		keys       map[string]float64
		want       string // in the note of the step; empty: no throttle
	}{
		{"none", "GET /pets/{id}", nil, ""},
		{"own", "GET /pets/{id}", map[string]float64{"pets/{id}/GET": own, "*/*": others}, "(pets/{id}/GET)"},
		{"own, with a slash", "GET /pets/{id}", map[string]float64{"/pets/{id}/GET": own, "*/*": others}, "(/pets/{id}/GET)"},
		{"own, a pointer", "GET /pets/{id}", map[string]float64{"~1pets~1{id}/GET": own, "*/*": others}, "(~1pets~1{id}/GET)"},
		{"another's", "POST /pets/{id}", map[string]float64{"pets/{id}/GET": own}, ""},
		{"all", "POST /pets/{id}", map[string]float64{"pets/{id}/GET": own, "*/*": others}, "(*/*)"},
		{"root", "GET /", map[string]float64{"~1/GET": own, "*/*": others}, "(~1/GET)"},
		{"root, plain", "GET /", map[string]float64{"/GET": own, "*/*": others}, "(/GET)"},
		{"all verbs of a path", "POST /pets/{id}", map[string]float64{"pets/{id}/*": own, "*/*": others}, "(pets/{id}/*)"},
		{"a verb of all paths", "POST /pets/{id}", map[string]float64{"*/POST": own, "*/*": others}, "(*/POST)"},
		{"ANY", "ANY /any", map[string]float64{"any/ANY": own, "*/*": others}, "(any/ANY)"},
		{"unset for one", "GET /pets/{id}", map[string]float64{"pets/{id}/GET": -1, "*/*": others}, ""},
	} {
		l := newLimits(t, api.UsagePlan{})
		l.open, l.settings = true, map[string]api.MethodSetting{}
		for k, rate := range tt.keys {
			l.settings[k] = api.MethodSetting{ThrottlingRateLimit: rate, ThrottlingBurstLimit: 5}
		}
		note := ""
		for _, r := range l.stage(t).Router.Routes() {
			for _, s := range r.Explain().Steps {
				if s.Name == "throttle" && r.Method+" "+r.Resource == tt.line {
					note = s.Note
				}
			}
		}
		if !strings.HasSuffix(note, tt.want) || (note == "") != (tt.want == "") {
			t.Errorf("%s: %q, want %q", tt.name, note, tt.want)
		}
	}
}

// Each method has a bucket of its own, whatever path a request has, and a new
// deployment keeps it. parity: spec/rest-data-plane.md 10.1
func TestBucketsOutliveDeployments(t *testing.T) {
	l := newLimits(t, api.UsagePlan{})
	l.open, l.settings = true, map[string]api.MethodSetting{"*/*": {ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2}}
	before := l.stage(t)
	for _, tt := range []struct{ line, want string }{
		{"GET /pets/1", openAnswer},
		{"GET /pets/2", openAnswer},
		{"GET /pets/3", tooMany},
		{"POST /pets/3", openAnswer},
		{"DELETE /any", openAnswer},
		{"PUT /any", openAnswer},
		{"GET /any", tooMany},
	} {
		if g := got(send(t, before, tt.line)); g != tt.want {
			t.Errorf("%s: %s, want %s", tt.line, g, tt.want)
		}
	}
	after := l.stage(t)
	if g := got(send(t, after, "GET /pets/1")); g != tooMany {
		t.Errorf("after a deployment: %s, want %s", g, tooMany)
	}
	l.now = l.now.Add(time.Second)
	if g := got(send(t, after, "GET /pets/1")); g != openAnswer {
		t.Errorf("a second later: %s, want %s", g, openAnswer)
	}
	if g := got(send(t, before, "GET /pets/1")); g != tooMany {
		t.Errorf("the program before shares no bucket: %s", g)
	}
}

// parity: spec/rest-data-plane.md 6: all three refusals can be customised.
func TestLimitResponses(t *testing.T) {
	l := newLimits(t, api.UsagePlan{Quota: &api.Quota{Limit: 1, Period: "DAY"}})
	l.settings = map[string]api.MethodSetting{"pets/{id}/GET": {}}
	l.edit = func(s *snapshot.REST) {
		for _, kind := range []string{"INVALID_API_KEY", "THROTTLED", "QUOTA_EXCEEDED"} {
			s.GatewayResponses = append(s.GatewayResponses, api.GatewayResponse{
				Type: kind, Templates: map[string]string{"application/json": "$context.error.responseType: $context.error.message"},
			})
		}
	}
	stage := l.stage(t)
	for _, tt := range []struct{ line, key, want string }{
		{"GET /", "x", "INVALID_API_KEY: Forbidden"},
		{"GET /pets/1", ann, "THROTTLED: Too Many Requests"},
		{"GET /", ann, `{"key":"` + ann + `","id":"1"}`},
		{"GET /", ann, "QUOTA_EXCEEDED: Limit Exceeded"},
	} {
		if r := send(t, stage, tt.line, "x-api-key: "+tt.key); r.Body != tt.want {
			t.Errorf("%s: %d %s, want %s", tt.line, r.Status, r.Body, tt.want)
		}
	}
}

// The event of a function has the key. parity: spec/rest-data-plane.md 3.4.1
func TestKeyInEvent(t *testing.T) {
	var event string
	f := &functions{call: map[string]func([]byte) (*lambda.Result, error){arn: func(e []byte) (*lambda.Result, error) {
		event = string(e)
		return &lambda.Result{Payload: []byte(`{"statusCode":200}`)}, nil
	}}}
	l := newLimits(t, api.UsagePlan{})
	l.env.Functions = f
	snap := sketch{methods: map[string]api.Integration{"GET /": lambdaProxy()}}.snapshot()
	snap.Methods[0].APIKeyRequired = true
	stage, err := compile.REST(l.env, snap, api.Stage{Name: "prod", DeploymentID: "d1"})
	if err != nil {
		t.Fatal(err)
	}
	if r := send(t, stage, "GET /", "x-api-key: "+ann); r.Status != 200 || !strings.Contains(event, `"user":null,"apiKey":"`+ann+`","apiKeyId":"1"`) {
		t.Errorf("%d, event %s", r.Status, event)
	}
}

// TestKeyAllocs: a key, a plan with throttle and quota and a throttle of the
// stage cost nothing.
func TestKeyAllocs(t *testing.T) {
	fast, burst := 1e6, int32(1e6)
	l := newLimits(t, api.UsagePlan{Throttle: &api.Throttle{RateLimit: &fast, BurstLimit: &burst}, Quota: &api.Quota{Limit: 1 << 30, Period: "MONTH"}})
	l.settings = map[string]api.MethodSetting{"*/*": {ThrottlingRateLimit: fast, ThrottlingBurstLimit: burst}}
	in := mock(`{"statusCode": 200}`, api.IntegrationResponse{StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": new(`{"ok":true}`)}})
	snap := sketch{methods: map[string]api.Integration{"GET /pets/{id}": in}}.snapshot()
	snap.Methods[0].APIKeyRequired = true
	stage, err := compile.REST(l.env, snap, api.Stage{Name: "prod", DeploymentID: "d1", MethodSettings: l.settings})
	if err != nil {
		t.Fatal(err)
	}
	for key, status := range map[string]int{ann: 200, bob: 403} {
		x := request(t, stage, "GET /pets/7", "x-api-key: "+key, "User-Agent: t")
		head := x.Request
		head.Fields = append(head.Fields[:0:0], head.Fields...)
		allocs := testing.AllocsPerRun(1000, func() {
			x.Reset(t.Context())
			fields := append(x.Request.Fields, head.Fields...)
			x.Request = head
			x.Request.Fields = fields
			enter(x, stage)
			if x.Play() != program.Done || x.Answer.Status != status {
				t.Fatalf("answers %d, want %d", x.Answer.Status, status)
			}
		})
		if allocs > 0 {
			t.Errorf("a request that is answered %d allocates %v times, want 0", status, allocs)
		}
	}
}

// BenchmarkKey is a fixed answer behind a key, a plan with throttle and quota,
// and a throttle of the stage; BenchmarkMock is the same without them.
func BenchmarkKey(b *testing.B) {
	fast, burst := 1e8, int32(1<<30)
	l := newLimits(b, api.UsagePlan{Throttle: &api.Throttle{RateLimit: &fast, BurstLimit: &burst}, Quota: &api.Quota{Limit: 1<<31 - 1, Period: "MONTH"}})
	l.settings = map[string]api.MethodSetting{"*/*": {ThrottlingRateLimit: fast, ThrottlingBurstLimit: burst}}
	snap := sketch{methods: map[string]api.Integration{"GET /pets/{id}": mock(`{"statusCode": 200}`, ok200(`{"ok":true}`))}}.snapshot()
	snap.Methods[0].APIKeyRequired = true
	stage, err := compile.REST(l.env, snap, api.Stage{Name: "prod", DeploymentID: "d1", MethodSettings: l.settings})
	if err != nil {
		b.Fatal(err)
	}
	x := request(b, stage, "GET /pets/7", "Accept: application/json", "User-Agent: t", "x-api-key: "+ann)
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	b.ReportAllocs()
	for b.Loop() {
		x.Reset(b.Context())
		fields := append(x.Request.Fields, head.Fields...)
		x.Request = head
		x.Request.Fields = fields
		enter(x, stage)
		x.Play()
	}
}
