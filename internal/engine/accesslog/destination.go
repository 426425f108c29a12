package accesslog

import "strings"

// StreamPrefix is what the names of delivery streams begin with that API
// Gateway sends access logs to. parity: services-observability.md 9.3.
const StreamPrefix = "amazon-apigateway-"

// LogGroup is the name of the log group of CloudWatch Logs that an ARN is of.
func LogGroup(arn string) (name string, ok bool) {
	part := strings.SplitN(strings.TrimSuffix(arn, ":*"), ":", 7)
	if len(part) != 7 || part[0] != "arn" || part[2] != "logs" || part[5] != "log-group" || part[6] == "" || strings.Contains(part[6], ":") {
		return "", false
	}
	return part[6], true
}

// DeliveryStream is the name of the Firehose delivery stream that an ARN is of.
func DeliveryStream(arn string) (name string, ok bool) {
	part := strings.SplitN(arn, ":", 6)
	if len(part) != 6 || part[0] != "arn" || part[2] != "firehose" {
		return "", false
	}
	return strings.CutPrefix(part[5], "deliverystream/")
}
