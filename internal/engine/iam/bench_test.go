package iam

import "testing"

const evaluateAllocs = 0

// typical is a resource policy as people write it, and a caller's own.
func typical(t testing.TB) (*Policies, *Request) {
	p := &Policies{
		Resource: parse(t, version(`[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:eu-central-1:111122223333:api1/*"},`+
			`{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:eu-central-1:111122223333:api1/*",`+
			`"Condition":{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24","2001:db8::/32"]}}}]`), Resource),
		Identity: []*Policy{
			parse(t, version(`{"Effect":"Allow","Action":["execute-api:Invoke","execute-api:ManageConnections"],"Resource":"arn:aws:execute-api:*:*:api1/*/GET/*",`+
				`"Condition":{"StringEquals":{"aws:PrincipalTag/Team":"${aws:ResourceTag/Team, 'red'}"},"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}`), Identity),
		},
		Owner: ours,
	}
	r := invoke(ann)
	r.Attributes = []Attribute{
		{Key: "aws:currenttime", Value: "2026-08-09T10:11:12Z"},
		{Key: "aws:epochtime", Value: "1786270272"},
		{Key: "aws:securetransport", Value: "true"},
		{Key: "aws:useragent", Value: "curl/8"},
		{Key: "aws:principalarn", Value: ann.ARN},
		{Key: "aws:principalaccount", Value: ours},
		{Key: "aws:principaltype", Value: "User"},
		{Key: "aws:userid", Value: ann.ID},
		{Key: "aws:username", Value: "ann"},
		{Key: "aws:principaltag/team", Value: "red"},
		{Key: "aws:sourceip", Value: "192.0.2.77"},
	}
	return p, r
}

// TestAllocs holds the benchmarks to their promise in every test run.
func TestAllocs(t *testing.T) {
	p, r := typical(t)
	if got := p.Decide(r).Outcome; got != Allowed {
		t.Fatalf("the typical request: %v", got)
	}
	if got := testing.AllocsPerRun(1000, func() { p.Resource.Evaluate(r); p.Decide(r) }); got > evaluateAllocs {
		t.Errorf("deciding allocates %v times, want at most %d", got, evaluateAllocs)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	p, r := typical(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Resource.Evaluate(r)
	}
}

func BenchmarkDecide(b *testing.B) {
	p, r := typical(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(r)
	}
}
