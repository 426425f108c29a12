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
	if s.Canary != nil && uint64(pack(x.draw)) < s.CanaryShare {
		return s.Canary
	}
	return s
}
