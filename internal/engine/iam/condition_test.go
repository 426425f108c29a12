package iam

import (
	"fmt"
	"strings"
	"testing"
)

// TestOperators tries each operator, negated and not, on a value that
// fits, one that does not, an absent key, several values, and under each prefix and suffix.
func TestOperators(t *testing.T) {
	for _, tt := range []struct {
		operator, not string // not: the negated one, if there is one
		want          string // JSON
		fits, other   []string
	}{
		{"StringEquals", "StringNotEquals", `["a","b c"]`, []string{"a", "b c"}, []string{"A", "", "b", "a,b c"}},
		{"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", `"Straße"`, []string{"straße", "STRAßE"}, []string{"strasse", ""}},
		{"StringLike", "StringNotLike", `["a*z","?"]`, []string{"az", "abcz", "ä", "a:/z"}, []string{"", "ab", "Az", "aé"}},
		{"NumericEquals", "NumericNotEquals", `10`, []string{"10", "10.0", "+10", "010"}, []string{"1e1", "ten", "", "10.01", "-10"}},
		{"NumericLessThan", "", `["10"]`, []string{"9.99", "-11"}, []string{"10", "11", "x"}},
		{"NumericLessThanEquals", "", `10`, []string{"9.99", "10"}, []string{"11", "10.001"}},
		{"NumericGreaterThan", "", `-10`, []string{"-9", "0"}, []string{"-10", "-11"}},
		{"NumericGreaterThanEquals", "", `0.5`, []string{"0.50", ".6"}, []string{"0.4999999999999999999999999"}},
		{"DateEquals", "DateNotEquals", `"2026-08-09T10:11:12Z"`, []string{"2026-08-09T12:11:12+02:00", "1786270272"}, []string{"2026-08-09", "now", ""}},
		{"DateLessThan", "", `"2026-08-09T00:00:00Z"`, []string{"2026-08-08T23:59:59.999Z", "2026-08", "1"}, []string{"2026-08-09", "2027"}},
		{"DateLessThanEquals", "", `"2026-08-09"`, []string{"2026-08-09T00:00Z"}, []string{"2026-08-09T00:00:01Z"}},
		{"DateGreaterThan", "", `1786270272`, []string{"2026-08-09T10:11:13Z"}, []string{"2026-08-09T10:11:12Z"}},
		{"DateGreaterThanEquals", "", `"2026"`, []string{"2026-01-01"}, []string{"2025-12-31"}},
		{"Bool", "", `"true"`, []string{"true", "TRUE"}, []string{"false", "1", ""}},
		{"Bool", "", `false`, []string{"false", "False"}, []string{"true", "0", ""}},
		{"BinaryEquals", "", `"AAE="`, []string{"\x00\x01"}, []string{"AAE=", ""}},
		{"IpAddress", "NotIpAddress", `["192.0.2.0/24","2001:db8::/32","10.0.0.1"]`, []string{"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "10.0.0.1", "2001:db8::1%eth0"}, []string{"192.0.3.1", "2001:db9::1", "10.0.0.2", "x", ""}},
		{"IpAddress", "NotIpAddress", `"::ffff:192.0.2.0/120"`, []string{"192.0.2.7", "::ffff:192.0.2.9"}, []string{"192.0.3.1", "::1"}},
		{"ArnEquals", "ArnNotEquals", `"arn:aws:s3:::b/*"`, []string{"arn:aws:s3:::b/x:y"}, []string{"arn:aws:s3:::c/x", "arn:aws:s3", "b", ""}},
		{"ArnLike", "ArnNotLike", `["arn:aws:*::*:rule/?"]`, []string{"arn:aws:events::1:rule/a"}, []string{"arn:aws:events:x:1:rule/a", "arn:aws:events::1:rule/ab"}},
	} {
		holds := func(operator string, values ...string) bool {
			p := parse(t, one(`,"Condition":{"`+operator+`":{"K:Key":`+tt.want+`}}`), Identity)
			r := &Request{Action: "a:b", Resource: "arn:a:b:c:d:e"}
			switch len(values) {
			case 0:
			case 1:
				r.Attributes = []Attribute{{Key: "k:key", Value: values[0]}}
			default:
				r.Attributes = []Attribute{{Key: "k:key", Values: values}}
			}
			return p.Evaluate(r).Effect == Allow
		}
		expect := func(want bool, operator string, values ...string) {
			t.Helper()
			if holds(operator, values...) != want {
				t.Errorf("%s %s of %q: %v, want %v", operator, tt.want, values, !want, want)
			}
		}
		op, not := tt.operator, tt.not
		for _, v := range tt.fits {
			expect(true, op, v)
			expect(true, op+"IfExists", v)
			expect(true, "ForAllValues:"+op, v)
			expect(true, "ForAnyValue:"+op, v)
			if not != "" {
				expect(false, not, v)
				expect(false, not+"IfExists", v)
				expect(false, "ForAllValues:"+not, v)
			}
		}
		for _, v := range tt.other {
			expect(false, op, v)
			expect(false, op+"IfExists", v)
			expect(false, "ForAnyValue:"+op, v)
			if not != "" {
				expect(true, not, v)
				expect(true, "ForAnyValue:"+not, v)
			}
		}
		good, bad := tt.fits[0], tt.other[0]
		expect(false, op)
		expect(true, op+"IfExists")
		expect(true, "ForAllValues:"+op)
		expect(true, "ForAllValues:"+op+"IfExists")
		expect(false, "ForAnyValue:"+op)
		expect(true, "ForAnyValue:"+op+"IfExists")
		expect(true, op, bad, good)
		expect(false, "ForAllValues:"+op, good, bad)
		expect(true, "ForAllValues:"+op, good, good)
		expect(true, "ForAnyValue:"+op, bad, good)
		expect(false, "ForAnyValue:"+op, bad, bad)
		if not != "" {
			expect(true, not)
			expect(true, not+"IfExists")
			expect(true, "ForAllValues:"+not)
			expect(false, "ForAnyValue:"+not)
			expect(false, not, bad, good)
			expect(true, not, bad, bad)
			expect(false, "ForAllValues:"+not, bad, good)
			expect(true, "ForAnyValue:"+not, good, bad)
			expect(false, "ForAnyValue:"+not, good, good)
		}
	}
}

// TestNull asks whether a key is there.
func TestNull(t *testing.T) {
	for _, tt := range []struct {
		want    string
		present bool
		holds   bool
	}{
		{`"true"`, false, true},
		{`true`, true, false},
		{`"False"`, true, true},
		{`false`, false, false},
		{`[true,false]`, true, true},
		{`[true,false]`, false, true},
	} {
		p := parse(t, one(`,"Condition":{"Null":{"k":`+tt.want+`}}`), Identity)
		r := &Request{Action: "a:b", Resource: "arn:a:b:c:d:e", Attributes: []Attribute{{Key: "k", Values: []string{}}}}
		if tt.present {
			r.Attributes[0] = Attribute{Key: "k"}
		}
		if got := p.Evaluate(r).Effect == Allow; got != tt.holds {
			t.Errorf("Null %s of a key that is there (%v): %v, want %v", tt.want, tt.present, got, tt.holds)
		}
	}
}

// TestBlock takes all operators and keys together.
func TestBlock(t *testing.T) {
	p := parse(t, one(`,"Condition":{"StringEquals":{"a":"1","b":"2"},"StringNotEquals":{"a":"9","c":"3"}}`), Identity)
	for set, want := range map[string]Effect{"1 2 ": Allow, "1 2 4": Allow, "1 2 3": Silent, "1 3 ": Silent, " 2 ": Silent, "9 2 ": Silent} {
		r := &Request{Action: "a:b", Resource: "arn:a:b:c:d:e"}
		for i, v := range strings.Split(set, " ") {
			if v != "" {
				r.Attributes = append(r.Attributes, Attribute{Key: string("abc"[i]), Value: v})
			}
		}
		if got := p.Evaluate(r).Effect; got != want {
			t.Errorf("a, b, c are %q: %v, want %v", set, got, want)
		}
	}
}

// TestVariables puts the request into the policy, where nothing of it is more
// than text.
func TestVariables(t *testing.T) {
	const home = "arn:aws:s3:::home/"
	attributes := func(name string) []Attribute {
		return []Attribute{{Key: "aws:username", Value: name}, {Key: "aws:tagkeys", Values: []string{name}}, {Key: "aws:empty", Values: []string{}}, {Key: "aws:principaltag/team", Value: "red"}}
	}
	for _, tt := range []struct {
		element, resource, user string
		want                    bool
	}{
		{`"Resource":"arn:aws:s3:::home/${aws:username}/*"`, home + "ann/x", "ann", true},
		{`"Resource":"arn:aws:s3:::home/${AWS:UserName}/*"`, home + "bob/x", "ann", false},
		{`"Resource":"arn:aws:s3:::home/${aws:username}/*"`, home + "bob/x", "*", false},
		{`"Resource":"arn:aws:s3:::home/${aws:username}/*"`, home + "*/x", "*", true},
		{`"Resource":"arn:aws:s3:::home/${aws:username}"`, home + "${aws:username}", "${aws:username}", true},
		{`"Resource":"arn:aws:s3:::home/${aws:principaltag/Team}"`, home + "red", "ann", true},
		{`"Resource":"arn:aws:s3:::home/${aws:gone}"`, home, "ann", false},
		{`"Resource":"arn:aws:s3:::home/${aws:gone, 'shared'}/*"`, home + "shared/x", "ann", true},
		{`"Resource":"arn:aws:s3:::home/${aws:username, 'shared'}/*"`, home + "shared/x", "ann", false},
		{`"Resource":"arn:aws:s3:::home/${aws:gone,'a}b'}"`, home + "a}b", "ann", true},
		{`"Resource":"arn:aws:s3:::home/${aws:tagkeys}"`, home + "ann", "ann", false},
		{`"Resource":"arn:aws:s3:::home/${aws:tagkeys}"`, home, "ann", false},
		{`"Resource":"arn:aws:s3:::home/${aws:tagkeys, 'x'}"`, home + "x", "ann", false},
		{`"Resource":"arn:aws:s3:::home/${aws:empty, 'x'}"`, home + "x", "ann", true},
		{`"NotResource":"arn:aws:s3:::home/${aws:gone}"`, home, "ann", true},
		{`"Resource":"arn:aws:s3:::home/${*}"`, home + "*", "ann", true},
		{`"Resource":"arn:aws:s3:::home/${*}"`, home + "x", "ann", false},
		{`"Resource":"arn:aws:s3:::home/${?}${$}{aws:username}"`, home + "?${aws:username}", "ann", true},
		{`"Resource":"arn:aws:s3:::home/${"`, home + "${", "ann", true},
		{`"Resource":"arn:aws:s3:::home/${a,b}"`, home + "${a,b}", "ann", true},
		{`"Resource":"arn:aws:s3::${aws:username}:home/x"`, "arn:aws:s3::ann:home/x", "ann", false},
		{`"Resource":"*","Condition":{"StringEquals":{"aws:username":"${aws:principaltag/team}"}}`, home, "red", true},
		{`"Resource":"*","Condition":{"StringEquals":{"aws:username":"${aws:gone}"}}`, home, "red", false},
		{`"Resource":"*","Condition":{"StringNotEquals":{"aws:username":"${aws:gone}"}}`, home, "red", true},
		{`"Resource":"*","Condition":{"StringEquals":{"aws:username":"*"}}`, home, "red", false},
		{`"Resource":"*","Condition":{"StringLike":{"aws:principaltag/team":"${aws:username}*"}}`, home, "re", true},
		{`"Resource":"*","Condition":{"StringLike":{"aws:principaltag/team":"${aws:username}"}}`, home, "re*", false},
		{`"Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:principaltag/team":"${aws:username}D"}}`, home, "RE", true},
		{`"Resource":"*","Condition":{"ArnLike":{"aws:username":"arn:aws:iam::1:user/${aws:principaltag/team}*"}}`, home, "arn:aws:iam::1:user/red7", true},
		{`"Resource":"*","Condition":{"ArnEquals":{"aws:username":"${aws:username}"}}`, home, "arn:aws:iam::1:user/a", true},
		{`"Resource":"*","Condition":{"ArnEquals":{"aws:username":"arn:aws:iam::${aws:principaltag/team}:user/a"}}`, home, "arn:aws:iam::red:user/a", true},
		{`"Resource":"*","Condition":{"ArnLike":{"aws:username":"arn:aws"}}`, home, "arn:aws", false},
		{`"Resource":"*","Condition":{"ArnLike":{"aws:username":"*"}}`, home, "anything", true},
		{`"Resource":"*","Condition":{"ArnLike":{"aws:username":"*:*:*:*:*:*"}}`, home, "anything", false},
		{`"Resource":"*","Condition":{"StringLike":{"aws:username":"*??"}}`, home, "€", false},
		{`"Resource":"*","Condition":{"Bool":{"aws:username":"${aws:gone, 'true'}"}}`, home, "True", true},
		{`"Resource":"*","Condition":{"Bool":{"aws:username":"${aws:username}"}}`, home, "yes", false},
	} {
		p := parse(t, version(`{"Effect":"Allow","Action":"s3:*",`+tt.element+`}`), Identity)
		r := &Request{Action: "s3:GetObject", Resource: tt.resource, Attributes: attributes(tt.user)}
		if got := p.Evaluate(r).Effect == Allow; got != tt.want {
			t.Errorf("%s for %s of %q: %v, want %v", tt.element, tt.resource, tt.user, got, tt.want)
		}
	}
	old := parse(t, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::home/${aws:username}"}}`, Identity)
	for resource, want := range map[string]Effect{home + "ann": Silent, home + "${aws:username}": Allow} {
		if got := old.Evaluate(&Request{Action: "s3:X", Resource: resource, Attributes: attributes("ann")}).Effect; got != want {
			t.Errorf("the old version on %s: %v, want %v", resource, got, want)
		}
	}
}

// TestMatching holds actions and resources to their wildcards.
func TestMatching(t *testing.T) {
	const api = "arn:aws:execute-api:eu-central-1:111122223333:api1/"
	for _, tt := range []struct {
		element, action, resource string
		want                      bool
	}{
		{`"Action":"Execute-API:INVOKE","Resource":"*"`, "execute-api:Invoke", api, true},
		{`"Action":"execute-api:I?voke","Resource":"*"`, "EXECUTE-API:INVOKE", api, true},
		{`"Action":"execute-api:*e","Resource":"*"`, "execute-api:Invoke", api, true},
		{`"Action":"execute-api:Inv","Resource":"*"`, "execute-api:Invoke", api, false},
		{`"Action":["a:b","c:d"],"Resource":"*"`, "c:d", api, true},
		{`"NotAction":["a:b","c:*"],"Resource":"*"`, "c:d", api, false},
		{`"NotAction":["a:b","c:*"],"Resource":"*"`, "e:f", api, true},
		{`"Action":"*","Resource":"` + api + `*/GET/*"`, "a:b", api + "prod/GET/a/b:c", true},
		{`"Action":"*","Resource":"` + api + `*/GET/*"`, "a:b", api + "prod/POST/a", false},
		{`"Action":"*","Resource":"` + api + `prod/get/*"`, "a:b", api + "prod/GET/a", false},
		{`"Action":"*","Resource":"arn:aws:execute-api:*:api1/prod/GET/a"`, "a:b", api + "prod/GET/a", false},
		{`"Action":"*","Resource":"arn:aws:execute-api:*:*:*"`, "a:b", api, true},
		{`"Action":"*","Resource":"arn:aws:execute-api:e*:????22223333:*"`, "a:b", api, true},
		{`"Action":"*","Resource":"arn:aws:execute-api"`, "a:b", api, true},
		{`"Action":"*","Resource":"arn:aws:s3"`, "a:b", api, false},
		{`"Action":"*","Resource":"arn:aws:execute-api:*:*:*"`, "a:b", "api1", false},
		{`"Action":"*","NotResource":["` + api + `*","arn:aws:s3:::*"]`, "a:b", api + "x", false},
		{`"Action":"*","NotResource":["` + api + `x"]`, "a:b", api + "y", true},
	} {
		p := parse(t, version(`{"Effect":"Allow",`+tt.element+`}`), Identity)
		if got := p.Evaluate(&Request{Action: tt.action, Resource: tt.resource}).Effect == Allow; got != tt.want {
			t.Errorf("%s for %s on %s: %v, want %v", tt.element, tt.action, tt.resource, got, tt.want)
		}
	}
}

// TestVerdict names the statement that decides.
func TestVerdict(t *testing.T) {
	p := parse(t, version(`[{"Effect":"Allow","Action":"a:*","Resource":"*"},{"Effect":"Deny","Action":"a:b","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]`), Identity)
	for action, want := range map[string]Verdict{
		"a:b": {Effect: Deny, Statement: 1}, "a:c": {Effect: Allow, Statement: 0, reach: directly}, "b:c": {Effect: Allow, Statement: 2, reach: directly},
	} {
		if got := p.Evaluate(&Request{Action: action, Resource: "arn:a:b:c:d:e"}); got != want {
			t.Errorf("%s: %+v, want %+v", action, got, want)
		}
	}
	var none *Policy
	if got := fmt.Sprint(none.Evaluate(&Request{})); got != "{0 -1 0}" {
		t.Errorf("no policy says %s", got)
	}
}
