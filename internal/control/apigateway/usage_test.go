package apigateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/store"
)

// use writes what a data plane has counted.
func use(s *script, docs map[store.Key]api.Usage) {
	s.t.Helper()
	err := s.store.Update(context.Background(), func(tx store.Tx) error {
		for name, doc := range docs {
			if err := store.Put(tx, name, doc); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// newUsage has ann in gold, which has a quota; today is 2025-10-09, a Thursday.
func newUsage(t *testing.T, quota string, change ...func(*apigateway.Config)) *script {
	t.Helper()
	s := newDeployment(t, change...)
	s.make("gold", "CreateUsagePlan", `{"name":"gold"`+quota+`}`)
	s.make("ann", "CreateApiKey", `{"name":"ann","value":"`+value20+`1"}`)
	s.make("bob", "CreateApiKey", `{"name":"bob","value":"`+value20+`2"}`)
	s.call("CreateUsagePlanKey", `{"usagePlanId":"$gold","keyId":"$ann","keyType":"API_KEY"}`)
	return s
}

const (
	dayQuota  = `,"quota":{"limit":100,"period":"DAY"}`
	weekQuota = `,"quota":{"limit":100,"offset":40,"period":"WEEK"}`
)

func TestGetUsage(t *testing.T) {
	today := int32(limit.DateOf(start))
	ask := func(from, to string) string {
		return `{"usagePlanId":"$gold","startDate":"` + from + `","endDate":"` + to + `"}`
	}
	answer := func(from, to, pairs string) string {
		return fmt.Sprintf(`{"usagePlanId":"$gold","startDate":"%s","endDate":"%s","items":{"$ann":%s}}`, from, to, pairs)
	}
	ninety := int64(90)
	for _, tt := range []struct {
		name, quota string
		days        map[int32]api.Usage // counted from today
		from, to    string
		want        string
	}{
		{"nothing", dayQuota, nil, "2025-10-08", "2025-10-09", `[[0,100],[0,100]]`},
		{"no quota", "", map[int32]api.Usage{0: {Used: 3}}, "2025-10-08", "2025-10-09", `[[0,-1],[3,-1]]`},
		{"days to come", dayQuota, map[int32]api.Usage{0: {Used: 3}}, "2025-10-09", "2025-12-31", `[[3,97]]`},
		{"only days to come", dayQuota, map[int32]api.Usage{0: {Used: 3}}, "2025-10-10", "2025-12-31", `[]`},
		{"a log tells what was left", dayQuota, map[int32]api.Usage{-1: {Used: 20, Left: &ninety}, 0: {Used: 7}}, "2025-10-07", "2025-10-09", `[[0,100],[20,90],[7,93]]`},
		{"the last use is days ago", dayQuota, map[int32]api.Usage{-2: {Used: 20}}, "2025-10-06", "2025-10-09", `[[0,100],[20,80],[0,100],[0,100]]`},
		{"more than all", dayQuota, map[int32]api.Usage{0: {Used: 120}}, "2025-10-09", "2025-10-09", `[[120,0]]`},
		{"a week", weekQuota, map[int32]api.Usage{-3: {Used: 5}, -1: {Used: 10, Week: 5}}, "2025-10-05", "2025-10-09", `[[0,60],[5,55],[0,55],[10,45],[0,45]]`},
		{"a week that began before", weekQuota, map[int32]api.Usage{-3: {Used: 5}}, "2025-10-08", "2025-10-09", `[[0,55],[0,55]]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newUsage(t, tt.quota)
			docs := map[store.Key]api.Usage{}
			last := int32(-1000)
			for day := range tt.days {
				last = max(last, day)
			}
			for day, doc := range tt.days {
				doc.Day = today + day
				name := api.UsageLogKey(doc.Day, s.names["gold"], s.names["ann"])
				if day == last {
					name = api.UsageKey(s.names["gold"], s.names["ann"])
				}
				docs[name] = doc
			}
			use(s, docs)
			s.play([]step{{"GetUsage", ask(tt.from, tt.to), answer(tt.from, tt.to, tt.want)}})
		})
	}
	s := newUsage(t, dayQuota)
	s.play([]step{
		{"GetUsage", ask("2025-10-09", "yesterday"), "400 Invalid endDate specified. Must be of the form YYYY-MM-DD"},
		{"GetUsage", ask("2025-13-09", "2025-10-09"), "400 Invalid startDate specified. Must be of the form YYYY-MM-DD"},
		{"GetUsage", ask("2025-10-09", "2025-10-08"), "400 Invalid date range specified. startDate must not be after endDate"},
		{"GetUsage", ask("2025-07-10", "2025-10-08"), "400 Invalid startDate specified. Usage is kept for 90 days"},
		{"GetUsage", ask("0001-01-01", "9999-10-08"), "400 Invalid startDate specified. Usage is kept for 90 days"},
		{"GetUsage", `{"usagePlanId":"nope","startDate":"2025-10-09","endDate":"2025-10-09"}`, "404 Invalid Usage Plan ID specified"},
		{"GetUsage", `{"usagePlanId":"$gold","keyId":"$bob","startDate":"2025-10-09","endDate":"2025-10-09"}`, "404 Invalid API Key identifier specified"},
		{"GetUsage", `{"usagePlanId":"$gold","keyId":"$ann","startDate":"2025-07-11","endDate":"2025-07-11"}`, answer("2025-07-11", "2025-07-11", "[[0,100]]")},
		{"CreateUsagePlanKey", `{"usagePlanId":"$gold","keyId":"$bob","keyType":"API_KEY"}`, `{"id":"$bob","type":"API_KEY","name":"bob","value":"` + value20 + `2"}`},
	})
	if got := s.call("GetUsage", `{"usagePlanId":"$gold","startDate":"2025-10-09","endDate":"2025-10-09","limit":1}`); !strings.Contains(got, s.names["ann"]) || strings.Contains(got, s.names["bob"]) || !strings.Contains(got, `"position"`) {
		t.Errorf("a page of one: %s", got)
	}
}

func TestUpdateUsage(t *testing.T) {
	today := int32(limit.DateOf(start))
	set := func(value string) string {
		return `{"usagePlanId":"$gold","keyId":"$ann","patchOperations":[{"op":"replace","path":"/remaining","value":"` + value + `"}]}`
	}
	pair := func(used, left int) string {
		return fmt.Sprintf(`{"usagePlanId":"$gold","startDate":"2025-10-09","endDate":"2025-10-09","items":{"$ann":[[%d,%d]]}}`, used, left)
	}
	now := start
	s := newUsage(t, weekQuota, func(c *apigateway.Config) { c.Now = func() time.Time { return now } })
	use(s, map[store.Key]api.Usage{api.UsageKey(s.names["gold"], s.names["ann"]): {Day: today, Used: 10, Week: 20}})
	const ask = `{"usagePlanId":"$gold","startDate":"2025-10-09","endDate":"2025-10-09"}`
	s.play([]step{
		{"GetUsage", ask, pair(10, 30)},
		{"UpdateUsage", set("500"), pair(10, 500)},
		{"GetUsage", ask, pair(10, 500)},
		{"UpdateUsage", set("0"), pair(10, 0)},
		{"GetUsage", ask, pair(10, 0)},
		{"UpdateUsage", `{"usagePlanId":"$gold","keyId":"$ann"}`, pair(10, 0)},
		{"UpdateUsage", set("70"), pair(10, 70)},
		{"UpdateUsage", set("-1"), "400 Invalid value specified for /remaining: -1"},
		{"UpdateUsage", set("many"), "400 Invalid value specified for /remaining: many"},
		{"UpdateUsage", set("9999999999"), "400 Invalid value specified for /remaining: 9999999999"},
		{"UpdateUsage", `{"usagePlanId":"$gold","keyId":"$ann","patchOperations":[{"op":"remove","path":"/remaining"}]}`, "400 Invalid patch operation specified. Must be one of: [replace]"},
		{"UpdateUsage", `{"usagePlanId":"$gold","keyId":"$bob"}`, "404 Invalid API Key identifier specified"},
		{"UpdateUsage", `{"usagePlanId":"nope","keyId":"$ann"}`, "404 Invalid Usage Plan ID specified"},
		{"GetUsage", ask, pair(10, 70)},
	})
	now = start.AddDate(0, 0, 4) // the next week has the whole quota
	s.play([]step{{
		"GetUsage", `{"usagePlanId":"$gold","startDate":"2025-10-12","endDate":"2025-10-13"}`,
		`{"usagePlanId":"$gold","startDate":"2025-10-12","endDate":"2025-10-13","items":{"$ann":[[0,70],[0,100]]}}`,
	}})
	newUsage(t, "").play([]step{{"UpdateUsage", set("5"), "400 Usage Plan has no quota, so none of it can remain"}})
}

// What a key used goes with the key, and with the plan.
func TestUsageIsDropped(t *testing.T) {
	for _, call := range []string{`DeleteApiKey {"apiKey":"$ann"}`, `DeleteUsagePlan {"usagePlanId":"$gold"}`} {
		s := newUsage(t, dayQuota)
		use(s, map[store.Key]api.Usage{api.UsageKey(s.names["gold"], s.names["ann"]): {Used: 1}})
		s.call("UpdateUsage", `{"usagePlanId":"$gold","keyId":"$ann","patchOperations":[{"op":"replace","path":"/remaining","value":"5"}]}`)
		op, in, _ := strings.Cut(call, " ")
		s.play([]step{{op, in, `{}`}})
		err := s.store.View(t.Context(), func(tx store.Tx) error {
			for _, name := range []store.Key{api.UsageKey(s.names["gold"], s.names["ann"]), api.UsageGrantKey(s.names["gold"], s.names["ann"])} {
				if _, err := tx.Get(name); !errors.Is(err, store.ErrMissing) {
					t.Errorf("%s leaves %s behind: %v", op, name, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What is counted is written before it is read; that it cannot be is an error.
func TestUsageIsFlushed(t *testing.T) {
	flushed, broken := 0, errors.New("no store")
	s := newUsage(t, dayQuota, func(c *apigateway.Config) {
		c.FlushUsage = func(context.Context) error { flushed++; return broken }
	})
	s.play([]step{
		{"GetUsage", `{"usagePlanId":"$gold","startDate":"2025-10-09","endDate":"2025-10-09"}`, "500 no store"},
		{"UpdateUsage", `{"usagePlanId":"$gold","keyId":"$ann"}`, "500 no store"},
	})
	if flushed != 2 {
		t.Errorf("flushed %d times, want twice", flushed)
	}
}
