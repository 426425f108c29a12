package control_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control"
)

// A page that a developer looks at could create a function and so run code on
// the machine; it must get nowhere.
func TestNoForeignPages(t *testing.T) {
	const local = "127.0.0.1:4566"
	for _, tt := range []struct {
		name, host, origin, site string
		want                     int
	}{
		{"an AWS client", local, "", "", 200},
		{"by name", "localhost:4566", "", "", 200},
		{"by IPv6", "[::1]:4566", "", "", 200},
		{"by a service's name", "lambda.us-east-1.amazonaws.com", "", "", 200},
		{"by its name in a container", "host.docker.internal:4566", "", "", 200},
		{"by its name in a compose file", "stagedoor:4566", "", "", 200},
		{"without a host", "", "", "", 200},
		{"somebody at the address bar", local, "", "none", 200},
		{"a page of this machine", local, "http://localhost:3000", "cross-site", 200},
		{"a page of this machine, by address", local, "http://127.0.0.1:4566", "same-origin", 200},
		{"a form of another site", local, "https://evil.example", "cross-site", 403},
		{"a form without origin", local, "null", "cross-site", 403},
		{"an image of another site", local, "", "cross-site", 403},
		{"a page of a neighbour's name", "a.localhost:4566", "", "same-site", 403},
		{"a name that points here", "evil.example:4566", "http://evil.example:4566", "same-origin", 403},
		{"a name that points here, no origin", "evil.example:4566", "", "", 403},
		{"a name like AWS's", "x.evilamazonaws.com", "", "", 403},
		{"a page that an API answered", local, "http://shop.execute-api.localhost:4566", "same-site", 403},
		{"a page that a function answered", local, "http://x.lambda-url.us-east-1.localhost:4566", "", 403},
		{"an origin like ours", local, "http://localhost.evil.example", "", 403},
		{"an origin that is an address elsewhere", local, "http://10.0.0.7", "", 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/2015-03-31/functions", http.NoBody)
			r.Host = tt.host
			for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			w := httptest.NewRecorder()
			control.NoForeignPages(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })).ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("answered %d, want %d", w.Code, tt.want)
			}
		})
	}
}
