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
	"github.com/stagedoor/stagedoor/internal/engine/awscall"
)

// elsewhere passes AWS calls on to the endpoints of Config.AWSEndpoints.
type elsewhere struct {
	places *awscall.Endpoints
	region string
	pool   *http.Transport
	log    *slog.Logger
}

// passOnWait is how long an endpoint may take to begin its answer; long polling
// of queues takes 20 s.
const passOnWait = 60 * time.Second

// newElsewhere reads endpoints that Check has accepted.
func newElsewhere(endpoints []string, region string, log *slog.Logger) (*elsewhere, error) {
	places, err := awscall.ParseEndpoints(endpoints)
	return &elsewhere{places: places, region: region, log: log, pool: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: passOnWait,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true, DisableCompression: true,
	}}, err
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
	if strings.Trim(service, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return nil // it may become part of a host
	}
	place, ok := e.places.Find(strings.ToLower(service), service, e.region)
	if !ok {
		return nil
	}
	target, err := url.Parse(place.URL())
	if err != nil {
		return nil
	}
	return e.to(target, e.log)
}

// without leaves the services out that calls are to be passed on for. Those that
// are built in stay, and naming an endpoint for one is an error: it would see
// nothing.
func (e *elsewhere) without(services []control.Service) (rest []control.Service, err error) {
	var problems []error
	for _, s := range services {
		named := e.places.Named(s.Table.Signing)
		switch {
		case named && len(s.Handlers) > 0 && s.Table.Signing != lambdaName: // Lambda's own switches the built-in host off
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
	if s.elsewhere, err = newElsewhere(s.cfg.AWSEndpoints, s.cfg.Region, s.cfg.Log); err != nil {
		return nil, err
	}
	cfg := s.controlConfig(s.functions.Handlers())
	if cfg.Services, err = s.elsewhere.without(cfg.Services); err != nil {
		return nil, err
	}
	cfg.PassOn = s.elsewhere.find
	s.protect(&cfg)
	return control.New(cfg)
}
