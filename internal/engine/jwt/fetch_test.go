package jwt

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFetch(t *testing.T) {
	hits := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("keys")) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/target", http.StatusFound) })
	mux.HandleFunc("/target", func(http.ResponseWriter, *http.Request) { hits++ })
	mux.HandleFunc("/error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, MaxDocument+1)) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	defer server.Close()
	f := NewFetcher()
	if doc, err := f.Fetch(t.Context(), server.URL+"/ok"); string(doc) != "keys" || err != nil {
		t.Errorf("Fetch = %q, %v", doc, err)
	}
	for _, path := range []string{"/away", "/error", "/large", "/nothing"} {
		if doc, err := f.Fetch(t.Context(), server.URL+path); err == nil {
			t.Errorf("Fetch(%s) = %d bytes, want an error", path, len(doc))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.Fetch(ctx, server.URL+"/slow"); err == nil {
		t.Error("a server that never answers gave a document")
	}
	if hits != 0 {
		t.Error("a redirect was followed")
	}
}

func TestPlaces(t *testing.T) {
	for place, ok := range map[string]bool{
		"https://id.example.org/x": true, "http://localhost:1/x": true, "http://127.0.0.1/x": true, "http://[::1]:8/x": true,
		"http://id.example.org/x": false, "file:///etc/passwd": false, "https://u:p@id.example.org": false, "": false,
		"https:id.example.org": false, "https://id.example.org#x": false, "http://127.0.0.1.evil.example": false,
		"http://2130706433/": false, "ftp://localhost/": false,
	} {
		if err := CheckPlace(place); (err == nil) != ok {
			t.Errorf("CheckPlace(%q) = %v, want ok %v", place, err, ok)
		}
	}
	for address, ok := range map[string]bool{
		"169.254.169.254:80": false, "[::ffff:169.254.169.254]:80": false, "[fe80::1]:80": false, "0.0.0.0:80": false,
		"[fd00:ec2::254]:80": false, "224.0.0.1:80": false, "10.0.0.1:443": true, "127.0.0.1:8080": true, "nonsense": false,
	} {
		if err := refuseAddress("tcp", address, nil); (err == nil) != ok {
			t.Errorf("refuseAddress(%s) = %v, want ok %v", address, err, ok)
		}
	}
}

func TestKeySets(t *testing.T) {
	for name, doc := range map[string]string{
		"no JSON": "<", "a list": "[]", "no keys": "{}", "keys no list": `{"keys":{}}`, "a key no object": `{"keys":[1]}`,
		"symmetric": `{"keys":[{"kty":"oct","k":"AA","kid":"a"}]}`, "twice": strings.Replace(keys().jwks(), `"e1"`, `"r1"`, 1),
		"too many": `{"keys":[` + strings.Repeat(`{},`, MaxKeys) + `{}]}`, "member twice": `{"keys":[],"keys":[]}`,
	} {
		if set, err := parseSet([]byte(doc)); err == nil {
			t.Errorf("%s: %v, want an error", name, set)
		}
	}
	private := strings.Replace(keys().jwks(), `"kid":"r1"`, `"kid":"r1","d":"AQ"`, 1)
	set, err := parseSet([]byte(private))
	if err != nil || set["r1"] != nil || set["e1"] == nil || len(set) != 1 {
		t.Errorf("a set with a published secret: %v, %v", set, err)
	}
}
