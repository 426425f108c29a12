package stagedoor

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/control"
)

// elsewhere passes AWS calls on to the endpoints of Config.AWSEndpoints.
type elsewhere struct {
	handlers map[string]http.Handler // by service in lower case; "default" for all others
	pool     *http.Transport
}

// passOnWait is how long an endpoint may take to begin its answer; long polling
// of queues takes 20 s.
const passOnWait = 60 * time.Second

// newElsewhere reads endpoints that Check has accepted.
func newElsewhere(endpoints []string, log *slog.Logger) (*elsewhere, error) {
	e := &elsewhere{handlers: map[string]http.Handler{}, pool: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: passOnWait,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true, DisableCompression: true,
	}}
	for _, given := range endpoints {
		service, at, _ := strings.Cut(given, "=")
		target, err := url.Parse(at)
		if err != nil {
			return nil, fmt.Errorf("aws-endpoint %q: %w", given, err)
		}
		e.handlers[strings.ToLower(service)] = e.to(target, log)
	}
	return e, nil
}

// to passes calls on to one endpoint as they came, the Host that they were signed
// with included: a signature stays what it is.
func (e *elsewhere) to(target *url.URL, log *slog.Logger) http.Handler {
	return &httputil.ReverseProxy{
		Transport: e.pool,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.URL.RawQuery = r.In.URL.RawQuery
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				log.Warn("an AWS call could not be passed on", "endpoint", target.Redacted(), "error", err)
			}
			text := "The endpoint " + target.Redacted() + ", which --aws-endpoint names for this call, does not answer."
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Amzn-Errortype", "ServiceUnavailableException")
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": "ServiceUnavailableException", "message": text})
		},
	}
}

// find is what answers calls to a service; nil: nothing does.
func (e *elsewhere) find(service string) http.Handler {
	if h, ok := e.handlers[strings.ToLower(service)]; ok {
		return h
	}
	if h, ok := e.handlers["default"]; ok {
		return h
	}
	return nil
}

// without leaves the services out that calls are to be passed on for. Those that
// are built in stay, and naming an endpoint for one is an error: it would see
// nothing.
func (e *elsewhere) without(services []control.Service) (rest []control.Service, err error) {
	var problems []error
	for _, s := range services {
		_, named := e.handlers[s.Table.Signing]
		switch {
		case named && len(s.Handlers) > 0:
			problems = append(problems, fmt.Errorf("aws-endpoint %s: stagedoor has %s itself and passes no call on", s.Table.Signing, s.Table.FullName))
		case named:
			continue
		}
		rest = append(rest, s)
	}
	return rest, errors.Join(problems...)
}

// network is the control plane that listens.
func (s *Server) network() (_ *control.Server, err error) {
	if s.elsewhere, err = newElsewhere(s.cfg.AWSEndpoints, s.cfg.Log); err != nil {
		return nil, err
	}
	cfg := s.controlConfig(s.functions.Handlers())
	if cfg.Services, err = s.elsewhere.without(cfg.Services); err != nil {
		return nil, err
	}
	cfg.PassOn = s.elsewhere.find
	return control.New(cfg)
}
