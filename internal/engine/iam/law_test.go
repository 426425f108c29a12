package iam

import (
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Parts of policies and requests that often fit each other.
var (
	someTexts = []string{"", "a", "b", "ab", "aab", "A", "ä", "a*b", "*", "?", "a:b", "$", "${a}"}
	someWild  = []string{"a", "b", "a*", "*b", "a?b", "*", "?", "a*a*b", "ä", "?b", "${k:one}", "${k:one}*", "a${k:two}", "${k:none, 'a'}b", "${k:none}", "${*}", "a${?}", "${$}{a}", "${k:many}", "${"}
	someARNs  = []string{
		"arn:aws:execute-api:eu-central-1:111122223333:api1/prod/GET/pets", "arn:aws:execute-api:eu-central-1:111122223333:api1/prod/GET/a:b",
		"arn:aws:execute-api:us-east-1:111122223333:api2/a/b", "arn:aws:iam::111122223333:user/a", "arn:a:b:c:d:", "a", "",
	}
	someARNPatterns = []string{
		"*", "arn:aws:execute-api:*:*:*", "arn:aws:execute-api:eu-*:111122223333:api1/*", "arn:aws:execute-api:*:111122223333:*/GET/pets",
		"arn:aws:execute-api:*:*:api?/*/${k:two}", "arn:aws:*:eu-central-1:*:*", "arn:aws:execute-api", "arn:*:*:*:*:*b", "arn:aws:iam::111122223333:user/${k:one}",
		"arn:aws:iam::111122223333:user/${k:none, 'a'}", "arn:a:b:c:d:",
	}
	someActions   = []string{"execute-api:Invoke", "EXECUTE-API:invoke", "execute-api:ManageConnections", "apigateway:GET"}
	someOperators = []string{
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "Null",
	}
	someNumbers   = []string{"0", "-0", "1", "1.0", "01", "-1", "1.5", "10", "9007199254740993", "9007199254740992", "1.50"}
	someDates     = []string{"2026", "2026-08", "2026-08-09", "2026-08-09T10:11Z", "2026-08-09T10:11:12Z", "2026-08-09T12:11:12+02:00", "1786270272", "0"}
	someAddresses = []string{"10.0.0.1", "10.1.2.3", "::ffff:10.0.0.1", "2001:db8::1", "192.0.2.1"}
	someRanges    = []string{"10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "2001:db8::/32", "::/0", "192.0.2.1/24", "2001:db8::1"}
	someAccounts  = []string{"111122223333", "444455556666"}
	someKeys      = []string{"k:one", "K:Two", "k:many", "k:none", "k:empty"}
)

// valueFor draws a value that an operator can compare.
func valueFor(t *rapid.T, operator string) any {
	pick := func(from []string) string { return rapid.SampledFrom(from).Draw(t, "value") }
	switch {
	case operator == "Null" || operator == "Bool":
		return rapid.SampledFrom([]any{"true", "false", true, false}).Draw(t, "flag")
	case operator == "BinaryEquals":
		return pick([]string{"YQ==", "", "YWI="})
	case strings.HasPrefix(operator, "Numeric"):
		s := pick(someNumbers)
		if s == "01" || rapid.Bool().Draw(t, "quoted") {
			return s
		}
		return json.Number(s)
	case strings.HasPrefix(operator, "Date"):
		return pick(someDates)
	case strings.HasSuffix(operator, "IpAddress"):
		return pick(someRanges)
	case strings.HasPrefix(operator, "Arn"):
		return pick(append(slices.Clone(someARNPatterns), "${k:one}", "a"))
	}
	return pick(someWild)
}

func list(t *rapid.T, one func() any) any {
	n := rapid.IntRange(0, 3).Draw(t, "count")
	if n == 0 {
		return one()
	}
	var all []any
	for range n {
		all = append(all, one())
	}
	return all
}

func drawStatement(t *rapid.T, kind Kind) map[string]any {
	st := map[string]any{"Effect": rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect")}
	not := func() string { return rapid.SampledFrom([]string{"", "", "", "Not"}).Draw(t, "not") }
	st[not()+"Action"] = list(t, func() any {
		return rapid.SampledFrom([]string{"*", "execute-api:*", "execute-api:Invoke", "Execute-API:inv?ke", "execute-api:*n*", "apigateway:*"}).Draw(t, "action")
	})
	st[not()+"Resource"] = list(t, func() any { return rapid.SampledFrom(someARNPatterns).Draw(t, "resource") })
	if kind == Resource {
		st["Principal"] = rapid.SampledFrom([]any{
			"*",
			map[string]any{"AWS": "*"},
			map[string]any{"AWS": someAccounts},
			map[string]any{"AWS": "arn:aws:iam::111122223333:root"},
			map[string]any{"AWS": []any{"arn:aws:iam::111122223333:user/a", "arn:aws:iam::111122223333:role/r"}},
			map[string]any{"AWS": "arn:aws:sts::111122223333:assumed-role/r/s", "Service": "events.amazonaws.com"},
		}).Draw(t, "principal")
	}
	block := map[string]any{}
	for range rapid.IntRange(0, 2).Draw(t, "operators") {
		operator := rapid.SampledFrom(someOperators).Draw(t, "operator")
		name := operator
		if operator != "Null" {
			name = rapid.SampledFrom([]string{"", "", "ForAllValues:", "ForAnyValue:"}).Draw(t, "prefix") + name + rapid.SampledFrom([]string{"", "", "IfExists"}).Draw(t, "suffix")
		}
		keys := map[string]any{}
		for range rapid.IntRange(1, 2).Draw(t, "keys") {
			keys[rapid.SampledFrom(someKeys).Draw(t, "key")] = list(t, func() any { return valueFor(t, operator) })
		}
		block[name] = keys
	}
	if len(block) > 0 {
		st["Condition"] = block
	}
	return st
}

func drawDocument(t *rapid.T, kind Kind) (document string, statements []any) {
	for range rapid.IntRange(1, 4).Draw(t, "statements") {
		statements = append(statements, drawStatement(t, kind))
	}
	doc := map[string]any{"Statement": statements}
	switch version := rapid.SampledFrom([]string{"2012-10-17", "2012-10-17", "2008-10-17", ""}).Draw(t, "version"); version {
	case "":
	default:
		doc["Version"] = version
	}
	return text(t, doc), statements
}

func text(t interface{ Fatal(...any) }, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func drawRequest(t *rapid.T) *Request {
	every := slices.Concat(someTexts, someARNs, someNumbers, someDates, someAddresses, []string{"true", "False", "x"})
	r := &Request{
		Action:   rapid.SampledFrom(someActions).Draw(t, "action"),
		Resource: rapid.SampledFrom(someARNs).Draw(t, "resource"),
		Principal: rapid.SampledFrom([]*Principal{
			nil,
			{Kind: User, Account: someAccounts[0], ARN: "arn:aws:iam::111122223333:user/a"},
			{Kind: Root, Account: someAccounts[1], ARN: "arn:aws:iam::444455556666:root"},
			{Kind: Session, Account: someAccounts[0], ARN: "arn:aws:sts::111122223333:assumed-role/r/s", Role: "arn:aws:iam::111122223333:role/r"},
			{Kind: Service, Name: "events.amazonaws.com"},
		}).Draw(t, "principal"),
	}
	value := func() string { return rapid.SampledFrom(every).Draw(t, "value") }
	for _, key := range []string{"k:one", "k:two"} {
		if rapid.IntRange(0, 3).Draw(t, "there") > 0 {
			r.Attributes = append(r.Attributes, Attribute{Key: key, Value: value()})
		}
	}
	many := []string{}
	for range rapid.IntRange(0, 3).Draw(t, "many") {
		many = append(many, value())
	}
	r.Attributes = append(r.Attributes, Attribute{Key: "k:many", Values: many}, Attribute{Key: "k:empty", Values: []string{}})
	return r
}

func parse(t interface{ Fatalf(string, ...any) }, document string, kind Kind) *Policy {
	p, err := Parse([]byte(document), kind)
	if err != nil {
		t.Fatalf("Parse(%s) = %v", document, err)
	}
	return p
}

// law holds Evaluate to the second evaluator, and to what must be true of any
// evaluator.
func law(t *rapid.T) {
	kind := rapid.SampledFrom([]Kind{Identity, Resource}).Draw(t, "kind")
	document, statements := drawDocument(t, kind)
	p := parse(t, document, kind)
	for range 3 {
		r := drawRequest(t)
		got, want := p.Evaluate(r), slowEvaluate(document, r)
		if got.Effect != want {
			t.Fatalf("Evaluate = %v, want %v, for %+v of\n%s", got.Effect, want, *r, document)
		}
		if n := got.Statement; (n < 0) != (want == Silent) || n >= 0 && statements[n].(map[string]any)["Effect"] != map[Effect]string{Allow: "Allow", Deny: "Deny"}[want] {
			t.Fatalf("statement %d of %s says %v", n, document, want)
		}

		turned := slices.Clone(statements)
		slices.Reverse(turned)
		doc := map[string]any{"Statement": turned}
		if strings.Contains(document, "2012-10-17") {
			doc["Version"] = "2012-10-17"
		}
		if again := parse(t, text(t, doc), kind).Evaluate(r); again.Effect != got.Effect || again.reach != got.reach {
			t.Fatalf("turned round it says %v, not %v: %s", again, got, document)
		}

		denial := drawStatement(t, kind)
		denial["Effect"] = "Deny"
		doc["Statement"] = append(turned, denial)
		if more := parse(t, text(t, doc), kind).Evaluate(r); more.Effect == Allow && got.Effect != Allow {
			t.Fatalf("another Deny makes %v of %v: %s and %s", more.Effect, got.Effect, document, text(t, denial))
		}

		asked := p.Keys()
		few := *r
		few.Attributes = slices.DeleteFunc(slices.Clone(r.Attributes), func(a Attribute) bool { return !slices.Contains(asked, a.Key) })
		if less := p.Evaluate(&few); !reflect.DeepEqual(less, got) {
			t.Fatalf("with no more than the keys %v it says %v, not %v: %s", asked, less, got, document)
		}
	}
}

func TestLaw(t *testing.T) { rapid.Check(t, law) }

func FuzzEvaluate(f *testing.F) { f.Fuzz(rapid.MakeFuzz(law)) }

// FuzzPattern states a law: a pattern matches what filling the whole table says
// it matches.
func FuzzPattern(f *testing.F) {
	for _, p := range someWild {
		f.Add(p, "aab", "a")
	}
	f.Add("a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaa", "")
	f.Add("*€?", "€€", "\xff")
	f.Fuzz(func(t *testing.T, p, s, value string) {
		p, s, value = strings.ToValidUTF8(p, ""), strings.ToValidUTF8(s, ""), strings.ToValidUTF8(value, "")
		if strings.ContainsAny(p, ",") || len(p)+len(s) > 200 {
			return // the second reading knows one way to write a default
		}
		r := &Request{Attributes: []Attribute{{Key: "k:one", Value: value}}}
		got := compilePattern(p, wildcards|variables)
		tokens, ok := slowTokens(p, true, true, r)
		if want := ok && slowGlob(tokens, s); got.match(s, r) != want {
			t.Errorf("%q matches %q (k:one is %q): %v, want %v", p, s, value, !want, want)
		}
		low := compilePattern(strings.ToLower(p), wildcards)
		tokens, _ = slowTokens(strings.ToLower(p), false, true, r)
		if ascii(p) && ascii(s) && low.matchFold(s) != slowGlob(tokens, strings.ToLower(s)) {
			t.Errorf("%q matches %q without case: %v", p, s, low.matchFold(s))
		}
	})
}

func ascii(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }

// FuzzParse states a law: what is accepted is JSON, is accepted again once a
// JSON library has read and written it, and then says the same.
func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A1","Effect":"Deny","NotAction":["iam:*"],"NotResource":["arn:aws:s3:::b"],"Condition":{"StringLike":{"k:one":["a*"],"y":1}}}]}`)
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:x:::${k:one, 'b'}"}}`)
	f.Add(`{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com","AWS":["111122223333"]},"Action":"sts:AssumeRole"}}`)
	f.Add(`{"Statement":[{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}]}`)
	r := &Request{Action: "iam:X", Resource: "arn:aws:x:::b", Attributes: []Attribute{{Key: "k:one", Value: "b"}}}
	f.Fuzz(func(t *testing.T, document string) {
		for _, kind := range []Kind{Identity, Resource, Trust, Returned} {
			p, err := Parse([]byte(document), kind)
			if err != nil {
				if _, ok := err.(*Malformed); !ok || err.Error() == "" { //nolint:errorlint // it is documented to be one
					t.Fatalf("%q: %v is no reason", document, err)
				}
				continue
			}
			var v any
			dec := json.NewDecoder(strings.NewReader(document))
			dec.UseNumber()
			if err := dec.Decode(&v); err != nil {
				t.Fatalf("%q is accepted and no JSON: %v", document, err)
			}
			again, err := Parse([]byte(text(t, v)), kind)
			if err != nil {
				t.Fatalf("%q is accepted, %s is not: %v", document, text(t, v), err)
			}
			if a, b := p.Evaluate(r), again.Evaluate(r); a.Effect != b.Effect || !slices.Equal(p.Keys(), again.Keys()) {
				t.Errorf("%q says %v, %s says %v", document, a, text(t, v), b)
			}
		}
	})
}

// FuzzDecimal states a law: decimals compare as rational numbers do.
func FuzzDecimal(f *testing.F) {
	f.Add("-0.0", "0")
	f.Add("1.50", "+1.5")
	f.Add("9007199254740993", "9007199254740992")
	f.Add(".5", "5.")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, ok1 := parseDecimal(a)
		y, ok2 := parseDecimal(b)
		if !ok1 || !ok2 || len(a)+len(b) > 1000 {
			return
		}
		p, ok1 := new(big.Rat).SetString(a)
		q, ok2 := new(big.Rat).SetString(b)
		if !ok1 || !ok2 {
			t.Fatalf("%q and %q are accepted and no numbers", a, b)
		}
		if got, want := x.compare(y), p.Cmp(q); got != want {
			t.Errorf("%q compared with %q is %d, want %d", a, b, got, want)
		}
	})
}

// TestLinear holds a pattern with a hundred wildcards to a time that no
// backtracking would keep to.
func TestLinear(t *testing.T) {
	p := compilePattern(strings.Repeat("a*", 100)+"b", wildcards)
	text := strings.Repeat("a", 10_000)
	start := time.Now()
	if p.match(text, &Request{}) {
		t.Error("a pattern that ends in b matches a text of nothing but a")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}
