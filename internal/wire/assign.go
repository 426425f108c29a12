package wire

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// SetString puts text into dst, a place for a string.
func SetString(dst reflect.Value, text string) error {
	switch p := dst.Addr().Interface().(type) {
	case *string:
		*p = text
	case **string:
		*p = new(text)
	case *any:
		*p = text
	default:
		return misfit(dst, "a string")
	}
	return nil
}

// SetBool puts b into dst, a place for a boolean.
func SetBool(dst reflect.Value, b bool) error {
	switch p := dst.Addr().Interface().(type) {
	case *bool:
		*p = b
	case **bool:
		*p = new(b)
	case *any:
		*p = b
	default:
		return misfit(dst, "a boolean")
	}
	return nil
}

// SetBlob puts bytes into dst, a place for a blob, which then owns them.
func SetBlob(dst reflect.Value, blob []byte) error {
	switch p := dst.Addr().Interface().(type) {
	case *[]byte:
		*p = blob
	case *any:
		*p = blob
	default:
		return misfit(dst, "a blob")
	}
	return nil
}

// SetTime puts t into dst, a place for a timestamp.
func SetTime(dst reflect.Value, t time.Time) error {
	switch p := dst.Addr().Interface().(type) {
	case *time.Time:
		*p = t
	case **time.Time:
		*p = new(t)
	case *any:
		*p = t
	default:
		return misfit(dst, "a timestamp")
	}
	return nil
}

// SetInt puts n into dst, a place for an integer of kind k. It refuses what
// does not fit the kind.
func SetInt(dst reflect.Value, k Kind, n int64) error {
	bits := intBits(k)
	if n < -1<<(bits-1) || n > 1<<(bits-1)-1 {
		return Malformedf("%d is out of range for %d bits", n, bits)
	}
	switch p := dst.Addr().Interface().(type) {
	case *int32:
		*p = int32(n)
	case **int32:
		*p = new(int32(n))
	case *int64:
		*p = n
	case **int64:
		*p = new(n)
	case *any:
		*p = n
	default:
		return misfit(dst, "an integer")
	}
	return nil
}

func intBits(k Kind) int {
	switch k {
	case Byte:
		return 8
	case Short:
		return 16
	case Integer:
		return 32
	default:
		return 64
	}
}

// SetFloat puts x into dst, a place for a float or double.
func SetFloat(dst reflect.Value, x float64) error {
	switch p := dst.Addr().Interface().(type) {
	case *float64:
		*p = x
	case **float64:
		*p = new(x)
	case *float32:
		*p = float32(x)
	case **float32:
		*p = new(float32(x))
	case *any:
		*p = x
	default:
		return misfit(dst, "a number")
	}
	return nil
}

func misfit(dst reflect.Value, what string) error {
	return fmt.Errorf("%s cannot hold %s: generated code and schema differ", dst.Type(), what)
}

// TimeOf is the timestamp in v, a time.Time or something that holds one.
func TimeOf(v reflect.Value) time.Time {
	v = Inner(v)
	if v.CanAddr() {
		if p, ok := reflect.TypeAssert[*time.Time](v.Addr()); ok {
			return *p
		}
	}
	t, _ := reflect.TypeAssert[time.Time](v)
	return t
}

// AppendFloat appends x as AWS writes numbers: no exponent where JSON has
// none by habit, "NaN", "Infinity" and "-Infinity" as words.
func AppendFloat(b []byte, x float64, bits int) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, "NaN"...)
	case math.IsInf(x, 1):
		return append(b, "Infinity"...)
	case math.IsInf(x, -1):
		return append(b, "-Infinity"...)
	}
	format := byte('f')
	if abs := math.Abs(x); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	n := len(b)
	b = strconv.AppendFloat(b, x, format, -1, bits)
	for _, c := range b[n:] {
		if c == '.' || c == 'e' {
			return b
		}
	}
	return append(b, ".0"...)
}

// BitsOf is the size of the numbers of kind k: 32 or 64 for floats.
func BitsOf(k Kind) int {
	if k == Float {
		return 32
	}
	return 64
}
