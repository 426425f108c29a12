package program

import (
	"crypto/tls"
	"strings"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// LogVariable is the variable of a name as access logs have it: those of
// ContextVariable, and what is only known when all is over. Nil if nothing has
// that name, or never has a value here.
// parity: services-observability.md 9.3.1, column R.
func LogVariable(name string) Variable {
	if s := ShortInLogs(name); s != nil {
		return s.variable()
	}
	group, member, _ := strings.Cut(name, ".")
	switch group {
	case "waf":
		return wafVariable(member)
	case "authenticate":
		return phaseVariable(PhaseAuthenticate, member)
	case "authorize":
		return phaseVariable(PhaseAuthorize, member)
	case "authorizer":
		if v := authorizerCall(member); v != nil {
			return v
		}
		if member == "claims" {
			return nil // parity: 9.3.1, "without a member is null"
		}
	case "integration":
		return integrationVariable(member)
	case "requestOverride", "responseOverride":
		if v := overrideVariable(name); v != nil {
			return v
		}
	case "customDomain":
		return customDomain(member)
	}
	switch name {
	case "identity.apiKey":
		return maskedKey
	case "resourcePath":
		return func(x *Exchange, dst []byte) []byte {
			if x.Route == nil || x.Route.ResourceID == "" {
				return dst // no method is for the request
			}
			return append(dst, x.Route.Resource...)
		}
	case "integrationErrorMessage":
		return integrationVariable("error")
	}
	if v := answerVariable(name); v != nil {
		return v
	}
	return ContextVariable(name)
}

// answerVariable is what is known of the answer and of where it went.
func answerVariable(name string) Variable {
	switch name {
	case "awsEndpointRequestId":
		return appendEndpointID
	case "xrayTraceId":
		return appendTraceRoot
	case "webaclArn":
		return stageVariable(func(s *Stage) string { return s.WebACL })
	case "wafResponseCode":
		return wafVariable("wafResponseCode")
	case "endpointType":
		return stageVariable(func(s *Stage) string { return s.EndpointType })
	case "tlsVersion":
		return func(x *Exchange, dst []byte) []byte {
			if x.TLSVersion == 0 {
				return dst
			}
			return append(dst, strings.Replace(tls.VersionName(x.TLSVersion), " ", "v", 1)...) // TLSv1.3
		}
	case "cipherSuite":
		return func(x *Exchange, dst []byte) []byte {
			if x.TLSVersion == 0 {
				return dst
			}
			return append(dst, tls.CipherSuiteName(x.CipherSuite)...)
		}
	}
	return nil
}

func phaseVariable(p Phase, member string) Variable {
	switch member {
	case "status":
		return func(x *Exchange, dst []byte) []byte { return appendStatus(dst, x.Phase(p).Status) }
	case "latency":
		return func(x *Exchange, dst []byte) []byte {
			if x.Phase(p).Status == 0 {
				return dst
			}
			return appendMilliseconds(dst, x.Phase(p).Latency)
		}
	case "error":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.Phase(p).Error...) }
	}
	return nil
}

// wafVariable: the answer code is a word.
// parity: services-observability.md 9.3.1, "WAF_ALLOW/WAF_BLOCK".
func wafVariable(member string) Variable {
	if member != "wafResponseCode" {
		return phaseVariable(PhaseWAF, member)
	}
	return func(x *Exchange, dst []byte) []byte {
		switch s := x.Phase(PhaseWAF).Status; {
		case s == 0:
			return dst
		case s < 400:
			return append(dst, "WAF_ALLOW"...)
		}
		return append(dst, "WAF_BLOCK"...)
	}
}

// authorizerCall is what there is of the authorizer itself, beside what it said.
func authorizerCall(member string) Variable {
	switch member {
	case "integrationLatency":
		return func(x *Exchange, dst []byte) []byte {
			if x.Authorizer.Status == 0 {
				return dst
			}
			return appendMilliseconds(dst, x.Authorizer.Latency)
		}
	case "integrationStatus":
		return func(x *Exchange, dst []byte) []byte { return appendStatus(dst, x.Authorizer.Status) }
	case "requestId":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.Authorizer.RequestID...) }
	}
	return phaseVariable(PhaseAuthorizer, member)
}

// integrationVariable: integrationStatus is what the service said that was
// called, status what the function behind it said.
func integrationVariable(member string) Variable {
	switch member {
	case "status":
		return func(x *Exchange, dst []byte) []byte {
			if x.Reply.Returned != 0 {
				return appendStatus(dst, x.Reply.Returned)
			}
			return appendStatus(dst, x.Reply.Response.Status)
		}
	case "requestId":
		return appendEndpointID
	case "error":
		return func(x *Exchange, dst []byte) []byte {
			if x.Failure == nil || !x.Failure.ofIntegration() {
				return dst
			}
			return append(dst, x.Failure.Reason(x.Route)...)
		}
	case "responseTransferMode":
		return func(x *Exchange, dst []byte) []byte {
			switch {
			case !x.Called():
				return dst
			case x.Answer.Stream != nil:
				return append(dst, "STREAMED"...)
			}
			return append(dst, "BUFFERED"...)
		}
	}
	return nil
}

// appendEndpointID appends the request id of the service that was called.
func appendEndpointID(x *Exchange, dst []byte) []byte {
	if x.Reply.RequestID != "" {
		return append(dst, x.Reply.RequestID...)
	}
	if id := http1.Get(x.Reply.Response.Fields, "x-amzn-requestid"); id != nil {
		return append(dst, id...)
	}
	return append(dst, http1.Get(x.Reply.Response.Fields, "x-amz-request-id")...)
}

// appendTraceRoot appends the root of the request's trace, if it is traced.
func appendTraceRoot(x *Exchange, dst []byte) []byte {
	if len(x.Trace) == 0 && len(x.sent.trace) == 0 && (x.Stage == nil || x.Stage.Sample == nil) {
		return dst
	}
	root, _, sampled := traceParts(x.TraceID())
	if string(sampled) != "1" && (x.Stage == nil || x.Stage.Sample == nil) {
		return dst
	}
	return append(dst, root...)
}

// overrideVariable is what a template has set.
func overrideVariable(name string) Variable {
	maps := map[string]func(*Overrides) map[string]string{
		"requestOverride.header.":      func(o *Overrides) map[string]string { return o.Header },
		"requestOverride.querystring.": func(o *Overrides) map[string]string { return o.Query },
		"requestOverride.path.":        func(o *Overrides) map[string]string { return o.Path },
		"responseOverride.header.":     func(o *Overrides) map[string]string { return o.ResponseHeader },
	}
	for prefix, of := range maps {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			return func(x *Exchange, dst []byte) []byte {
				if x.Overrides == nil {
					return dst
				}
				return append(dst, of(x.Overrides)[key]...)
			}
		}
	}
	return nil
}

func customDomain(member string) Variable {
	if member != "basePathMatched" {
		return nil
	}
	return func(x *Exchange, dst []byte) []byte {
		switch {
		case !x.CustomDomain:
			return dst
		case len(x.BasePath) == 0:
			return append(dst, "(none)"...) // parity: the empty mapping, as the control plane writes it
		}
		return append(dst, x.BasePath...)
	}
}

// maskedKey is an API key that nobody can use: stars, and its end to know it by.
// parity: services-observability.md 9.4, "redaction"; of access logs it is our choice.
func maskedKey(x *Exchange, dst []byte) []byte {
	const shown = 6
	key := x.Grant.Key().Value
	if len(key) == 0 {
		return dst
	}
	hidden := max(len(key)-shown, (len(key)+1)/2)
	for range min(hidden, 40) {
		dst = append(dst, '*')
	}
	return append(dst, key[hidden:]...)
}

func appendStatus(dst []byte, status int) []byte {
	if status == 0 {
		return dst
	}
	return appendNumber(dst, int64(status))
}
