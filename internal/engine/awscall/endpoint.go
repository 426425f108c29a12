package awscall

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Endpoint is where calls to a service go. Host and Base may have {service} and
// {region}, until Find fills them in.
type Endpoint struct {
	Scheme, Host      string // http or https; with its port
	Base              string // path that all paths stand below; no '/' at its end
	AccessKey, Secret string // that calls are signed with there; empty: whoever calls
}

// AWS says whether the endpoint is AWS's own: it knows no credentials but those
// that it has given out itself, and routes by host.
func (e *Endpoint) AWS() bool {
	host, _, _ := strings.Cut(e.Host, ":")
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")
}

// URL is the endpoint without its secret.
func (e *Endpoint) URL() string { return e.Scheme + "://" + e.Host + e.Base }

// Endpoints are the places of services, by name. A nil one has none.
type Endpoints struct {
	by       map[string]Endpoint // in lower case
	fallback *Endpoint
}

var errEndpoint = errors.New("must be SERVICE=http://HOST:PORT")

// ParseEndpoints reads "SERVICE=URL", with "default=URL" for all others. The
// error says which are wrong.
func ParseEndpoints(given []string) (*Endpoints, error) {
	all := &Endpoints{by: map[string]Endpoint{}}
	var problems []error
	for _, text := range given {
		name, at, _ := strings.Cut(text, "=")
		e, err := parseEndpoint(at)
		switch {
		case err != nil || name == "":
			problems = append(problems, fmt.Errorf("aws-endpoint %q: %w", hidden(text), errEndpoint))
		case strings.EqualFold(name, "default"):
			all.fallback = &e
		default:
			all.by[strings.ToLower(name)] = e
		}
	}
	return all, errors.Join(problems...)
}

// hidden is a text without the secret that may stand in it.
func hidden(text string) string {
	head, rest, ok := strings.Cut(text, "://")
	if _, host, secret := strings.Cut(rest, "@"); ok && secret {
		return head + "://...@" + host
	}
	return text
}

func parseEndpoint(text string) (Endpoint, error) {
	// What is filled in later would not be taken for part of a host.
	fill := strings.NewReplacer("{service}", "xservicex", "{region}", "xregionx")
	u, err := url.Parse(fill.Replace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return Endpoint{}, errEndpoint
	}
	unfill := strings.NewReplacer("xservicex", "{service}", "xregionx", "{region}")
	e := Endpoint{Scheme: u.Scheme, Host: unfill.Replace(strings.ToLower(u.Host)), Base: unfill.Replace(strings.TrimRight(u.EscapedPath(), "/"))}
	if u.User != nil {
		e.AccessKey = u.User.Username()
		e.Secret, _ = u.User.Password()
		if e.AccessKey == "" || e.Secret == "" {
			return Endpoint{}, errEndpoint
		}
	}
	return e, nil
}

// Named says whether a service has a place of its own, the default not counted.
func (e *Endpoints) Named(service string) bool {
	if e == nil {
		return false
	}
	_, ok := e.by[strings.ToLower(service)]
	return ok
}

// Find is where calls to a service go that AWS has at host.region: the place of
// that host, that of the service, or the default. Host, service and region must
// be such as Parse gives.
func (e *Endpoints) Find(host, service, region string) (Endpoint, bool) {
	if e == nil {
		return Endpoint{}, false
	}
	found, ok := e.by[strings.ToLower(host)]
	if !ok {
		found, ok = e.by[strings.ToLower(service)]
	}
	if !ok {
		if e.fallback == nil {
			return Endpoint{}, false
		}
		found = *e.fallback
	}
	fill := strings.NewReplacer("{service}", host, "{region}", region)
	found.Host, found.Base = fill.Replace(found.Host), fill.Replace(found.Base)
	return found, true
}
