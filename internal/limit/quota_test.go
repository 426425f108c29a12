package limit_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/limit"
)

func date(t testing.TB, text string) limit.Date {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return limit.DateOf(at)
}

// parity: spec/rest-data-plane.md 10.2 and 13
func TestStart(t *testing.T) {
	for _, tt := range []struct{ day, week, month string }{
		{"1970-01-01", "1969-12-29", "1970-01-01"},
		{"2024-02-29", "2024-02-26", "2024-02-01"},
		{"2025-12-31", "2025-12-29", "2025-12-01"},
		{"2026-01-01", "2025-12-29", "2026-01-01"},
		{"2026-01-05", "2026-01-05", "2026-01-01"},
		{"2026-01-11", "2026-01-05", "2026-01-01"},
	} {
		d := date(t, tt.day)
		if d.Start(limit.Day) != d || d.String() != tt.day {
			t.Errorf("%s: starts its own day at %s", tt.day, d.Start(limit.Day))
		}
		if tt.day != "1970-01-01" && d.Start(limit.Week).String() != tt.week {
			t.Errorf("%s: the week starts on %s, want %s", tt.day, d.Start(limit.Week), tt.week)
		}
		if got := d.Start(limit.Month).String(); got != tt.month {
			t.Errorf("%s: the month starts on %s, want %s", tt.day, got, tt.month)
		}
	}
	if got := limit.DateOf(time.Date(2026, 1, 1, 1, 0, 0, 0, time.FixedZone("", 2*3600))); got.String() != "2025-12-31" {
		t.Errorf("01:00 at +02:00 on 2026-01-01 is %s, want the day in UTC", got)
	}
}

func TestAllowance(t *testing.T) {
	q := limit.Quota{Limit: 100, Offset: 30, Period: limit.Month}
	first := date(t, "2026-01-20")
	extra := &limit.Extra{Period: limit.Month, Start: date(t, "2026-02-01"), Amount: 7}
	for _, tt := range []struct {
		day   string
		extra *limit.Extra
		want  int64
	}{
		{"2026-01-20", nil, 70},
		{"2026-01-31", extra, 70}, // granted for another month
		{"2026-02-01", nil, 100},
		{"2026-02-28", extra, 107},
		{"2026-03-01", extra, 100},
		{"2026-02-01", &limit.Extra{Period: limit.Day, Start: date(t, "2026-02-01"), Amount: 7}, 100}, // of another period
	} {
		if got := q.Allowance(date(t, tt.day), first, tt.extra); got != tt.want {
			t.Errorf("%s, extra %+v: %d, want %d", tt.day, tt.extra, got, tt.want)
		}
	}
}

// TestCounterLaw: a counter knows what a list of all days knows, whatever days
// it saw, and never counts more than is allowed.
func TestCounterLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c limit.Counter
		used := map[limit.Date]int64{}
		day := limit.Date(rapid.IntRange(20000, 20400).Draw(t, "day"))
		period := rapid.SampledFrom([]limit.Period{limit.Day, limit.Week, limit.Month}).Draw(t, "period")
		in := func(p limit.Period) (n int64) {
			for d := day.Start(p); d <= day; d++ {
				n += used[d]
			}
			return n
		}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			day += limit.Date(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 5, 20, 40}).Draw(t, "days"))
			allowed := rapid.Int64Range(0, 12).Draw(t, "allowed")
			want := in(period) < allowed
			on, ok := c.AddWithin(day, period, allowed)
			if ok != want {
				t.Fatalf("%s: counted %v, want %v", day, ok, want)
			}
			if want {
				used[day]++
				if rapid.IntRange(0, 4).Draw(t, "return") == 0 {
					c.Return(on)
					used[day]--
				}
			}
			sum, _ := c.Totals()
			for _, p := range []limit.Period{limit.Day, limit.Week, limit.Month} {
				if sum.InPeriod(p) != in(p) {
					t.Fatalf("%s: %d used in period %d, want %d", day, sum.InPeriod(p), p, in(p))
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				c = limit.Counter{}
				c.Load(sum)
			}
		}
	})
}

func TestCounterPast(t *testing.T) {
	var c limit.Counter
	if _, ok := c.Totals(); ok {
		t.Error("a new counter has totals")
	}
	c.Add(100)
	c.Add(100)
	c.Add(99) // the clock was set back
	c.Add(101)
	c.AddWithin(102, limit.Day, 0)
	c.Add(103)
	past := c.Past()
	if len(past) != 3 || past[0].Used != 3 || past[0].Date != 100 || past[1].Used != 1 || past[2].Used != 0 {
		t.Errorf("Past() = %+v, want days 100 to 102", past)
	}
	c.Add(104)
	c.Forget(3)
	if past := c.Past(); len(past) != 1 || past[0].Date != 103 {
		t.Errorf("Past() = %+v after they were forgotten, want day 103", past)
	}
}

// TestAddWithinTogether: several goroutines never count more than is allowed,
// and no less.
func TestAddWithinTogether(t *testing.T) {
	var c limit.Counter
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				c.AddWithin(20000, limit.Week, 777)
			}
		})
	}
	wg.Wait()
	if sum, _ := c.Totals(); sum.Used != 777 {
		t.Errorf("%d counted, want 777", sum.Used)
	}
}

// TestClockRead: the date that is said for a while turns at midnight.
func TestClockRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := limit.NewClock(nil)
		for range 3 * 24 * 60 {
			time.Sleep(time.Minute - 300*time.Millisecond)
			nanos, today := c.Read()
			if want := limit.DateOf(time.Now()); today != want || nanos != c.Nanos() {
				t.Fatalf("Read() = %d, %v at %v", nanos, today, time.Now())
			}
		}
		midnight := time.Now().Truncate(24 * time.Hour).Add(24 * time.Hour)
		time.Sleep(time.Until(midnight) - 500*time.Millisecond)
		c.Read()
		time.Sleep(499 * time.Millisecond)
		if _, today := c.Read(); today != limit.DateOf(midnight)-1 {
			t.Errorf("a millisecond before midnight it is %v", today)
		}
		time.Sleep(time.Millisecond)
		if _, today := c.Read(); today != limit.DateOf(midnight) {
			t.Errorf("at midnight it is %v", today)
		}
	})
}

// TestDayBeginsTogether: while days begin, each request is counted once and on
// the day that it was told, what is returned is taken off that day, and no day
// has more than it may.
func TestDayBeginsTogether(t *testing.T) {
	const days, allowed = 50, 400
	var c limit.Counter
	var wg sync.WaitGroup
	var mu sync.Mutex
	want := map[limit.Date]int64{}
	for range 4 {
		wg.Go(func() {
			mine := map[limit.Date]int64{}
			for i := range days * 200 {
				today := limit.Date(20000 + i/200)
				if i%3 == 0 {
					on := c.Add(today)
					mine[on]++
					if i%2 == 0 {
						c.Return(on)
						mine[on]--
					}
				} else if on, ok := c.AddWithin(today, limit.Week, 7*allowed); ok {
					mine[on]++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for day, n := range mine {
				want[day] += n
			}
		})
	}
	wg.Wait()
	now, _ := c.Totals()
	all := append(c.Past(), now)
	if len(all) != days {
		t.Fatalf("%d days, want %d", len(all), days)
	}
	for i, day := range all {
		if day.Used != want[day.Date] {
			t.Errorf("day %v: %d counted, want %d", day.Date, day.Used, want[day.Date])
		}
		if i > 0 && day.Week != all[i-1].On(day.Date).Week {
			t.Errorf("day %v began with %d in its week, want %d", day.Date, day.Week, all[i-1].On(day.Date).Week)
		}
	}
}

// TestCounterEdges: what is no day and no count of ours is taken for the
// nearest that is.
func TestCounterEdges(t *testing.T) {
	for _, tt := range []struct{ known, want limit.Totals }{
		{limit.Totals{Date: -1, Used: -1}, limit.Totals{}},
		{limit.Totals{Date: 1<<31 - 1, Used: 1<<63 - 1}, limit.Totals{Date: 1<<20 - 1, Used: 1 << 42}},
	} {
		var c limit.Counter
		c.Load(tt.known)
		if got, ok := c.Totals(); got != tt.want || !ok {
			t.Errorf("%+v is %+v, %v, want %+v", tt.known, got, ok, tt.want)
		}
		c.Return(c.Add(1<<31 - 1))
		if got, _ := c.Totals(); got.Date != 1<<20-1 {
			t.Errorf("the last day is %d", got.Date)
		}
	}
}
