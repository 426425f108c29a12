package program

import (
	"strconv"
	"time"
)

// Phase is a part of what happens to a request before its integration, which
// access logs tell of.
// parity: services-observability.md 9.3.1, "Order of phases".
type Phase uint8

// The phases in their order.
const (
	PhaseWAF          Phase = iota // the rules of the web ACL
	PhaseAuthenticate              // the signature and whose it is
	PhaseAuthorizer                // running an authorizer, or finding its earlier result
	PhaseAuthorize                 // the policy that came of it
	phases
)

// Outcome is how a phase ended. The zero Outcome is a phase that did not run.
type Outcome struct {
	Status  int // as HTTP has them; 0: it did not run
	Latency time.Duration
	Error   string // as the client was told
}

// AuthorizerCall is the call of a function to learn who is calling.
type AuthorizerCall struct {
	Status    int    // of the call; 0: there was none
	RequestID string // of the call
	Latency   time.Duration
}

// Timed is s with its outcome noted as that of a phase. If it went well, so did
// those of then.
func (s Step) Timed(p Phase, then ...Phase) Step {
	run := s.Run
	if run == nil {
		return s
	}
	s.Run = func(x *Exchange) error {
		start := time.Now()
		err := run(x)
		for _, next := range then {
			out := &x.seldom().phases[next]
			*out = Outcome{}
			if err == nil {
				out.Status = 200
			}
		}
		x.Note(p, time.Since(start), err)
		return err
	}
	return s
}

// Note notes how a phase ended. What a caller's policy refuses was refused by
// the policy, not by whoever found out who is calling.
func (x *Exchange) Note(p Phase, took time.Duration, err error) {
	out := Outcome{Status: 200, Latency: took}
	if err != nil {
		r := refusalOf(err)
		d := defaults(r.Type)
		if out.Status, out.Error = r.Status, r.Message; out.Status == 0 {
			out.Status = d.status
		}
		if out.Error == "" {
			out.Error = d.message
		}
		if (p == PhaseAuthorizer || p == PhaseAuthenticate) && r.Type == AccessDenied {
			x.seldom().phases[p] = Outcome{Status: 200, Latency: took}
			p = PhaseAuthorize
			out.Latency = 0
		}
	}
	x.seldom().phases[p] = out
}

// Phase is how a phase ended.
func (x *Exchange) Phase(p Phase) Outcome {
	if x.rare == nil {
		return Outcome{}
	}
	return x.rare.phases[p]
}

// Took is how long the request took so far; in a finishing step, until its
// answer was sent. The first call stops the clock.
func (x *Exchange) Took() time.Duration {
	if x.took == 0 {
		x.took = max(time.Since(x.Start), 1)
	}
	return x.took
}

// Called says whether a back end was called.
func (x *Exchange) Called() bool {
	return x.Reply.Response.Status != 0 || x.Reply.Latency != 0
}

func appendMilliseconds(dst []byte, d time.Duration) []byte {
	return appendNumber(dst, d.Milliseconds())
}

// appendNumber is strconv.AppendInt with base 10.
func appendNumber(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }
