package compile_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
)

// callers is a book with user ann, whose inline policy is given.
func callers(t testing.TB, policy string) *identity.Book {
	t.Helper()
	return callersOf(t, "", policy)
}

// callersOf is that of another account.
func callersOf(t testing.TB, account, policy string) *identity.Book {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	user := api.User{Identity: api.Identity{Name: "ann", ID: "AIDAANNANNANNANNANNA", Path: "/", Tags: map[string]string{"Team": "pets"}}}
	if policy != "" {
		user.Inline = map[string]string{"p": policy}
	}
	err = st.Update(t.Context(), func(tx store.Tx) error {
		if err := store.Put(tx, api.UserKey("ann"), user); err != nil {
			return err
		}
		return store.Put(tx, api.AccessKeyKey("AKIAANN"), api.AccessKey{ID: "AKIAANN", Secret: "secret", User: "ann", Active: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	book := identity.New(identity.Config{Account: account})
	if err := st.View(t.Context(), func(tx store.Tx) error { return book.Refresh(tx, nil, true) }); err != nil {
		t.Fatal(err)
	}
	return book
}

// rules is a resource policy of the test API with statements like
// "Allow * GET/": effect, principal, and the end of the resource.
func rules(all ...string) *string {
	var text []string
	for _, one := range all {
		part := strings.SplitN(one, " ", 4)
		principal := `"` + part[1] + `"`
		if part[1] != "*" {
			principal = `{"AWS":"` + part[1] + `"}`
		}
		condition := ""
		if len(part) == 4 {
			condition = `,"Condition":` + part[3]
		}
		text = append(text, `{"Effect":"`+part[0]+`","Principal":`+principal+`,"Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:000000000000:abc123/`+part[2]+`"`+condition+`}`)
	}
	policy := `{"Version":"2012-10-17","Statement":[` + strings.Join(text, ",") + `]}`
	return &policy
}

func invoke(effect, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"` + resource + `"}]}`
}

// signedStage is a stage of one MOCK method, which shows who calls.
func signedStage(t testing.TB, kind string, policy *string, book *identity.Book) *program.Stage {
	t.Helper()
	in := mock(`{"statusCode":200}`, ok200(`$context.identity.accessKey $context.identity.accountId $context.identity.caller $context.identity.user $context.identity.userArn`))
	s := sketch{methods: map[string]api.Integration{"ANY /": in, "ANY /{id}": in}, functions: &functions{}, edit: func(s *snapshot.REST) {
		for i := range s.Methods {
			s.Methods[i].AuthorizationType = kind
		}
		s.API.Policy = policy
	}}
	stage, err := compile.REST(compile.Env{
		Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: s.functions, Signatures: step.NewSignatures(book),
	}, s.snapshot(), api.Stage{Name: "prod", DeploymentID: "d1"})
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

const outsider = "User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/"

// TestResourcePolicy goes through the table for callers who sign nothing.
func TestResourcePolicy(t *testing.T) {
	book := callers(t, "")
	const home = `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`
	for _, tt := range []struct {
		name   string
		policy *string
		want   string // empty: let in
	}{
		{"none", nil, ""},
		{"allows", rules("Allow * prod/GET/"), ""},
		{"allows by a wildcard", rules("Allow * *"), ""},
		{"silent", rules("Allow * prod/POST/"), outsider},
		{"denies", rules("Allow * *", "Deny * prod/GET/"), outsider + " with an explicit deny"},
		{"allows somebody else", rules("Allow 000000000000 *"), outsider},
		{"allows this network", rules("Allow * * " + home), ""},
		{"denies others than this network", rules("Allow * *", `Deny * * {"NotIpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`), outsider + " with an explicit deny"},
		{"allows VPC endpoints", rules(`Allow * * {"StringEquals":{"aws:SourceVpce":"vpce-1"}}`), outsider},
		{"allows plain HTTP", rules(`Allow * * {"Bool":{"aws:SecureTransport":"false"}}`), ""},
		{"allows a user agent", rules(`Allow * * {"StringLike":{"aws:UserAgent":"curl*"}}`), outsider},
	} {
		r := send(t, signedStage(t, "NONE", tt.policy, book), "GET /")
		got := ""
		if r.Status != 200 {
			got = strings.TrimSuffix(strings.TrimPrefix(r.Body, `{"Message":"`), `"}`)
		}
		if got != tt.want || r.Status != 200 && (r.Status != 403 || r.Header("x-amzn-ErrorType") != "AccessDeniedException") {
			t.Errorf("%s: %d %s %q, want %q", tt.name, r.Status, r.Header("x-amzn-ErrorType"), r.Body, tt.want)
		}
	}
}

// TestDoor calls a private API through its endpoint.
func TestDoor(t *testing.T) {
	stage := signedStage(t, "NONE", rules(`Allow * * {"StringEquals":{"aws:SourceVpce":"vpce-1","aws:SourceVpc":"vpc-1"},"IpAddress":{"aws:VpcSourceIp":"203.0.113.9"},"Null":{"aws:SourceIp":"true"}}`), callers(t, ""))
	for door, want := range map[program.Endpoint]int{{ID: "vpce-1", VPC: "vpc-1"}: 200, {ID: "vpce-2", VPC: "vpc-1"}: 403, {ID: "vpce-1"}: 403} {
		x := request(t, stage, "GET /")
		x.Door = &door
		if r := programtest.Play(t, x); r.Status != want {
			t.Errorf("%+v: %d %s, want %d", door, r.Status, r.Body, want)
		}
	}
}

// sign signs an exchange as ann.
func sign(t testing.TB, x *program.Exchange, body string, edit func(*sigv4.Signature)) {
	t.Helper()
	as := sigv4.Signature{AccessKey: "AKIAANN", Secret: "secret", Region: "us-east-1", Service: "execute-api", Time: x.Start}
	if edit != nil {
		edit(&as)
	}
	if body != "" {
		x.SetBody([]byte(body))
	}
	r := &sigv4.Request{
		Method: x.Method, Path: x.Request.Path, Query: x.Request.Query, Host: x.Request.Host, Body: []byte(body),
		Fields: sigv4.AppendFields(nil, x.Request.Fields),
	}
	new(sigv4.Signer).Sign(r, &as, nil)
	x.Request.Fields = x.Request.Fields[:0]
	for _, f := range r.Fields {
		x.Request.Fields = append(x.Request.Fields, http1.Field{Name: f.Name, Value: f.Value})
	}
}

// TestIAM goes through the failures of a signature and the tables of policies.
func TestIAM(t *testing.T) {
	const user = "arn:aws:iam::000000000000:user/ann"
	const ours = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/"
	denied := `AccessDeniedException {"Message":"User: ` + user + ` is not authorized to perform: execute-api:Invoke on resource: ` + strings.Replace(ours, "000000000000", "********0000", 1)
	in := "AKIAANN 000000000000 AIDAANNANNANNANNANNA AIDAANNANNANNANNANNA " + user
	for _, tt := range []struct {
		name     string
		own      string
		resource *string
		sign     func(*sigv4.Signature)
		want     string
	}{
		{"allowed by the user's policy", invoke("Allow", ours), nil, nil, in},
		{"allowed by a tag", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"pets"}}}]}`, nil, nil, in},
		{"no policy", "", nil, nil, denied + `"}`},
		{"another method", invoke("Allow", strings.Replace(ours, "GET", "POST", 1)), nil, nil, denied + `"}`},
		{"denied by the user's policy", invoke("Deny", "*"), rules("Allow * *"), nil, denied + ` with an explicit deny"}`},
		{"allowed by the resource policy", "", rules("Allow " + user + " *"), nil, in},
		{"allowed to everybody", "", rules("Allow * *"), nil, in},
		{"denied by the resource policy", invoke("Allow", "*"), rules("Deny * *"), nil, denied + ` with an explicit deny"}`},
		{"silent both", "", rules("Allow * prod/POST/"), nil, denied + `"}`},
		{"a wrong secret", invoke("Allow", "*"), nil, func(s *sigv4.Signature) { s.Secret = "x" }, `InvalidSignatureException {"message":"The request signature we calculated does not match`},
		{"an unknown key", invoke("Allow", "*"), nil, func(s *sigv4.Signature) { s.AccessKey = "AKIABOB" }, `UnrecognizedClientException {"message":"The security token included in the request is invalid."}`},
		{"another service", invoke("Allow", "*"), nil, func(s *sigv4.Signature) { s.Service = "apigateway" }, `InvalidSignatureException {"message":"Credential should be scoped to correct service: 'execute-api'. "}`},
		{"another region", invoke("Allow", "*"), nil, func(s *sigv4.Signature) { s.Region = "eu-west-1" }, `InvalidSignatureException {"message":"Credential should be scoped to a valid region."}`},
		{"an old signature", invoke("Allow", "*"), nil, func(s *sigv4.Signature) { s.Time = s.Time.Add(-6 * time.Minute) }, `InvalidSignatureException {"message":"Signature expired: `},
	} {
		x := request(t, signedStage(t, "AWS_IAM", tt.resource, callers(t, tt.own)), "GET /")
		sign(t, x, "", tt.sign)
		r := programtest.Play(t, x)
		got := r.Body
		if r.Status != 200 {
			got = r.Header("x-amzn-ErrorType") + " " + r.Body
		}
		if !strings.HasPrefix(got, tt.want) || r.Status != 200 && r.Status != 403 {
			t.Errorf("%s: %d %s, want %s", tt.name, r.Status, got, tt.want)
		}
	}
	stage := signedStage(t, "AWS_IAM", nil, callers(t, invoke("Allow", "*")))
	if r := send(t, stage, "GET /"); r.Body != `{"message":"Missing Authentication Token"}` || r.Header("x-amzn-ErrorType") != "MissingAuthenticationTokenException" {
		t.Errorf("not signed: %+v", r)
	}
	if r := send(t, stage, "GET /", "Authorization: Bearer x"); r.Header("x-amzn-ErrorType") != "IncompleteSignatureException" {
		t.Errorf("a bearer token: %+v", r)
	}
	x := request(t, stage, "POST /", "")
	sign(t, x, `{"a":1}`, nil)
	x.SetBody([]byte(`{"a":2}`))
	if r := programtest.Play(t, x); r.Header("x-amzn-ErrorType") != "InvalidSignatureException" {
		t.Errorf("another body than was signed: %d %s", r.Status, r.Body)
	}
}

// TestCaller looks at what is left of a signature behind the step.
func TestCaller(t *testing.T) {
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:Invoke","execute-api:InvalidateCache"],"Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"198.51.100.1"}}}]}`
	x := request(t, signedStage(t, "AWS_IAM", nil, callers(t, policy)), "GET /", "X-Kept: yes")
	x.Client = netip.MustParseAddr("198.51.100.1")
	sign(t, x, "", nil)
	if r := programtest.Play(t, x); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	if x.Header("authorization") != nil || x.Header("x-kept") == nil {
		t.Errorf("fields behind the step: %q", x.Request.Fields)
	}
	if c := x.Caller; c.Permits == nil || !c.Permits(x, "execute-api:InvalidateCache") || c.Permits(x, "execute-api:ManageConnections") {
		t.Error("Permits does not ask the caller's policies")
	}
}

// iamAllocs is what verifying a signature and asking a policy may allocate.
const iamAllocs = 2

// verifiedStep is an exchange that is signed, and the step that looks at it.
func verifiedStep(t testing.TB) (x *program.Exchange, step program.Step, fields []http1.Field) {
	t.Helper()
	x = request(t, signedStage(t, "AWS_IAM", nil, callers(t, invoke("Allow", "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/*"))), "POST /a1b2?limit=20&after=x%2Fy", "Content-Type: application/json", "Accept: */*", "User-Agent: aws-sdk-go-v2/1.47.7")
	sign(t, x, `{"name":"Rex","kind":"dog","owner":{"id":17,"name":"Anna"},"tags":["a","b"]}`, nil)
	for _, s := range x.Route.Steps {
		if s.Name == "authorize" {
			return x, s, append([]http1.Field(nil), x.Request.Fields...)
		}
	}
	t.Fatal("no step authorizes")
	return nil, program.Step{}, nil
}

// TestIAMAllocs holds BenchmarkIAM to its promise in every test run.
func TestIAMAllocs(t *testing.T) {
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	x, step, fields := verifiedStep(t)
	run := func() {
		x.Request.Fields = append(x.Request.Fields[:0], fields...)
		if err := step.Run(x); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if got := testing.AllocsPerRun(1000, run); got > iamAllocs {
		t.Errorf("a verified request allocates %v times, want at most %d", got, iamAllocs)
	}
}

// BenchmarkIAM verifies a signature, finds who signed and asks their policy.
func BenchmarkIAM(b *testing.B) {
	x, step, fields := verifiedStep(b)
	b.ReportAllocs()
	for b.Loop() {
		x.Request.Fields = append(x.Request.Fields[:0], fields...)
		if err := step.Run(x); err != nil {
			b.Fatal(err)
		}
	}
}
