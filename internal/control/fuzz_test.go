package control_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control"
)

// FuzzServe holds the server to answer anything that can be sent, with a
// request id and without a panic that gets out.
func FuzzServe(f *testing.F) {
	f.Add("POST", "localhost", "/restapis?mode=import", signature("apigateway"), "", "application/json", []byte(`{"name":"x"}`))
	f.Add("POST", "localhost", "/", signature("iam"), "", "application/x-www-form-urlencoded", []byte("Action=GetRole&Version=2010-05-08&RoleName=r"))
	f.Add("POST", "localhost", "/", signature("logs"), "Logs_20140328.DescribeLogGroups", "application/x-amz-json-1.1", []byte(`{"limit":5}`))
	f.Add("POST", "localhost", "/service/GraniteServiceVersion20100801/operation/PutMetricData", signature("monitoring"), "", "application/cbor", []byte("\xa1\x69Namespace\x61n"))
	f.Add("GET", "x.execute-api.localhost", "/prod/@connections/a", signature("execute-api"), "", "", []byte(nil))
	s := newServer(f, control.Config{Services: (&echo{}).services()})
	f.Fuzz(func(t *testing.T, method, host, target, auth, amzTarget, kind string, body []byte) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" {
			return
		}
		r := &http.Request{Method: method, URL: u, RequestURI: target, Host: host, Header: http.Header{}, Body: http.NoBody, ContentLength: int64(len(body))}
		r = r.WithContext(t.Context())
		r.Body = readCloser{bytes.NewReader(body)}
		r.Header.Set("Authorization", auth)
		r.Header.Set("X-Amz-Target", amzTarget)
		r.Header.Set("Content-Type", kind)
		if len(kind) > 30 {
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
			r.Header.Set("Content-Encoding", "gzip")
		}
		s.Owns(host, target, method, r.Header.Get)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 || w.Header().Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s %s: %d %v", method, target, w.Code, w.Header())
		}
	})
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
