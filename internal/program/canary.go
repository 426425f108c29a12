package program

// AllTraffic is a Stage's CanaryShare of all requests.
const AllTraffic = 1 << 32

// CanaryShare is a percentage of requests, from 0 to 100, as a Stage has it.
func CanaryShare(percent float64) uint64 {
	return uint64(max(0, min(percent, 100)) / 100 * AllTraffic)
}

// Draw is the stage that serves the exchange: s, or its canary. The draw is
// made once for an exchange, from bits that no client has a say in, so asking
// again gives the same answer.
// parity: spec/rest-data-plane.md 8.3: each request picks independently.
func (s *Stage) Draw(x *Exchange) *Stage {
	if s.Canary != nil && uint64(x.draw) < s.CanaryShare {
		return s.Canary
	}
	return s
}

// InCanary says whether s is the canary of a stage.
func (s *Stage) InCanary() bool { return s.CanaryRequest == "true" }

// LogGroup is the name of the group that execution logs go to.
// parity: spec/rest-data-plane.md 8.3, 11.3.
func (s *Stage) LogGroup() string {
	group := "API-Gateway-Execution-Logs_" + s.APIID + "/" + s.Name
	if s.InCanary() {
		group += "/Canary"
	}
	return group
}
