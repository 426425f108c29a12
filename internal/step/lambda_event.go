package step

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
)

// proxyEvent writes the event of a Lambda proxy integration, format 1.0, by
// appending: what is known at deployment is a text, the rest is put between.
// parity: spec/rest-data-plane.md 3.4.1.
type proxyEvent struct {
	resource  []byte // {"resource":...,"path":
	variables []byte // the value of stageVariables
	context   []byte // "requestContext":{... up to httpMethod
	stage     []byte // ,"accountId":...,"stage":... up to domainPrefix
	tail      []byte // ,"deploymentId":...,"apiId":...}
	binary    MediaTypes
}

func (s Scope) proxyEvent() *proxyEvent {
	e := &proxyEvent{binary: s.Binary}
	e.resource = member([]byte{'{'}, "resource", s.Resource)
	e.resource = append(e.resource, `,"path":`...)
	e.variables = []byte("null")
	if len(s.Variables) > 0 {
		e.variables = []byte{'{'}
		for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
			e.variables = member(e.variables, name, s.Variables[name])
		}
		e.variables = append(e.variables, '}')
	}
	c := member([]byte(`,"requestContext":{`), "resourceId", s.ResourceID)
	c = member(c, "resourcePath", s.Resource)
	if s.Operation != "" {
		c = member(c, "operationName", s.Operation)
	}
	e.context = append(c, `,"httpMethod":`...)
	c = member([]byte(`,`), "accountId", s.Account)
	c = member(append(c, `,"protocol":"HTTP/1.1"`...), "stage", s.Stage)
	e.stage = append(c, `,"domainPrefix":`...)
	c = member([]byte(`,`), "deploymentId", s.DeploymentID)
	c = member(c, "apiId", s.APIID)
	if s.CanaryRequest != "" {
		c = append(append(c, `,"isCanaryRequest":`...), s.CanaryRequest...)
	}
	e.tail = append(c, '}')
	return e
}

// member appends a member of an object, with a comma if it is not the first.
func member[T ~string | ~[]byte](dst []byte, name string, value T) []byte {
	dst = program.AppendJSON(separate(dst), name)
	return program.AppendJSON(append(dst, ':'), value)
}

// separate appends a comma unless a structure has just begun.
func separate(dst []byte) []byte {
	if n := len(dst); n > 0 {
		switch dst[n-1] {
		case '{', '[', ',':
			return dst
		}
	}
	return append(dst, ',')
}

// forwarded is what the gateway says about the way of the request; it is made
// before the event is written, because both use the exchange's memory.
type forwarded struct{ ip, port, proto, trace []byte }

func forwardedOf(x *program.Exchange) forwarded {
	var sent []byte
	for i := range x.Request.Fields {
		if f := &x.Request.Fields[i]; header(f.Known()) == hForwardedFor {
			sent = joined(x, sent, f.Value)
		}
	}
	return forwarded{forwardedFor(x, sent).Value, x.LocalPort(), forwardedProto(x).Value, x.TraceID()}
}

// make is the event for an exchange, in the exchange's memory.
func (e *proxyEvent) make(x *program.Exchange) []byte {
	x.Query() // decoded into the exchange's memory, before the event goes there
	way := forwardedOf(x)
	return x.KeepVariable(func(x *program.Exchange, dst []byte) []byte {
		dst = append(dst, e.resource...)
		dst = program.AppendJSON(dst, eventPath(x))
		dst = member(dst, "httpMethod", x.Method)
		dst = appendHeaders(x, dst, way)
		dst = appendQueryMaps(x, dst)
		dst = appendParams(x, append(dst, `,"pathParameters":`...))
		dst = append(append(dst, `,"stageVariables":`...), e.variables...)
		dst = e.appendContext(x, dst)
		return append(e.appendBody(x, dst), '}')
	})
}

// eventPath is the path of a request without its stage. What stands before it
// on a custom domain name belongs to it.
// parity: spec/rest-data-plane.md 2.2, 13.
func eventPath(x *program.Exchange) []byte {
	if x.CustomDomain {
		return x.FullPath
	}
	return x.Path
}

// appendHeaders appends headers and multiValueHeaders.
func appendHeaders(x *program.Exchange, dst []byte, way forwarded) []byte {
	dst = append(dst, `,"headers":{`...)
	for i := range x.Request.Fields {
		if f := &x.Request.Fields[i]; inEvent(header(f.Known())) && !earlier(x, i) {
			dst = appendHeaderName(dst, f.Name)
			dst = program.AppendJSON(append(dst, ':'), lastOf(x, i))
		}
	}
	dst = member(dst, "X-Amzn-Trace-Id", way.trace)
	dst = member(dst, "X-Forwarded-For", way.ip)
	dst = member(dst, "X-Forwarded-Port", way.port)
	dst = member(dst, "X-Forwarded-Proto", way.proto)
	dst = append(dst, `},"multiValueHeaders":{`...)
	for i := range x.Request.Fields {
		if f := &x.Request.Fields[i]; inEvent(header(f.Known())) && !earlier(x, i) {
			dst = append(appendHeaderName(dst, f.Name), ':', '[')
			for j := i; j < len(x.Request.Fields); j++ {
				if sameName(x, i, j) {
					dst = program.AppendJSON(separate(dst), x.Request.Fields[j].Value)
				}
			}
			dst = append(dst, ']')
		}
	}
	dst = single(dst, "X-Amzn-Trace-Id", way.trace)
	dst = single(dst, "X-Forwarded-For", way.ip)
	dst = single(dst, "X-Forwarded-Port", way.port)
	dst = single(dst, "X-Forwarded-Proto", way.proto)
	return append(dst, '}')
}

// single appends a member that is a list of one.
func single(dst []byte, name string, value []byte) []byte {
	dst = program.AppendJSON(separate(dst), name)
	return append(program.AppendJSON(append(dst, ':', '['), value), ']')
}

// inEvent says whether a client's field is in the event as it is.
func inEvent(h header) bool {
	switch h {
	case hTrace, hForwardedFor, hForwardedPort, hForwardedProto:
		return false // the gateway's own are
	default:
		return !h.unseen()
	}
}

// sameName says whether two of the client's fields have one name.
func sameName(x *program.Exchange, i, j int) bool {
	a, b := x.Request.Fields[i].Name, x.Request.Fields[j].Name
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if lower(a[k]) != lower(b[k]) {
			return false
		}
	}
	return true
}

// earlier says whether a field before i has its name.
func earlier(x *program.Exchange, i int) bool {
	for j := range i {
		if sameName(x, i, j) {
			return true
		}
	}
	return false
}

func lastOf(x *program.Exchange, i int) []byte {
	for j := len(x.Request.Fields) - 1; j > i; j-- {
		if sameName(x, i, j) {
			return x.Request.Fields[j].Value
		}
	}
	return x.Request.Fields[i].Value
}

// appendHeaderName keeps the client's spelling but for two names.
func appendHeaderName(dst, name []byte) []byte {
	dst = separate(dst)
	switch headerOf(name) {
	case hAuthorization:
		return append(dst, `"Authorization"`...)
	case hUserAgent:
		return append(dst, `"User-Agent"`...)
	default:
		return program.AppendJSON(dst, name)
	}
}

// appendQueryMaps appends queryStringParameters and its sibling with all values.
func appendQueryMaps(x *program.Exchange, dst []byte) []byte {
	all := x.Query()
	if len(all) == 0 {
		return append(dst, `,"queryStringParameters":null,"multiValueQueryStringParameters":null`...)
	}
	g := groupPairs(all)
	dst = append(dst, `,"queryStringParameters":{`...)
	for i := range all {
		if g.first(i) {
			dst = program.AppendJSON(separate(dst), all[i].Name)
			dst = program.AppendJSON(append(dst, ':'), all[g.last(i)].Value)
		}
	}
	dst = append(dst, `},"multiValueQueryStringParameters":{`...)
	for i := range all {
		if !g.first(i) {
			continue
		}
		dst = program.AppendJSON(separate(dst), all[i].Name)
		dst = append(dst, ':', '[')
		for j := i; j >= 0; j = g.next(j) {
			dst = program.AppendJSON(separate(dst), all[j].Value)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendParams(x *program.Exchange, dst []byte) []byte {
	if len(x.Params) == 0 {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	for i := range x.Params {
		dst = member(dst, x.Params[i].Name, x.Params[i].Value)
	}
	return append(dst, '}')
}

// appendContext appends requestContext.
func (e *proxyEvent) appendContext(x *program.Exchange, dst []byte) []byte {
	dst = append(dst, e.context...)
	dst = program.AppendJSON(dst, x.Method)
	dst = member(dst, "extendedRequestId", x.ExtendedID[:])
	dst = append(x.AppendRequestTime(append(dst, `,"requestTime":"`...)), '"')
	dst = member(dst, "path", x.FullPath)
	dst = append(dst, e.stage...)
	dst = program.AppendJSON(dst, x.DomainPrefix())
	dst = strconv.AppendInt(append(dst, `,"requestTimeEpoch":`...), x.Start.UnixMilli(), 10)
	dst = member(dst, "requestId", x.ID[:])
	dst = appendAuthorizer(x, dst)
	dst = appendIdentity(x, dst)
	dst = member(dst, "domainName", x.DomainName())
	return append(dst, e.tail...)
}

// appendAuthorizer appends what an authorizer said, if there was one.
func appendAuthorizer(x *program.Exchange, dst []byte) []byte {
	c := x.Caller
	if c == nil || !c.Authorized {
		return dst
	}
	dst = append(dst, `,"authorizer":{`...)
	if c.Claims != nil {
		dst = append(dst, `"claims":{`...)
		for _, name := range slices.Sorted(maps.Keys(c.Claims)) {
			dst = member(dst, name, c.Claims[name])
		}
		return append(dst, '}', '}')
	}
	for _, name := range slices.Sorted(maps.Keys(c.Context)) {
		if name != "principalId" && name != "integrationLatency" {
			dst = member(dst, name, c.Context[name])
		}
	}
	dst = member(dst, "principalId", c.Principal)
	dst = append(dst, `,"integrationLatency":`...)
	return append(strconv.AppendInt(dst, int64(c.AuthorizerLatency/time.Millisecond), 10), '}')
}

// anonymous is the identity of a caller whom nobody knows, from behind its
// brace up to sourceIp.
const anonymous = `"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,` +
	`"principalOrgId":null,"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,` +
	`"userArn":null,"user":null`

func appendIdentity(x *program.Exchange, dst []byte) []byte {
	dst = append(dst, `,"identity":{`...)
	if c := x.Caller; c == nil {
		dst = append(dst, anonymous...)
	} else {
		dst = appendCaller(c, dst)
	}
	if k := x.Grant.Key(); len(k.ID) > 0 {
		dst = member(dst, "apiKey", k.Value)
		dst = member(dst, "apiKeyId", k.ID)
	}
	dst = append(x.AppendSourceIP(append(dst, `,"sourceIp":"`...)), '"')
	if agent := x.Header("user-agent"); agent != nil {
		return append(member(dst, "userAgent", agent), '}')
	}
	return append(dst, `,"userAgent":null}`...)
}

func appendCaller(c *program.Caller, dst []byte) []byte {
	for _, m := range [...]struct{ name, value string }{
		{"cognitoIdentityPoolId", c.CognitoIdentityPoolID},
		{"accountId", c.AccountID},
		{"cognitoIdentityId", c.CognitoIdentityID},
		{"caller", c.Caller},
		{"principalOrgId", c.PrincipalOrgID},
		{"accessKey", c.AccessKey},
		{"cognitoAuthenticationType", c.CognitoAuthenticationType},
		{"cognitoAuthenticationProvider", c.CognitoAuthenticationProvider},
		{"userArn", c.UserARN},
		{"user", c.User},
	} {
		if m.value != "" {
			dst = member(dst, m.name, m.value)
		} else {
			dst = append(program.AppendJSON(separate(dst), m.name), ":null"...)
		}
	}
	return dst
}

// appendBody appends the body and how it is written.
func (e *proxyEvent) appendBody(x *program.Exchange, dst []byte) []byte {
	switch {
	case len(x.Body) == 0:
		return append(dst, `,"body":null,"isBase64Encoded":false`...)
	case e.binary.Match(mediaType(x.Header("content-type"))):
		dst = append(dst, `,"body":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, x.Body)
		return append(dst, `","isBase64Encoded":true`...)
	}
	dst = program.AppendJSON(append(dst, `,"body":`...), x.Body)
	return append(dst, `,"isBase64Encoded":false`...)
}
