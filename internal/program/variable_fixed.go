package program

import "strings"

// protocol is $context.protocol, of HTTP/2 as well. parity: 2.1.
const protocol = "HTTP/1.1"

// FixedInLogs is the value of a variable that is the same for all requests,
// empty if it is not.
func FixedInLogs(name string) string {
	if name == "protocol" {
		return protocol
	}
	return ""
}

// PlainInLogs says of a variable of access logs that its values are made of
// digits alone, whatever clients send, as those of ShortInLogs are.
func PlainInLogs(name string) bool {
	group, member, _ := strings.Cut(name, ".")
	switch group {
	case "waf", "authenticate", "authorize", "integration":
		return member == "status" || member == "latency"
	}
	return false
}
