package step

import (
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Of how many requests it is remembered what a policy said, and how long their
// paths may be: what most callers do again and again.
const (
	maxSayings    = 4
	maxSayingPath = 128
)

// sayings are what a policy that asks for nothing but action and resource has
// said of the first requests: it will say the same of their like. None is ever
// replaced, so that callers of many paths cost no memory.
type sayings [maxSayings]atomic.Pointer[saying]

// saying is what a policy says of one verb of one path, as the client writes it.
type saying struct {
	method, path string
	effect       iam.Effect
}

// says is what the caller's policy says of the method that is called. All
// requests that see v are of one stage.
func (l *lambdaAuthorizer) says(x *program.Exchange, v *verdict) iam.Effect {
	if len(v.policy.Keys()) > 0 {
		return decide(x, v.policy, methodARN(x, l.event.prefix))
	}
	for i := range v.said {
		s := v.said[i].Load()
		if s == nil {
			return v.learn(i, x, decide(x, v.policy, methodARN(x, l.event.prefix)))
		}
		if s.path == string(x.Path) && s.method == string(x.Method) {
			return s.effect
		}
	}
	return decide(x, v.policy, methodARN(x, l.event.prefix))
}

// learn remembers what the policy said, unless another request was faster.
func (v *verdict) learn(i int, x *program.Exchange, effect iam.Effect) iam.Effect {
	if len(x.Path) <= maxSayingPath {
		v.said[i].CompareAndSwap(nil, &saying{string(x.Method), string(x.Path), effect})
	}
	return effect
}
