package step

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/program"
)

// event2 writes the event of payload format 2.0 for a function URL.
// parity: spec/http-websocket-domains.md A5; a function URL keeps the encoding
// of the path.
type event2 struct {
	api, routeKey, stage, account string
}

// make is the event for an exchange, in the exchange's memory.
func (e *event2) make(x *program.Exchange) []byte {
	x.Query() // decoded into the exchange's memory, before the event goes there
	way := forwardedOf(x)
	return x.KeepVariable(func(x *program.Exchange, dst []byte) []byte {
		dst = member(append(dst, `{"version":"2.0"`...), "routeKey", e.routeKey)
		dst = member(dst, "rawPath", x.Path)
		dst = member(dst, "rawQueryString", x.Request.Query)
		dst = appendCookies(x, dst)
		dst = appendLowerHeaders(x, dst, way)
		dst = appendJoinedQuery(x, dst)
		dst = e.appendContext(x, dst)
		return append(appendBody2(x, dst), '}')
	})
}

// appendCookies appends the Cookie fields, one cookie an element.
func appendCookies(x *program.Exchange, dst []byte) []byte {
	some := false
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		if !equalFold(f.Name, "cookie") {
			continue
		}
		for one := range bytes.SplitSeq(f.Value, []byte(";")) {
			if one = bytes.TrimSpace(one); len(one) == 0 {
				continue
			}
			if !some {
				dst, some = append(dst, `,"cookies":[`...), true
			}
			dst = program.AppendJSON(separate(dst), one)
		}
	}
	if some {
		dst = append(dst, ']')
	}
	return dst
}

// appendLowerHeaders appends headers: names in lower case, several values
// joined with commas.
func appendLowerHeaders(x *program.Exchange, dst []byte, way forwarded) []byte {
	dst = append(dst, `,"headers":{`...)
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		if is := headerOf(f.Name); !inEvent(is) && is != hContentLength || is == hKeepAlive || is == hProxyConnection ||
			equalFold(f.Name, "cookie") || earlier(x, i) {
			continue
		}
		dst = append(separate(dst), '"')
		at := len(dst)
		dst = program.AppendJSONText(dst, f.Name)
		for j := at; j < len(dst); j++ {
			dst[j] = lower(dst[j])
		}
		dst = append(dst, `":"`...)
		for j := i; j < len(x.Request.Fields); j++ {
			if sameName(x, i, j) {
				if j > i {
					dst = append(dst, ',')
				}
				dst = program.AppendJSONText(dst, x.Request.Fields[j].Value)
			}
		}
		dst = append(dst, '"')
	}
	dst = member(dst, "x-amzn-trace-id", way.trace)
	dst = member(dst, "x-forwarded-for", way.ip)
	dst = member(dst, "x-forwarded-port", way.port)
	return append(member(dst, "x-forwarded-proto", way.proto), '}')
}

// appendJoinedQuery appends queryStringParameters, if there are any.
func appendJoinedQuery(x *program.Exchange, dst []byte) []byte {
	all := x.Query()
	if len(all) == 0 {
		return dst
	}
	g := groupPairs(all)
	dst = append(dst, `,"queryStringParameters":{`...)
	for i := range all {
		if !g.first(i) {
			continue
		}
		dst = append(program.AppendJSON(separate(dst), all[i].Name), `:"`...)
		for j := i; j >= 0; j = g.next(j) {
			if j > i {
				dst = append(dst, ',')
			}
			dst = program.AppendJSONText(dst, all[j].Value)
		}
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

func (e *event2) appendContext(x *program.Exchange, dst []byte) []byte {
	dst = member(append(dst, `,"requestContext":{`...), "accountId", e.account)
	dst = member(dst, "apiId", e.api)
	dst = member(dst, "domainName", x.DomainName())
	dst = member(dst, "domainPrefix", x.DomainPrefix())
	dst = member(append(dst, `,"http":{`...), "method", x.Method)
	dst = member(dst, "path", x.Path)
	dst = append(x.AppendSourceIP(append(dst, `,"protocol":"HTTP/1.1","sourceIp":"`...)), '"')
	dst = append(member(dst, "userAgent", x.Header("user-agent")), '}')
	dst = member(dst, "requestId", x.ID[:])
	dst = member(dst, "routeKey", e.routeKey)
	dst = member(dst, "stage", e.stage)
	dst = append(x.AppendRequestTime(append(dst, `,"time":"`...)), '"')
	return append(strconv.AppendInt(append(dst, `,"timeEpoch":`...), x.Start.UnixMilli(), 10), '}')
}

// appendBody2 appends the body, if there is one. Only what is surely text is
// sent as text.
// parity: spec/http-websocket-domains.md A5.4.
func appendBody2(x *program.Exchange, dst []byte) []byte {
	switch {
	case len(x.Body) == 0:
		return append(dst, `,"isBase64Encoded":false`...)
	case isText(x.Header("content-type")):
		dst = program.AppendJSON(append(dst, `,"body":`...), x.Body)
		return append(dst, `,"isBase64Encoded":false`...)
	}
	dst = base64.StdEncoding.AppendEncode(append(dst, `,"body":"`...), x.Body)
	return append(dst, `","isBase64Encoded":true`...)
}

func isText(contentType []byte) bool {
	if i := bytes.IndexByte(contentType, ';'); i >= 0 {
		contentType = bytes.TrimSpace(contentType[:i])
	}
	if kind, _, ok := bytes.Cut(contentType, []byte("/")); ok && equalFold(kind, "text") {
		return true
	}
	return equalFold(contentType, "application/json") || equalFold(contentType, "application/xml") || equalFold(contentType, "application/javascript")
}
