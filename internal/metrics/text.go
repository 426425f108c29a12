package metrics

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The bounds of Prometheus's histograms are powers of two of microseconds,
// from 256 us to 17 s: there the finer buckets end, so the numbers are exact.
const (
	firstBound = 8
	lastBound  = 24
)

// WriteText writes all that was counted in Prometheus's text form.
func (s *Set) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	all := s.snapshot()
	family(out, "apigateway_requests_total", "counter", "Requests that reached a stage, by status.")
	for _, r := range all {
		for class, n := range r.status {
			if n > 0 {
				fmt.Fprintf(out, "apigateway_requests_total{%s,status=\"%s\"} %d\n", r.labels, className(class), n)
			}
		}
	}
	histograms(out, all, "apigateway_latency_seconds", "From the request's head to the end of its answer.", func(r *shown) *distribution { return &r.latency })
	histograms(out, all, "apigateway_integration_latency_seconds", "Of calls to back ends.", func(r *shown) *distribution { return &r.integration })
	family(out, "apigateway_cache_hits_total", "counter", "Requests that a stage's cache answered.")
	for _, r := range all {
		if r.hits+r.misses > 0 {
			fmt.Fprintf(out, "apigateway_cache_hits_total{%s} %d\n", r.labels, r.hits)
		}
	}
	family(out, "apigateway_cache_misses_total", "counter", "Requests that a stage's cache had no answer for.")
	for _, r := range all {
		if r.hits+r.misses > 0 {
			fmt.Fprintf(out, "apigateway_cache_misses_total{%s} %d\n", r.labels, r.misses)
		}
	}
	family(out, "stagedoor_metrics_crowded_total", "counter", "Routes that are not counted by themselves, because there are too many.")
	fmt.Fprintf(out, "stagedoor_metrics_crowded_total %d\n", s.crowded.Load())
	return out.Flush()
}

// shown is a recorder at one moment.
type shown struct {
	labels string
	totals
}

func (s *Set) snapshot() []shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]shown, 0, len(s.recorders))
	for k, r := range s.recorders {
		if t := r.read(false); t.count() > 0 {
			out = append(out, shown{fmt.Sprintf("api=%s,stage=%s,method=%s,resource=%s", label(k.APIID), label(k.Stage), label(k.Method), label(k.Resource)), t})
		}
	}
	slices.SortFunc(out, func(a, b shown) int { return cmp.Compare(a.labels, b.labels) })
	return out
}

func label(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}

func className(class int) string {
	if class == 0 {
		return "other"
	}
	return fmt.Sprintf("%dxx", class)
}

func family(w io.Writer, name, kind, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func histograms(w io.Writer, all []shown, name, help string, of func(*shown) *distribution) {
	family(w, name, "histogram", help)
	for i := range all {
		d := of(&all[i])
		var seen uint64
		next := 0
		count := func(to int) uint64 {
			for ; next < to; next++ {
				seen += d.count[next]
			}
			return seen
		}
		if total := d.total(); total == 0 {
			continue
		}
		for k := firstBound; k <= lastBound; k++ {
			fmt.Fprintf(w, "%s_bucket{%s,le=\"%g\"} %d\n", name, all[i].labels, float64(uint64(1)<<k)/1e6, count(bucketOf(1<<k)))
		}
		fmt.Fprintf(w, "%s_bucket{%s,le=\"+Inf\"} %d\n", name, all[i].labels, count(buckets))
		fmt.Fprintf(w, "%s_sum{%s} %g\n%s_count{%s} %d\n", name, all[i].labels, float64(d.sum)/1e6, name, all[i].labels, seen)
	}
}

func (d *distribution) total() (n uint64) {
	for _, c := range d.count {
		n += c
	}
	return n
}
