package stagedoor

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/awscall"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/step"
)

// remote is functions that some other host runs, behind Lambda's Invoke call.
// It implements step.Functions.
type remote struct {
	places *awscall.Endpoints
	own    step.Credential
	signer sigv4.Signer
	pool   *http.Transport
}

// lambdaName is Lambda's name among endpoints.
const lambdaName = "lambda"

// newRemote makes it of endpoints that Check has accepted.
func newRemote(places *awscall.Endpoints, own step.Credential) *remote {
	return &remote{places: places, own: own, pool: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second, MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
	}}
}

// Permits implements step.Functions. The endpoint has the functions' policies
// and is the one to ask them.
func (r *remote) Permits(_, _, _, _, _ string) bool { return true }

// Invoke implements step.Functions. What is to be streamed comes as a whole.
func (r *remote) Invoke(ctx context.Context, arn string, payload []byte, stream bool) (*host.Result, error) {
	result, err := r.call(ctx, arn, "RequestResponse", payload)
	if err == nil && stream && result.FunctionError == "" {
		result.Stream, result.Payload = io.NopCloser(bytes.NewReader(result.Payload)), nil
	}
	return result, err
}

// Queue implements step.Functions.
func (r *remote) Queue(ctx context.Context, arn string, c host.Call) error {
	_, err := r.call(ctx, arn, "Event", c.Payload)
	return err
}

// remoteAnswer is the most that a function may answer, in bytes: Lambda's 6 MB.
const remoteAnswer = 6<<20 + 100

// call makes one Invoke call.
func (r *remote) call(ctx context.Context, arn, kind string, payload []byte) (*host.Result, error) {
	req, err := r.request(ctx, arn, kind, payload)
	if err != nil {
		return nil, err
	}
	resp, err := r.pool.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", req.URL.Host, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, remoteAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer of %s: %w", req.URL.Host, err)
	case len(body) > remoteAnswer:
		return nil, fmt.Errorf("the answer of %s is larger than %d bytes", req.URL.Host, remoteAnswer)
	case resp.StatusCode >= 300:
		return nil, remoteError(resp, body, len(payload))
	}
	return &host.Result{
		Payload: body, FunctionError: resp.Header.Get("X-Amz-Function-Error"), ContentType: resp.Header.Get("Content-Type"),
		ExecutedVersion: resp.Header.Get("X-Amz-Executed-Version"), RequestID: resp.Header.Get("X-Amzn-Requestid"),
	}, nil
}

// request is a signed Invoke call.
// parity: spec/services-observability.md 7.4
func (r *remote) request(ctx context.Context, arn, kind string, payload []byte) (*http.Request, error) {
	part := strings.SplitN(arn, ":", 8)
	if len(part) < 7 {
		return nil, host.ErrNoFunction
	}
	region := part[3]
	place, ok := r.places.Find(lambdaName, lambdaName, region)
	if !ok || strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return nil, host.ErrNoFunction
	}
	name, query := part[6], ""
	if len(part) == 8 {
		query = "Qualifier=" + url.QueryEscape(part[7])
	}
	path := "/2015-03-31/functions/" + url.PathEscape(name) + "/invocations"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, place.URL()+path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("call function %s: %w", arn, err)
	}
	req.URL.RawQuery = query
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Amz-Invocation-Type", kind)
	key := r.own
	if place.AccessKey != "" {
		key = step.Credential{AccessKey: place.AccessKey, Secret: place.Secret}
	}
	signed := sigv4.Request{
		Method: []byte(req.Method), Path: []byte(req.URL.EscapedPath()), Query: []byte(query), Host: []byte(req.URL.Host), Body: payload,
		Fields: []sigv4.Field{
			{Name: []byte("Content-Type"), Value: []byte("application/json")}, {Name: []byte("X-Amz-Invocation-Type"), Value: []byte(kind)},
		},
	}
	r.signer.Sign(&signed, &sigv4.Signature{
		AccessKey: key.AccessKey, Secret: key.Secret, Token: key.Token, Region: region, Service: lambdaName, Time: time.Now(),
	}, nil)
	for _, f := range signed.Fields[2:] {
		req.Header.Set(string(f.Name), string(f.Value))
	}
	return req, nil
}

// remoteError is what Lambda refused, as the built-in host would have.
func remoteError(resp *http.Response, body []byte, size int) error {
	var said struct{ Message, Reason string }
	_ = json.Unmarshal(body, &said) // what is missing stays empty
	err := fmt.Errorf("Lambda invocation failed with status: %d: %.200s", resp.StatusCode, said.Message)
	switch resp.StatusCode {
	case http.StatusNotFound:
		return errors.Join(host.ErrNoFunction, err)
	case http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return &host.Throttled{Reason: said.Reason, RetryAfter: time.Duration(seconds) * time.Second}
	case http.StatusRequestEntityTooLarge:
		return &host.TooLarge{Size: size, Limit: 6 << 20}
	}
	return err
}
