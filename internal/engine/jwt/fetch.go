package jwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// MaxDocument is how long a document of an issuer may be, in bytes.
const MaxDocument = 1 << 20

var errPlace = errors.New("not a place for an issuer: https, or http on this machine, without user and fragment")

// CheckPlace says whether documents of issuers may be fetched from a URL.
func CheckPlace(place string) error {
	u, err := url.Parse(place)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return errPlace
	}
	if u.Scheme == "https" || u.Scheme == "http" && local(u.Hostname()) {
		return nil
	}
	return errPlace
}

// mayLead says whether what is fetched from one place may send us to another:
// never from elsewhere to this machine.
func mayLead(from, to string) error {
	if err := CheckPlace(to); err != nil {
		return err
	}
	a, errA := url.Parse(from)
	b, errB := url.Parse(to)
	if errA != nil || errB != nil || local(b.Hostname()) && !local(a.Hostname()) {
		return errPlace
	}
	return nil
}

func local(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Fetcher gets documents over HTTP: no redirects, no proxy, no compression, a
// limit on their length, and never from addresses that only machines in a
// cloud have reason to ask.
type Fetcher struct{ client *http.Client }

// NewFetcher makes a Fetcher.
func NewFetcher() *Fetcher {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: refuseAddress}
	return &Fetcher{&http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true,
			TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var errAddress = errors.New("address not allowed")

// refuseAddress looks at the address that a name led to, at the last moment.
// parity: spec/security.md 9.10.
func refuseAddress(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() || ip == netip.MustParseAddr("fd00:ec2::254") {
		return errAddress
	}
	return nil
}

// Fetch gets one document.
func (f *Fetcher) Fetch(ctx context.Context, place string) ([]byte, error) {
	if err := CheckPlace(place); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // the document has been read, or is of no use
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %d", resp.StatusCode)
	}
	doc, err := io.ReadAll(io.LimitReader(resp.Body, MaxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(doc) > MaxDocument {
		return nil, fmt.Errorf("longer than %d bytes", MaxDocument)
	}
	return doc, nil
}
