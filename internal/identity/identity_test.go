package identity_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const account = "111122223333"

// world is a book, its sessions and the store below them.
type world struct {
	store    store.Store
	book     *identity.Book
	sessions *identity.Sessions
	now      time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	w := &world{store: st, now: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
	w.book = identity.New(identity.Config{
		Account: account, Root: identity.Key{ID: "AKIAROOT", Secret: "root"}, Now: func() time.Time { return w.now },
		Known: func(arn string) (string, bool) { return document("Allow", "*"), arn == "arn:aws:iam::aws:policy/All" },
	})
	w.sessions = identity.NewSessions(st, w.book, nil)
	return w
}

// put writes a document and has the book take it up.
func put[T any](t testing.TB, w *world, key string, v T) {
	t.Helper()
	if err := w.store.Update(t.Context(), func(tx store.Tx) error { return store.Put(tx, key, v) }); err != nil {
		t.Fatal(err)
	}
	w.refresh(t, key)
}

func (w *world) refresh(t testing.TB, keys ...string) {
	t.Helper()
	if err := w.store.View(t.Context(), func(tx store.Tx) error { return w.book.Refresh(tx, keys, len(keys) == 0) }); err != nil {
		t.Fatal(err)
	}
}

func document(effect, action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"}]}`
}

func named(name, id string) api.Identity { return api.Identity{Name: name, ID: id, Path: "/"} }

// decides says what is decided about who holds a key.
func (w *world) decides(key, action string) string {
	who := w.book.Holder(key)
	if who == nil {
		return "nobody"
	}
	d, _ := who.Decide(&identity.Question{Action: action, Resource: "arn:aws:x:::y"})
	return d.Outcome.String()
}

// user makes a user with a key and an inline policy.
func (w *world) user(t testing.TB, policy string) {
	t.Helper()
	u := api.User{Identity: named("Ann", "AIDA1"), Groups: []string{"Staff"}}
	if policy != "" {
		u.Inline = map[string]string{"p": policy}
	}
	put(t, w, api.UserKey("Ann"), u)
	put(t, w, api.AccessKeyKey("AKIA1"), api.AccessKey{ID: "AKIA1", Secret: "s", User: "Ann", Active: true})
}

func TestBook(t *testing.T) {
	w := newWorld(t)
	w.user(t, document("Allow", "s3:*"))
	for _, tt := range []struct {
		what   string
		change func()
		want   string
	}{
		{"the user's policy", func() {}, "allowed"},
		{"a group denies", func() {
			put(t, w, api.GroupKey("staff"), api.Group{Identity: api.Identity{Name: "Staff", ID: "AGPA1", Path: "/", Inline: map[string]string{"d": document("Deny", "s3:Get*")}}})
		}, "explicitDeny"},
		{"the group denies no more", func() { put(t, w, api.GroupKey("staff"), api.Group{Identity: named("Staff", "AGPA1")}) }, "allowed"},
		{"a policy that is none denies", func() { w.user(t, `{"Statement":"x"}`) }, "explicitDeny"},
		{"no policy", func() { w.user(t, "") }, "implicitDeny"},
		{"a managed policy", func() {
			put(t, w, api.ManagedPolicyKey("M"), api.ManagedPolicy{
				Name: "M", ARN: "arn:aws:iam::" + account + ":policy/M", Default: "v2",
				Versions: []api.PolicyVersion{{ID: "v1", Document: document("Deny", "*")}, {ID: "v2", Document: document("Allow", "*")}},
			})
			u := api.User{Identity: named("Ann", "AIDA1")}
			u.Attached = []string{"arn:aws:iam::" + account + ":policy/M"}
			put(t, w, api.UserKey("Ann"), u)
		}, "allowed"},
		{"the managed policy is gone", func() {
			if err := w.store.Update(t.Context(), func(tx store.Tx) error { return tx.Delete(api.ManagedPolicyKey("M")) }); err != nil {
				t.Fatal(err)
			}
			w.refresh(t, api.ManagedPolicyKey("M"))
		}, "implicitDeny"},
		{"one of AWS's", func() {
			u := api.User{Identity: named("Ann", "AIDA1")}
			u.Attached = []string{"arn:aws:iam::aws:policy/All"}
			put(t, w, api.UserKey("Ann"), u)
		}, "allowed"},
		{"a boundary that nobody knows", func() {
			u := api.User{Identity: named("Ann", "AIDA1")}
			u.Attached, u.Boundary = []string{"arn:aws:iam::aws:policy/All"}, new("arn:aws:iam::aws:policy/Other")
			put(t, w, api.UserKey("Ann"), u)
		}, "implicitDeny"},
		{"an inactive key", func() { put(t, w, api.AccessKeyKey("AKIA1"), api.AccessKey{ID: "AKIA1", User: "Ann"}) }, "nobody"},
	} {
		tt.change()
		if got := w.decides("AKIA1", "s3:GetObject"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
		w.refresh(t) // all there is: the same
		if got := w.decides("AKIA1", "s3:GetObject"); got != tt.want {
			t.Errorf("%s, read anew: %s, want %s", tt.what, got, tt.want)
		}
	}
	if got := w.decides("AKIAROOT", "s3:GetObject"); got != "allowed" {
		t.Errorf("the root: %s", got)
	}
}

// verify signs a request with credentials and has the book look at it.
func (w *world) verify(c identity.Credentials) error {
	r := &sigv4.Request{Method: []byte("GET"), Path: []byte("/"), Host: []byte("h")}
	new(sigv4.Signer).Sign(r, &sigv4.Signature{
		AccessKey: c.AccessKeyID, Secret: c.SecretAccessKey, Token: c.SessionToken, Region: "us-east-1", Service: "execute-api", Time: w.now,
	}, nil)
	_, err := w.book.Verify(r, &sigv4.Expect{Region: "us-east-1", Service: "execute-api"}, w.now)
	return err
}

func (w *world) role(t testing.TB, id, principal string) string {
	t.Helper()
	r := api.Role{Identity: named("worker", id), MaxSession: 7200}
	r.Inline = map[string]string{"p": document("Allow", "s3:*")}
	r.TrustPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + principal + `}]}`
	put(t, w, api.RoleKey("worker"), r)
	return "arn:aws:iam::" + account + ":role/worker"
}

// TestSessionLife begins a session, lets it end and has it swept.
func TestSessionLife(t *testing.T) {
	w := newWorld(t)
	w.user(t, "")
	role := w.role(t, "AROA1", `{"AWS":"arn:aws:iam::`+account+`:user/Ann"}`)
	c, err := w.sessions.Assume(t.Context(), &identity.Wish{By: w.book.Holder("AKIA1"), Role: role, Name: "sess"})
	if err != nil {
		t.Fatal(err)
	}
	if want := w.now.Add(time.Hour); !c.Expires.Equal(want) || c.ID != "AROA1:sess" {
		t.Errorf("Assume = %+v, want the end at %v", c, want)
	}
	if err := w.verify(c); err != nil {
		t.Errorf("Verify: %v", err)
	}
	w.refresh(t) // as another node reads it
	if got := w.decides(c.AccessKeyID, "s3:GetObject"); got != "allowed" {
		t.Errorf("the session may: %s", got)
	}
	w.now = c.Expires
	if e, ok := errors.AsType[*sigv4.Error](w.verify(c)); !ok || e.Kind != sigv4.Expired {
		t.Errorf("Verify of a session that is over: %v", e)
	}
	for _, after := range []time.Duration{time.Hour, 13 * time.Hour} {
		w.now = c.Expires.Add(after)
		if err := w.sessions.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.refresh(t)
		e, ok := errors.AsType[*sigv4.Error](w.verify(c))
		if want := map[bool]sigv4.Kind{true: sigv4.Unrecognized, false: sigv4.Expired}[after > 12*time.Hour]; !ok || e.Kind != want {
			t.Errorf("%v after its end: %v, want kind %v", after, e, want)
		}
	}
	w.now = w.now.Add(time.Minute)
	c, err = w.sessions.Assume(t.Context(), &identity.Wish{By: w.book.Holder("AKIA1"), Role: role, Name: "sess"})
	if err != nil {
		t.Fatal(err)
	}
	w.role(t, "AROA2", `"*"`)
	if got := w.decides(c.AccessKeyID, "s3:GetObject"); got != "nobody" {
		t.Errorf("a session of a role that was made anew may: %s", got)
	}
}

// TestTrust asks for conditions that a wish fulfils or not.
func TestTrust(t *testing.T) {
	w := newWorld(t)
	w.user(t, "")
	ann := w.book.Holder("AKIA1")
	role := w.role(t, "AROA1", `{"AWS":"arn:aws:iam::`+account+`:user/Ann"},"Condition":{"StringEquals":{"sts:ExternalId":"x","aws:RequestTag/team":"a"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`)
	for _, tt := range []struct {
		name string
		wish identity.Wish
		ok   bool
	}{
		{"all", identity.Wish{ExternalID: "x", Tags: map[string]string{"Team": "a"}}, false}, // sts:TagSession is not trusted
		{"no external id", identity.Wish{}, false},
		{"nobody asks who may", identity.Wish{}, true},
		{"root", identity.Wish{ExternalID: "x"}, false},
	} {
		tt.wish.By, tt.wish.Role, tt.wish.Name = ann, role, "sess"
		switch tt.name {
		case "nobody asks who may":
			tt.wish.By = nil
		case "root":
			tt.wish.By = w.book.Holder("AKIAROOT")
		}
		if _, err := w.sessions.Assume(t.Context(), &tt.wish); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestForService has many ask at once for what API Gateway acts with.
func TestForService(t *testing.T) {
	w := newWorld(t)
	role := w.role(t, "AROA1", `{"Service":"apigateway.amazonaws.com"}`)
	keys := make(chan string, 32)
	var all sync.WaitGroup
	for range cap(keys) {
		all.Go(func() {
			c, err := w.sessions.ForService(t.Context(), role, "apigateway.amazonaws.com")
			if err != nil {
				t.Error(err)
			}
			keys <- c.AccessKeyID
		})
	}
	all.Wait()
	first := <-keys
	for range cap(keys) - 1 {
		if key := <-keys; key != first || !strings.HasPrefix(key, "ASIA") {
			t.Errorf("keys %s and %s", first, key)
		}
	}
	if got := w.decides(first, "s3:GetObject"); got != "allowed" {
		t.Errorf("the service may: %s", got)
	}
	for of, service := range map[string]string{role: "lambda.amazonaws.com", role + "x": "apigateway.amazonaws.com"} {
		if _, err := w.sessions.ForService(t.Context(), of, service); !errors.Is(err, identity.ErrUntrusted) {
			t.Errorf("%s as %s: %v", service, of, err)
		}
	}
	w.role(t, "AROA2", `{"Service":"apigateway.amazonaws.com"}`)
	c, err := w.sessions.ForService(t.Context(), role, "apigateway.amazonaws.com")
	if err != nil || c.AccessKeyID == first {
		t.Errorf("a role that was made anew has the old key: %v", err)
	}
}

// TestAnonymous has nobody's policies ask the resource's.
func TestAnonymous(t *testing.T) {
	p, err := iam.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"Anonymous"}}}]}`), iam.Resource)
	if err != nil {
		t.Fatal(err)
	}
	var nobody *identity.Identity
	for action, want := range map[string]iam.Outcome{"a:b": iam.Allowed, "a:c": iam.ImplicitDeny} {
		if d, _ := nobody.Decide(&identity.Question{Action: action, Resource: "arn:aws:a:::b", Policy: p}); d.Outcome != want {
			t.Errorf("%s: %v, want %v", action, d.Outcome, want)
		}
	}
	// What a request says of its principal counts for nothing.
	w := newWorld(t)
	w.user(t, "")
	forged := func(key string) (iam.Attribute, bool) { return iam.Attribute{Key: key, Value: "Anonymous"}, true }
	if d, _ := w.book.Holder("AKIA1").Decide(&identity.Question{Action: "a:b", Resource: "arn:aws:a:::b", Policy: p, Circumstance: forged}); d.Outcome != iam.ImplicitDeny {
		t.Errorf("a user who says to be anonymous: %v", d.Outcome)
	}
}
