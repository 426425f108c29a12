package wire

import (
	"strconv"
	"strings"
	"time"
)

const (
	httpDate     = "Mon, 02 Jan 2006 15:04:05 GMT"
	httpDateFrac = "Mon, 02 Jan 2006 15:04:05.999999999 GMT"
)

// ParseTime reads a timestamp as format spells it. Smithy's servers take UTC
// only; Amazon's take an offset as well.
func ParseTime(text string, format TimeFormat, d Dialect) (time.Time, error) {
	switch format {
	case DateTime:
		return parseDateTime(text, d)
	case HTTPDate:
		t, err := time.Parse(httpDateFrac, text)
		if err != nil || len(text) < len(httpDate) {
			return time.Time{}, Malformedf("%s is not an HTTP date", quote(text))
		}
		return t.UTC(), nil
	default:
		return parseEpoch(text)
	}
}

func parseDateTime(text string, d Dialect) (time.Time, error) {
	bad := Malformedf("%s is not a date and time as in RFC 3339", quote(text))
	if len(text) < len("2006-01-02T15:04:05Z") || text[10] != 'T' {
		return time.Time{}, bad
	}
	if d == DialectSmithy && text[len(text)-1] != 'Z' {
		return time.Time{}, bad
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || strings.Contains(text, ",") {
		return time.Time{}, bad
	}
	return t.UTC(), nil
}

// parseEpoch reads seconds since 1970 with an optional fraction, exactly.
func parseEpoch(text string) (time.Time, error) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, frac, dotted := strings.Cut(digits, ".")
	if !allDigits(whole) || (dotted && !allDigits(frac)) || len(whole) > 12 {
		return time.Time{}, Malformedf("%s is not a number of seconds", quote(text))
	}
	if len(frac) > 9 {
		frac = frac[:9]
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, Malformedf("%s is not a number of seconds", quote(text))
	}
	nanos, _ := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
	if negative {
		seconds, nanos = -seconds, -nanos
	}
	return time.Unix(seconds, nanos).UTC(), nil
}

func allDigits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// AppendTime appends t as format spells it. Fractions are kept to the
// millisecond and left out when they are zero.
func AppendTime(b []byte, t time.Time, format TimeFormat) []byte {
	t = t.UTC().Truncate(time.Millisecond)
	millis := t.Nanosecond() / 1e6
	switch format {
	case DateTime:
		if millis != 0 {
			return t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
		}
		return t.AppendFormat(b, "2006-01-02T15:04:05Z")
	case HTTPDate:
		if millis != 0 {
			return t.AppendFormat(b, "Mon, 02 Jan 2006 15:04:05.000 GMT")
		}
		return t.AppendFormat(b, httpDate)
	default:
		return appendEpoch(b, t.UnixMilli())
	}
}

// appendEpoch appends seconds with a fraction of up to three digits.
func appendEpoch(b []byte, millis int64) []byte {
	if millis < 0 {
		b = append(b, '-')
		millis = -millis
	}
	b = strconv.AppendInt(b, millis/1000, 10)
	if frac := millis % 1000; frac != 0 {
		b = append(b, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10))
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

// Or is f, or g where f is unset.
func (f TimeFormat) Or(g TimeFormat) TimeFormat {
	if f == TimeUnset {
		return g
	}
	return f
}
