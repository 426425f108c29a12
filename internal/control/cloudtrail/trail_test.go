package cloudtrail_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/cloudtrail"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
)

// childEnv makes this test binary the process that is killed.
const childEnv = "STAGEDOOR_TRAIL_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := change(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, path string) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func event(n int, at time.Time) *api.Event {
	return &api.Event{ID: fmt.Sprintf("id-%06d", n), Time: at, Name: "Change", Record: json.RawMessage(`{"responseElements":null}`)}
}

// change makes changes under records until it is killed, and tells of each that
// was answered.
func change(path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	trail, watched := cloudtrail.New(cloudtrail.Config{Store: s, Log: slog.New(slog.DiscardHandler)}), cloudtrail.Watched(s)
	for i := 0; ; i++ {
		e := event(i, time.Now().UTC())
		joined, err := trail.Join(ctx, e)
		if err != nil {
			return err
		}
		if err := watched.Update(joined, func(tx store.Tx) error { return tx.Put("doc/"+strconv.Itoa(i), []byte(`"`+e.ID+`"`)) }); err != nil {
			return err
		}
		e.Record = json.RawMessage(`{"responseElements":{"id":"x"}}`)
		if err := trail.Keep(joined, e); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// TestKilled: after kill -9 every change on disk has its record, and every
// answered call has its whole record.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a process")
	}
	path := filepath.Join(t.TempDir(), "s.db")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answered := -1
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if answered, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		if answered == 200 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	whole, records, docs := map[string]bool{}, map[string]bool{}, map[int]string{}
	err = open(t, path).View(t.Context(), func(tx store.Tx) error {
		for e, err := range store.Scan[api.Event](tx, api.Events, "") {
			if err != nil {
				return err
			}
			records[e.ID], whole[e.ID] = true, strings.Contains(string(e.Record), `"id"`)
		}
		for item, err := range tx.Scan("doc/", "") {
			if err != nil {
				return err
			}
			n, _ := strconv.Atoi(strings.TrimPrefix(item.Key, "doc/"))
			docs[n] = strings.Trim(string(item.Doc), `"`)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if answered < 200 || len(docs) <= answered {
		t.Fatalf("%d calls were answered, %d changes are on disk", answered+1, len(docs))
	}
	for n, id := range docs {
		if !records[id] {
			t.Errorf("change %d is on disk without its record", n)
		}
		if n <= answered && !whole[id] {
			t.Errorf("call %d was answered, and its record lacks the answer", n)
		}
	}
	if len(records) != len(docs) {
		t.Errorf("%d records of %d changes", len(records), len(docs))
	}
}

// TestRefused: a change that is refused leaves no record of its own, and the
// record that is kept for it afterwards stands alone.
func TestRefused(t *testing.T) {
	s := open(t, sqlite.Memory)
	trail, watched := cloudtrail.New(cloudtrail.Config{Store: s}), cloudtrail.Watched(s)
	e := event(1, time.Now())
	ctx, err := trail.Join(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("no")
	if err := watched.Update(ctx, func(tx store.Tx) error { _ = tx.Put("doc/1", []byte("1")); return refusal }); !errors.Is(err, refusal) {
		t.Fatalf("Update = %v", err)
	}
	if page := lookup(t, trail, cloudtrail.Query{}); len(page.Events) != 0 {
		t.Fatalf("a refused change left %+v", page.Events)
	}
	if err := trail.Keep(ctx, e); err != nil {
		t.Fatal(err)
	}
	// What goes on after the call's end is not of the call.
	if err := watched.Update(ctx, func(tx store.Tx) error { return tx.Put("doc/2", []byte("2")) }); err != nil {
		t.Fatal(err)
	}
	if page := lookup(t, trail, cloudtrail.Query{}); len(page.Events) != 1 {
		t.Errorf("records = %+v, want one", page.Events)
	}
}

func lookup(t testing.TB, trail *cloudtrail.Trail, q cloudtrail.Query) cloudtrail.Page {
	t.Helper()
	page, err := trail.Lookup(t.Context(), q)
	if err != nil {
		t.Fatalf("Lookup(%+v) = %v", q, err)
	}
	return page
}

// TestLookup pages through 1,000 records by each thing they can be found by.
func TestLookup(t *testing.T) {
	trail := cloudtrail.New(cloudtrail.Config{Store: open(t, sqlite.Memory)})
	begin := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	for i := range 1000 {
		e := event(i, begin.Add(time.Duration(i)*time.Second))
		e.Name = []string{"CreateRestApi", "DeleteRestApi"}[i%2]
		e.User = []string{"ann", "bob", "cy", "root"}[i%4]
		e.KeyID = "AK" + e.User
		e.Resources = []api.EventResource{{Type: "AWS::ApiGateway::RestApi", Name: "api" + strconv.Itoa(i%10)}}
		if err := trail.Keep(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		q    cloudtrail.Query
		want int
	}{
		{"all", cloudtrail.Query{}, 1000},
		{"a second", cloudtrail.Query{From: begin.Add(7 * time.Second), To: begin.Add(7 * time.Second)}, 1},
		{"from", cloudtrail.Query{From: begin.Add(900 * time.Second)}, 100},
		{"to", cloudtrail.Query{To: begin.Add(99 * time.Second)}, 100},
		{"between", cloudtrail.Query{From: begin.Add(100 * time.Second), To: begin.Add(299 * time.Second)}, 200},
		{"name", cloudtrail.Query{Name: "CreateRestApi"}, 500},
		{"user", cloudtrail.Query{User: "bob"}, 250},
		{"key", cloudtrail.Query{KeyID: "AKroot"}, 250},
		{"resource", cloudtrail.Query{Resource: "api3"}, 100},
		{"type", cloudtrail.Query{Type: "AWS::ApiGateway::Stage"}, 0},
		{"id", cloudtrail.Query{ID: "id-000500"}, 1},
		{"two", cloudtrail.Query{User: "bob", Resource: "api3", From: begin.Add(500 * time.Second)}, 25},
		{"name and user", cloudtrail.Query{Name: "DeleteRestApi", User: "bob"}, 250},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, got := tt.q, map[string]bool{}
			q.Max = 30
			var last time.Time
			for {
				page := lookup(t, trail, q)
				if len(page.Events) > q.Max {
					t.Fatalf("a page of %d", len(page.Events))
				}
				for _, e := range page.Events {
					if got[e.ID] || (!last.IsZero() && e.Time.After(last)) {
						t.Fatalf("%s comes twice or out of order", e.ID)
					}
					got[e.ID], last = true, e.Time
				}
				if q.After = page.Next; q.After == "" {
					break
				}
			}
			if len(got) != tt.want {
				t.Errorf("found %d, want %d", len(got), tt.want)
			}
		})
	}
	if _, err := trail.Lookup(t.Context(), cloudtrail.Query{After: "../x"}); !errors.Is(err, cloudtrail.ErrToken) {
		t.Errorf("Lookup after a made-up token = %v, want ErrToken", err)
	}
}

// TestSweep: what is older than the retention goes, the rest stays.
func TestSweep(t *testing.T) {
	s, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	trail := cloudtrail.New(cloudtrail.Config{Store: s, Log: slog.New(slog.DiscardHandler)})
	now := time.Now()
	for i := range 1200 {
		at := now.Add(-cloudtrail.Retention - time.Minute)
		if i%12 == 0 {
			at = now.Add(-cloudtrail.Retention + time.Minute)
		}
		if err := trail.Keep(t.Context(), event(i, at)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- trail.Run(ctx) }()
	count := 0
	for range 1000 {
		if count = len(lookup(t, trail, cloudtrail.Query{Max: 1000}).Events); count == 100 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil || count != 100 {
		t.Errorf("after the sweep there are %d records, want 100; Run = %v", count, err)
	}
}
