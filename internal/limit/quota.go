package limit

import "time"

// Date is a day, UTC: days since 1970-01-01.
type Date int32

const secondsOfDay = 24 * 60 * 60

// DateOf is the day of a time. Days before 1970 are no days of ours.
func DateOf(t time.Time) Date { return Date(t.Unix() / secondsOfDay) }

// Time is the day's first moment.
func (d Date) Time() time.Time { return time.Unix(int64(d)*secondsOfDay, 0).UTC() }

// String is the day as 2006-01-02.
func (d Date) String() string { return d.Time().Format(time.DateOnly) }

// Period is how long a quota lasts before it begins again.
type Period uint8

// The periods of quotas.
const (
	Day Period = iota
	Week
	Month
)

// PeriodOf reads AWS's name of a period.
func PeriodOf(name string) (p Period, ok bool) {
	switch name {
	case "DAY":
		return Day, true
	case "WEEK":
		return Week, true
	case "MONTH":
		return Month, true
	}
	return 0, false
}

// Start is the first day of the period that d is in. Weeks begin on Monday,
// months on the first. parity: spec/rest-data-plane.md 13, recommended.
func (d Date) Start(p Period) Date {
	switch p {
	case Week:
		return d - (d+3)%7 // 1970-01-01 was a Thursday
	case Month:
		return d - Date(d.Time().Day()-1)
	default:
		return d
	}
}

// Quota is how many requests a key may make in a period.
type Quota struct {
	Limit  int64
	Offset int64 // taken off the limit of the first period
	Period Period
}

// Extra is what was granted on top of a quota, or taken off it, in one period.
type Extra struct {
	Period Period
	Start  Date // the period's first day
	Amount int64
}

// Allowance is how many requests may be made in the period that today is in,
// by a key that may make any since first. extra may be nil.
func (q Quota) Allowance(today, first Date, extra *Extra) int64 {
	start := today.Start(q.Period)
	n := q.Limit
	if start <= first {
		n -= q.Offset
	}
	if extra != nil && extra.Period == q.Period && extra.Start == start {
		n += extra.Amount
	}
	return n
}
