package jsonschema

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// numberText makes numbers as JSON writes them, with exponents that math/big
// can follow.
func numberText() *rapid.Generator[string] {
	return rapid.StringMatching(`-?(0|[1-9][0-9]{0,21})(\.[0-9]{1,6}0{0,3})?([eE][+-]?0?[0-9]{1,2})?`)
}

func rat(t *rapid.T, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}

// Decimals compare as math/big's rationals do.
func TestDecimalCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numberText().Draw(t, "a"), numberText().Draw(t, "b")
		if rapid.Bool().Draw(t, "same") {
			b = a + "e0"
			if _, ok := new(big.Rat).SetString(b); !ok {
				b = a
			}
		}
		x, y := parseDecimal([]byte(a)), parseDecimal([]byte(b))
		if got, want := x.compare(&y), rat(t, a).Cmp(rat(t, b)); got != want {
			t.Fatalf("compare(%s, %s) = %d, want %d", a, b, got, want)
		}
	})
}

// A multiple leaves a whole quotient.
func TestDivides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numberText().Draw(t, "a"), numberText().Draw(t, "b")
		if k := rapid.Int64Range(-1000, 1000).Draw(t, "k"); rapid.Bool().Draw(t, "multiple") {
			product := new(big.Rat).Mul(rat(t, b), big.NewRat(k, 1))
			if n := product.FloatString(130); len(n) < 400 {
				a = n
			}
		}
		v, ok := parseDivisor([]byte(b))
		if !ok {
			return
		}
		d := parseDecimal([]byte(a))
		want := new(big.Rat).Quo(rat(t, a), rat(t, b)).IsInt()
		if got := v.divides(&d); got != want {
			t.Fatalf("%s divides %s: %v, want %v", b, a, got, want)
		}
	})
}

func TestDecimalsOfAnySize(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"0", "-0.0e7", 0},
		{"1e999999999", "1e-999999999", 1},
		{"1e999999999", "10e999999998", 0},
		{"-1e999999999", "0", -1},
		{"100", "1e2", 0},
		{"0.001", "1e-3", 0},
		{"9007199254740993", "9007199254740992", 1},
		{"0.1000000000000000055511151231257827", "0.1", 1},
	} {
		a, b := parseDecimal([]byte(tt.a)), parseDecimal([]byte(tt.b))
		if got := a.compare(&b); got != tt.want {
			t.Errorf("compare(%s, %s) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	for _, tt := range []struct {
		divisor, of string
		want        bool
	}{
		{"0.5", "1e308", true},
		{"3", "1e999999999", false},
		{"7e999999998", "14e999999999", true},
		{"0.01", "19.99", true},
		{"0.01", "19.999", false},
		{"999999999999999999", "1999999999999999998", true},
		{"1e-999999999", "3", true},
		{"1e999999999", "3", false},
		{"1e999999999", "0", true},
	} {
		v, ok := parseDivisor([]byte(tt.divisor))
		d := parseDecimal([]byte(tt.of))
		if got := v.divides(&d); !ok || got != tt.want {
			t.Errorf("%s divides %s: %v, want %v", tt.divisor, tt.of, got, tt.want)
		}
	}
}
