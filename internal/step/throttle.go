package step

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Bucket is a token bucket that outlives the program.
type Bucket interface {
	Take() bool // a token, if there is one
	Return()    // of one that was taken
}

// Buckets finds the bucket of a name, so that programs share it, and holds it
// to a limit.
type Buckets interface {
	Gate(name string, l limit.Limit) *limit.Gate
}

// Throttle holds all callers of a method to what the stage's settings say, and
// then all callers of everything to the account's bucket (nil: no limit). What
// it refuses costs neither bucket nor usage plan anything.
// parity: spec/rest-data-plane.md 10.1.
func (s Scope) Throttle(settings map[string]api.MethodSetting, buckets Buckets, account Bucket) program.Step {
	l, note := s.methodLimit(settings)
	var own Bucket
	if !l.None() {
		own = buckets.Gate("method "+s.APIID+"/"+s.Stage+"/"+s.Method+" "+s.Resource, l)
	}
	refused := program.Throttled.Refuse(nil)
	refuse := func(x *program.Exchange) error {
		x.Grant.Return()
		return refused
	}
	step := program.Step{Name: "throttle", Note: note}
	switch {
	case own == nil && account == nil:
		return program.Step{}
	case account == nil:
		step.Run = func(x *program.Exchange) error {
			if !own.Take() {
				return refuse(x)
			}
			return nil
		}
	case own == nil:
		step.Note = "account"
		step.Run = func(x *program.Exchange) error {
			if !account.Take() {
				return refuse(x)
			}
			return nil
		}
	default:
		step.Note += ", then account"
		step.Run = func(x *program.Exchange) error {
			if !own.Take() {
				return refuse(x)
			}
			if !account.Take() {
				own.Return()
				return refuse(x)
			}
			return nil
		}
	}
	return step
}

// methodLimit is what a stage's settings hold the method to.
func (s Scope) methodLimit(settings map[string]api.MethodSetting) (l limit.Limit, note string) {
	name, ok := s.settingOf(settings)
	if !ok {
		return limit.Limit{}, ""
	}
	rate, burst := settings[name].ThrottlingRateLimit, int64(settings[name].ThrottlingBurstLimit)
	if rate < 0 {
		return limit.Limit{}, "" // parity: spec/control-plane.md 3.9, -1 is unset
	}
	if burst < 0 {
		burst = int64(math.Ceil(min(rate, math.MaxInt32)))
	}
	return limit.New(rate, burst), fmt.Sprintf("%g a second, burst %d (%s)", rate, burst, name)
}

// settingOf is the name of the stage's setting for the method: its own, or one
// for all. The resource's path may be written as a JSON pointer, and with or
// without its first slash.
// parity: spec/control-plane.md 3.9, "Method settings keys".
func (s Scope) settingOf(settings map[string]api.MethodSetting) (name string, ok bool) {
	best := 0
	for _, n := range slices.Sorted(maps.Keys(settings)) {
		if rank := s.rank(n); rank > best {
			name, best = n, rank
		}
	}
	return name, best > 0
}

// ownSetting is the rank of a setting for one verb of one path.
const ownSetting = 4

// rank is how closely a setting's name fits the method; 0: not at all.
func (s Scope) rank(name string) int {
	at := strings.LastIndexByte(name, '/')
	if at < 0 {
		return 0
	}
	path, verb := strings.NewReplacer("~1", "/", "~0", "~").Replace(name[:at]), name[at+1:]
	all := path == "*"
	own := strings.TrimPrefix(path, "/") == strings.TrimPrefix(s.Resource, "/")
	switch {
	case !all && !own, verb != "*" && verb != s.Method:
		return 0
	case all && verb == "*":
		return 1
	case all:
		return 2
	case verb == "*":
		return 3
	default:
		return ownSetting
	}
}
