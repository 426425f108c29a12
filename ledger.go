package stagedoor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/awscall"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/metrics"
	"github.com/stagedoor/stagedoor/internal/sink"
	"github.com/stagedoor/stagedoor/internal/step"
)

// ledger is where what requests came to is written down.
type ledger struct {
	metrics  *metrics.Set
	events   *sink.Events
	access   *sink.File     // nil: the operator wants none
	firehose *sink.Firehose // nil: it has no endpoint
}

// openLedger opens the operator's access log, and makes the rest.
func (s *Server) openLedger() (err error) {
	l := &s.ledger
	l.metrics, l.events = metrics.New(nil), sink.NewEvents(uuid.NewString())
	switch path := s.cfg.AccessLog; path {
	case "", "off":
	case "stdout":
		out := s.cfg.Stdout
		if out == nil {
			out = os.Stdout
		}
		l.access = sink.NewStream(out, s.cfg.Log)
	default:
		if l.access, err = sink.OpenFile(path, s.cfg.Log); err != nil {
			return err
		}
	}
	deliver, err := s.firehose()
	if err == nil && deliver != nil {
		l.firehose = sink.NewFirehose(deliver, s.cfg.Log)
	}
	return err
}

// compiled is the ledger as programs write to it.
func (l *ledger) compiled() compile.Ledger {
	out := compile.Ledger{Metrics: l.metrics, Group: func(name string) compile.LogGroup { return l.events.Group(name) }}
	if l.access != nil {
		out.Access = l.access
	}
	if l.firehose != nil {
		out.Firehose = func(name string) step.Lines { return l.firehose.Stream(name) }
	}
	return out
}

// run has all that comes written, until ctx is done.
func (s *Server) runLedger(ctx context.Context, parts *errgroup.Group) {
	l := &s.ledger
	parts.Go(func() error { return l.metrics.Run(ctx) })
	parts.Go(func() error { return l.events.Run(ctx, s.logs) })
	if l.access != nil {
		parts.Go(func() error { return l.access.Run(ctx) })
	}
	if l.firehose != nil {
		parts.Go(func() error { return l.firehose.Run(ctx) })
	}
}

// welcome says that the account may log from now on.
// parity: services-observability.md 9.4, "welcome"
func (s *Server) welcome() {
	s.ledger.events.Group("/aws/apigateway/welcome").Put(time.Now(), []byte("Cloudwatch logs enabled for API Gateway"))
}

// writeLedger writes what was counted in Prometheus's text form.
func (s *Server) writeLedger(w io.Writer) error {
	l := &s.ledger
	if err := l.metrics.WriteText(w); err != nil {
		return err
	}
	dropped := map[string]int64{"logs": l.events.Dropped()}
	if l.access != nil {
		written, lost := l.access.Lines()
		dropped["access"] = lost
		fmt.Fprintf(w, "# TYPE stagedoor_access_log_lines_total counter\nstagedoor_access_log_lines_total %d\n", written)
	}
	if l.firehose != nil {
		dropped["firehose"] = l.firehose.Dropped()
	}
	fmt.Fprint(w, "# HELP stagedoor_log_lines_dropped_total Lines that were given up, because they could not be written in time.\n# TYPE stagedoor_log_lines_dropped_total counter\n")
	for _, to := range []string{"access", "firehose", "logs"} {
		if n, ok := dropped[to]; ok {
			fmt.Fprintf(w, "stagedoor_log_lines_dropped_total{to=%q} %d\n", to, n)
		}
	}
	return nil
}

// firehose calls PutRecordBatch at the endpoint of --aws-endpoint; nil: there is none.
func (s *Server) firehose() (sink.Deliver, error) {
	places, err := awscall.ParseEndpoints(s.cfg.AWSEndpoints)
	if err != nil {
		return nil, err
	}
	at, ok := places.Find("firehose", "firehose", s.cfg.Region)
	if !ok {
		return nil, nil
	}
	as := sigv4.Signature{AccessKey: s.cfg.AWSAccessKeyID, Secret: s.cfg.AWSSecretAccessKey, Token: s.cfg.AWSSessionToken, Region: s.cfg.Region, Service: "firehose"}
	if at.AccessKey != "" {
		as.AccessKey, as.Secret, as.Token = at.AccessKey, at.Secret, ""
	} else if as.AccessKey == "" {
		as.AccessKey, as.Secret = "test", "test"
	}
	signer, client := &sigv4.Signer{}, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute}}
	return func(ctx context.Context, body []byte) ([]byte, error) {
		return putRecords(ctx, client, at, signer, as, body)
	}, nil
}

// putRecords makes one signed call.
func putRecords(ctx context.Context, client *http.Client, at awscall.Endpoint, signer *sigv4.Signer, as sigv4.Signature, body []byte) ([]byte, error) {
	const maxAnswer = 1 << 20
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.URL()+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	as.Time = time.Now()
	signed := sigv4.Request{Method: []byte(http.MethodPost), Path: []byte(req.URL.Path), Host: []byte(req.URL.Host), Body: body, Fields: []sigv4.Field{
		{Name: []byte("Content-Type"), Value: []byte("application/x-amz-json-1.1")},
		{Name: []byte("X-Amz-Target"), Value: []byte("Firehose_20150804.PutRecordBatch")},
	}}
	signer.Sign(&signed, &as, nil)
	for _, f := range signed.Fields {
		req.Header.Set(string(f.Name), string(f.Value))
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("firehose answered %d: %.200s", resp.StatusCode, answer)
	}
	return answer, err
}
