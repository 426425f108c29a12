package jsonschema

import (
	"bytes"
	"cmp"
	"math/bits"
)

// decimal is a JSON number, exact: 0.d1d2d3... times ten to the power of
// point. The digits are those of high, then those of low; the first and the
// last are not zero. Zero has none.
type decimal struct {
	negative  bool
	high, low []byte
	point     int64
}

// parseDecimal takes a number apart that was read before. It copies nothing.
func parseDecimal(raw []byte) decimal {
	var d decimal
	if raw[0] == '-' {
		d.negative, raw = true, raw[1:]
	}
	i := digits(raw, 0)
	d.high, raw = raw[:i], raw[i:]
	if len(raw) > 0 && raw[0] == '.' {
		i = digits(raw, 1)
		d.low, raw = raw[1:i], raw[i:]
	}
	d.point = int64(len(d.high)) + exponent(raw)

	d.high = bytes.TrimLeft(d.high, "0")
	if len(d.high) == 0 { // 0.x: the point moves over the zeros
		d.point = exponent(raw)
		zeros := len(d.low)
		d.low = bytes.TrimLeft(d.low, "0")
		d.point -= int64(zeros - len(d.low))
	}
	d.low = bytes.TrimRight(d.low, "0")
	if len(d.low) == 0 {
		d.high = bytes.TrimRight(d.high, "0")
	}
	if d.zero() {
		return decimal{}
	}
	return d
}

// exponent reads what stands behind the digits of a number, if anything does.
func exponent(raw []byte) (e int64) {
	if len(raw) == 0 {
		return 0
	}
	raw = raw[1:] // the e
	negative := raw[0] == '-'
	if negative || raw[0] == '+' {
		raw = raw[1:]
	}
	for _, c := range raw { // at most maxExponent digits count
		e = e*10 + int64(c-'0')
	}
	if negative {
		return -e
	}
	return e
}

func (d *decimal) zero() bool { return len(d.high) == 0 && len(d.low) == 0 }

func (d *decimal) len() int { return len(d.high) + len(d.low) }

// digit is the digit at i, zero behind the last.
func (d *decimal) digit(i int) byte {
	if i < len(d.high) {
		return d.high[i]
	}
	if i -= len(d.high); i < len(d.low) {
		return d.low[i]
	}
	return '0'
}

// compare is -1, 0 or 1, as a is less than, equal to or greater than b.
func (d *decimal) compare(b *decimal) int {
	if d.sign() != b.sign() {
		return cmp.Compare(d.sign(), b.sign())
	}
	c := cmp.Compare(d.point, b.point)
	for i := 0; c == 0 && i < max(d.len(), b.len()); i++ {
		c = cmp.Compare(d.digit(i), b.digit(i))
	}
	return c * d.sign()
}

func (d *decimal) sign() int {
	switch {
	case d.zero():
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// divisor is the number of a multipleOf: value times ten to the power of exp.
type divisor struct {
	value uint64 // 0 < value < 10^18
	exp   int64
}

// parseDivisor reads the number of a multipleOf. ok is false if it is not
// greater than zero, or has more than 18 digits.
func parseDivisor(raw []byte) (v divisor, ok bool) {
	d := parseDecimal(raw)
	if d.sign() <= 0 || d.len() > 18 {
		return divisor{}, false
	}
	for i := range d.len() {
		v.value = v.value*10 + uint64(d.digit(i)-'0')
	}
	v.exp = d.point - int64(d.len())
	return v, true
}

// divides says whether d is a multiple of v. Its time is linear in the digits
// of d and the logarithm of the exponents, however large they are.
func (v divisor) divides(d *decimal) bool {
	exp := d.point - int64(d.len()) - v.exp
	if exp < 0 { // the last digit of d is not zero, so no power of ten divides it
		return d.zero()
	}
	var rest uint64
	for i := range d.len() {
		rest = (rest*10 + uint64(d.digit(i)-'0')) % v.value // below 10^19, which fits
	}
	for power := uint64(10) % v.value; exp > 0; exp >>= 1 {
		if exp&1 == 1 {
			rest = mulmod(rest, power, v.value)
		}
		power = mulmod(power, power, v.value)
	}
	return rest == 0
}

// smallInteger reads a number that was read before, if it is an integer of 18
// digits at most: the common case, without taking it apart.
func smallInteger(raw []byte) (n int64, ok bool) {
	s := raw
	if raw[0] == '-' {
		s = raw[1:]
	}
	if len(s) > 18 {
		return 0, false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if raw[0] == '-' {
		n = -n
	}
	return n, true
}

// mulmod is a times b modulo m, for a and b below m or m at least 1.
func mulmod(a, b, m uint64) uint64 {
	high, low := bits.Mul64(a%m, b%m)
	_, rest := bits.Div64(high, low, m)
	return rest
}
