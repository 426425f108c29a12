package iam

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// decimal is a decimal number of any size: AWS tells of none.
type decimal struct {
	negative    bool
	whole, frac string // without zeros before and behind
}

// parseDecimal reads digits with a sign and a fraction, and nothing else.
func parseDecimal(s string) (d decimal, ok bool) {
	if s, d.negative = strings.CutPrefix(s, "-"); !d.negative {
		s, _ = strings.CutPrefix(s, "+")
	}
	whole, frac, point := strings.Cut(s, ".")
	if !digits(whole) || !digits(frac) || whole == "" && frac == "" || point && frac == "" {
		return decimal{}, false
	}
	d.whole, d.frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
	if d.whole == "" && d.frac == "" {
		d.negative = false
	}
	return d, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	n := cmp.Compare(len(d.whole), len(e.whole))
	if n == 0 {
		n = cmp.Compare(d.whole, e.whole)
	}
	if n == 0 {
		n = cmp.Compare(d.frac, e.frac)
	}
	if d.negative {
		return -n
	}
	return n
}

// parseDate reads the forms that W3C's profile of ISO 8601 has, and seconds
// since 1970; four digits are a year.
// parity: IAM User Guide, "Date condition operators"
func parseDate(s string) (time.Time, bool) {
	if len(s) != 4 && len(s) > 0 && len(s) < 19 && digits(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		return time.Unix(n, 0), err == nil
	}
	var form string
	switch {
	case len(s) == len("2006"):
		form = "2006"
	case len(s) == len("2006-01"):
		form = "2006-01"
	case len(s) == len("2006-01-02"):
		form = "2006-01-02"
	case len(s) < len("2006-01-02T15:04Z") || len(s) > 40:
		return time.Time{}, false
	case s[len("2006-01-02T15:04")] != ':':
		form = "2006-01-02T15:04Z07:00"
	default:
		form = time.RFC3339 // takes fractions of a second as well
	}
	at, err := time.Parse(form, s)
	return at, err == nil
}

// parsePrefix reads a range of addresses; one address is a range as well.
// Those of IPv4 in IPv6 are IPv4's.
func parsePrefix(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, ok := parseAddr(s)
		if !ok {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// parseAddr reads an address, without its zone.
func parseAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap().WithZone(""), err == nil
}
