package program

// requestTimeForm is the form of the Common Log Format.
const requestTimeForm = "00/Jan/0000:00:00:00 +0000"

// putRequestTime writes a second since 1970 in that form.
func putRequestTime(t *[len(requestTimeForm)]byte, unix int64) {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	days, second := unix/secondsOfDay, unix%secondsOfDay
	if second < 0 {
		days, second = days-1, second+secondsOfDay
	}
	year, month, day := civil(days)
	copy(t[:], requestTimeForm)
	putTwo(t[0:], day)
	copy(t[3:6], months[3*month-3:])
	putTwo(t[7:], year/100)
	putTwo(t[9:], year%100)
	putTwo(t[12:], int(second)/3600)
	putTwo(t[15:], int(second)/60%60)
	putTwo(t[18:], int(second)%60)
}

const secondsOfDay = 24 * 60 * 60

// civil is the date of a day since 1970, in the Gregorian calendar. Years begin
// with March here, so that a leap day is the last of its year; 400 of them are
// an era. It is what time.Time says at a third of the cost.
func civil(days int64) (year, month, day int) {
	const (
		toEra    = 719_468 // days from 1 March 0000 to 1970
		eraDays  = 146_097
		fourDays = 1_461 // of four years
	)
	days += toEra
	era := days / eraDays
	if days < 0 {
		era = (days - eraDays + 1) / eraDays
	}
	ofEra := days - era*eraDays
	years := (ofEra - ofEra/(fourDays-1) + ofEra/36_524 - ofEra/(eraDays-1)) / 365
	ofYear := int(ofEra - (365*years + years/4 - years/100))
	month = (5*ofYear + 2) / 153 // 0 is March
	day = ofYear - (153*month+2)/5 + 1
	year = int(years + era*400)
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// putTwo writes n as two digits.
func putTwo(to []byte, n int) {
	_ = to[1]
	to[0], to[1] = byte('0'+n/10%10), byte('0'+n%10)
}
