// Command soak runs a stagedoor under mixed traffic, good and bad, for as long
// as it is told to, checks every answer, and looks for what leaks: descriptors,
// goroutines, memory. It ends with 1 if an answer was wrong or something leaked.
//
//	soak -binary stagedoor [-for 1h] [-engine epoll|goroutine] [-out report.json]
//
// The traffic: keepalive, a connection for each request, TLS, HTTP/2, readers
// and writers that are slow, uploads that break off, resets, requests that are
// none, back ends that are dead, slow, flapping or break off, function calls,
// and deployments meanwhile.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// options are the command line.
type options struct {
	binary, engine, out string
	length, warm, calm  time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "", "the stagedoor to run")
	flag.StringVar(&o.engine, "engine", "epoll", "its engine")
	flag.StringVar(&o.out, "out", "", "where the report goes; default standard output")
	flag.DurationVar(&o.length, "for", time.Hour, "how long there is traffic")
	flag.DurationVar(&o.warm, "warm", time.Minute, "traffic before the first count")
	flag.DurationVar(&o.calm, "calm", 75*time.Second, "quiet before a count, longer than a connection may idle")
	flag.Parse()
	ok, err := run(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// report is what a run came to.
type report struct {
	Engine  string            `json:"engine"`
	Began   time.Time         `json:"began"`
	Traffic string            `json:"traffic"` // how long there was some
	Before  sample            `json:"before"`  // quiet, after the warm-up
	After   sample            `json:"after"`   // quiet, at the end
	Highest sample            `json:"highest"` // each for itself
	Kinds   map[string]*tally `json:"kinds"`
	Leaks   []string          `json:"leaks,omitempty"`
}

func run(ctx context.Context, o options) (bool, error) {
	ends := startUpstreams(ctx)
	defer ends.close()
	g, err := startGateway(ctx, o, ends)
	if err != nil {
		return false, err
	}
	defer g.stop()
	r := report{Engine: o.engine, Began: time.Now().UTC(), Kinds: map[string]*tally{}}
	t := newTraffic(g)
	t.run(ctx, o.warm, func(sample) {})
	if r.Before, err = g.quiet(o.calm); err != nil {
		return false, err
	}
	t.reset()
	began := time.Now()
	t.run(ctx, o.length, func(s sample) {
		r.Highest.raise(s)
		fmt.Fprintln(os.Stderr, time.Since(began).Round(time.Second), s, t.summary())
	})
	r.Traffic = time.Since(began).Round(time.Second).String()
	if r.After, err = g.quiet(o.calm); err != nil {
		return false, err
	}
	r.Kinds = t.tallies
	r.Leaks = leaks(r.Before, r.After)
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return false, err
	}
	if o.out == "" {
		fmt.Println(string(text))
	} else if err := os.WriteFile(o.out, append(text, '\n'), 0o644); err != nil {
		return false, err
	}
	return len(r.Leaks) == 0 && t.wrong() == 0, nil
}

// leaks compares two quiet moments.
func leaks(before, after sample) (found []string) {
	for _, l := range []struct {
		name        string
		was, is, by int64
	}{
		{"descriptors", before.Descriptors, after.Descriptors, 10},
		{"goroutines", before.Goroutines, after.Goroutines, 20},
		{"heap bytes", before.Heap, after.Heap, 8 << 20},
		{"resident bytes", before.Resident, after.Resident, before.Resident / 2},
		{"connections", before.Connections, after.Connections, 1},
	} {
		if l.is > l.was+l.by {
			found = append(found, fmt.Sprintf("%s: %d, then %d", l.name, l.was, l.is))
		}
	}
	return found
}
