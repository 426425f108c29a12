package control

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// NoForeignPages passes calls on to next, except those that the web pages of
// others have a browser make: they get 403. Whoever reaches a listener on
// loopback may do everything there, and every page that somebody on this machine
// looks at reaches it: a form or a fetch with a plain Content-Type is sent without
// asking, and a page's own name may be made to point to 127.0.0.1. AWS clients send
// neither Origin nor Sec-Fetch-Site, and call us by a name that is nobody else's.
func NoForeignPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if foreignPage(r) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"message":"Web pages of other sites may not make this call."}`))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreignPage reports whether a page that is not this machine's own may have made
// the request.
func foreignPage(r *http.Request) bool {
	if !nobodysName(r.Host) {
		return true
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err != nil || !loopbackName(u.Host)
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// nobodysName reports whether a host is one that nobody can make a browser take
// for their own: an address, a name that no public zone has, or AWS's.
func nobodysName(host string) bool {
	name := bareName(host)
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(name, ".") {
		return true
	}
	for _, zone := range []string{"localhost", "internal", "local", "test", "localhost.localstack.cloud", "amazonaws.com", "amazonaws.com.cn"} {
		if name == zone || strings.HasSuffix(name, "."+zone) {
			return true
		}
	}
	return false
}

// loopbackName reports whether a host is this machine, and not an API on it:
// what APIs answer is their back ends'.
func loopbackName(host string) bool {
	name := bareName(host)
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.IsLoopback()
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") && !apiHost(name)
}

// bareName is a host without port, brackets, a final dot and capitals.
func bareName(host string) string {
	name := strings.Trim(withoutPort(host), "[]")
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
