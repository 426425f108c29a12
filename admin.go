package stagedoor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/gateway"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// adminGrace is how long a call of the admin endpoint may take at the end.
const adminGrace = 2 * time.Second

// serveAdmin serves what operators look at, on loopback only.
func (s *Server) serveAdmin(ctx context.Context, ln net.Listener) error {
	server := &http.Server{Handler: control.NoForeignPages(s.adminHandler()), ReadHeaderTimeout: 5 * time.Second}
	closed := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(closed)
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), adminGrace)
		defer stop()
		if server.Shutdown(last) != nil {
			_ = server.Close() // who is still there has had its time
		}
	})
	err := server.Serve(ln)
	if !unhook() {
		<-closed
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /explain/{api}/{stage}", s.explain)
	mux.HandleFunc("GET /audit", s.audit)
	mux.HandleFunc("GET /cognito/messages", s.poolMessages)
	mux.HandleFunc("POST /cognito/pools/{pool}/rotate", s.rotatePool)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// readyz answers 200 when everything that was there at start is served; stages
// that do not compile are named, and do not make the node unready.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	status := s.gateway.Status()
	w.Header().Set("Content-Type", "application/json")
	if !status.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(struct {
		gateway.Status
		Version string   `json:"version"`
		Notes   []string `json:"notes,omitempty"` // trouble that does not stop traffic
	}{status, s.cfg.Version, s.notes()})
}

// notes are what an operator should look at although requests are served.
func (s *Server) notes() (all []string) {
	if ok, _ := s.store.Writing(); !ok {
		all = append(all, "the store cannot be written: changes are refused, and usage is counted in memory only")
	}
	if a := s.ledger.access; a != nil && a.Failing() {
		all = append(all, "the access log cannot be written: lines are lost")
	}
	return all
}

// metrics are counters in Prometheus's text form.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, l := range []struct {
		name   string
		server *transport.Server
	}{{"both", s.both}, {"invoke", s.invoke}} {
		c := &l.server.Counters
		for _, m := range []struct {
			name  string
			value int64
		}{
			{"connections_accepted_total", c.Accepted.Load()},
			{"connections_open", c.Open.Load()},
			{"connections_crowded_total", c.Crowded.Load()},
			{"accepts_paused_total", c.Paused.Load()},
			{"requests_total", c.Requests.Load()},
			{"answers_aborted_total", c.Aborted.Load()},
		} {
			fmt.Fprintf(w, "stagedoor_%s{listener=%q} %d\n", m.name, l.name, m.value)
		}
		for _, status := range transport.RefusedStatuses() {
			fmt.Fprintf(w, "stagedoor_refused_total{listener=%q,status=\"%d\"} %d\n", l.name, status, c.Refused(status))
		}
	}
	_ = s.writeLedger(w) // whoever asked has gone
	status := s.gateway.Status()
	s.loopMetrics(w)
	_, failed := s.store.Writing()
	fmt.Fprintf(w, "stagedoor_store_writes_failed_total %d\n", failed)
	fmt.Fprintf(w, "stagedoor_stages %d\nstagedoor_stages_failed %d\n", status.Stages, len(status.Failures))
}

// explain shows the compiled program of a stage, or of the route that a method
// and path take; as text, or as JSON for ?output=json.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	api, stage, q := r.PathValue("api"), r.PathValue("stage"), r.URL.Query()
	var explained interface{ WriteText(w io.Writer) error }
	var err error
	if method := q.Get("method"); method != "" {
		explained, err = s.gateway.ExplainRoute(api, stage, strings.ToUpper(method), q.Get("path"))
	} else {
		explained, err = s.gateway.Explain(api, stage)
	}
	if err != nil {
		http.Error(w, fmt.Sprintf("%s/%s: %v", api, stage, err), http.StatusNotFound)
		return
	}
	if q.Get("output") == "json" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(explained)
		return
	}
	_ = explained.WriteText(w)
}
