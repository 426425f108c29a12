// Package payload2 is payload format 2.0 of Lambda proxy integrations, the form
// in which HTTP APIs and function URLs hand a request to a function and take
// its answer: an event from a plain request, an answer from what the function
// returned.
//
// All of it is pure: bytes in, bytes out. The law of Append is that whatever a
// client sent, the event is one valid JSON object; that of Parse is that an
// answer it accepts can be written as HTTP/1.1 without changing its meaning:
// no field holds a line break or frames the message.
//
// It does not know routes, stages or connections: what an event says of those
// is what its caller puts in.
package payload2

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

// Anonymous is the account of an event that came by a function URL whose
// callers are not authenticated.
const Anonymous = "anonymous"

// Field is one header field as it was received or as it is to be sent.
type Field struct{ Name, Value []byte }

// Pair is a named value: a path parameter (decoded) or a stage variable.
type Pair struct{ Name, Value string }

// Event is a request as a function is to see it. Slices are read by Append and
// not kept. Members that are empty are left out of the event, as AWS does.
// parity: http-websocket-domains.md A5.1 and A5.2
type Event struct {
	RouteKey string
	Stage    string
	// Path is rawPath and requestContext.http.path: decoded, with the stage's
	// name, for an HTTP API; as it was received for a function URL.
	Path  []byte
	Query []byte // as it was received, without '?'

	Fields []Field // as received, in order; Cookie among them
	Body   []byte
	// Binary says that Body goes as base64; see TextBody.
	Binary bool

	AccountID, APIID string
	Domain           string // the Host that was used; its first label is domainPrefix
	Method           []byte
	Protocol         string // HTTP/1.1
	SourceIP         string
	UserAgent        []byte
	RequestID        string
	Time             time.Time

	Authorizer     []byte // requestContext.authorizer, a JSON object
	Authentication []byte // requestContext.authentication, a JSON object
	Params         []Pair // path parameters, in order
	Variables      []Pair // stage variables, in order
}

// TextBody says whether a body of this content type goes as it is; any other
// goes as base64.
// parity: http-websocket-domains.md A5.4
func TextBody(contentType []byte) bool {
	media, _, _ := bytes.Cut(contentType, []byte(";"))
	media = bytes.TrimSpace(media)
	if len(media) >= 5 && bytes.EqualFold(media[:5], []byte("text/")) {
		return true
	}
	for _, text := range [...]string{"application/json", "application/xml", "application/javascript"} {
		if bytes.EqualFold(media, []byte(text)) {
			return true
		}
	}
	return false
}

// Append writes the event behind dst.
func (e *Event) Append(dst []byte) []byte {
	dst = append(dst, `{"version":"2.0","routeKey":`...)
	dst = appendString(dst, e.RouteKey)
	dst = append(dst, `,"rawPath":`...)
	dst = appendString(dst, e.Path)
	dst = append(dst, `,"rawQueryString":`...)
	dst = appendString(dst, e.Query)
	dst = e.appendCookies(dst)
	dst = append(dst, `,"headers":`...)
	dst = e.appendHeaders(dst)
	dst = appendQuery(dst, e.Query)
	dst = e.appendContext(dst)
	if len(e.Body) > 0 {
		dst = append(dst, `,"body":`...)
		if e.Binary {
			dst = appendBase64(dst, e.Body)
		} else {
			dst = appendString(dst, e.Body)
		}
	}
	dst = appendPairs(dst, `,"pathParameters":`, e.Params)
	dst = append(dst, `,"isBase64Encoded":`...)
	dst = strconv.AppendBool(dst, e.Binary && len(e.Body) > 0)
	dst = appendPairs(dst, `,"stageVariables":`, e.Variables)
	return append(dst, '}')
}

func (e *Event) appendContext(dst []byte) []byte {
	dst = append(dst, `,"requestContext":{"accountId":`...)
	dst = appendString(dst, e.AccountID)
	dst = append(dst, `,"apiId":`...)
	dst = appendString(dst, e.APIID)
	if len(e.Authentication) > 0 {
		dst = append(append(dst, `,"authentication":`...), e.Authentication...)
	}
	if len(e.Authorizer) > 0 {
		dst = append(append(dst, `,"authorizer":`...), e.Authorizer...)
	}
	dst = append(dst, `,"domainName":`...)
	dst = appendString(dst, e.Domain)
	dst = append(dst, `,"domainPrefix":`...)
	dst = appendString(dst, firstLabel(e.Domain))
	dst = append(dst, `,"http":{"method":`...)
	dst = appendString(dst, e.Method)
	dst = append(dst, `,"path":`...)
	dst = appendString(dst, e.Path)
	dst = append(dst, `,"protocol":`...)
	dst = appendString(dst, e.Protocol)
	dst = append(dst, `,"sourceIp":`...)
	dst = appendString(dst, e.SourceIP)
	dst = append(dst, `,"userAgent":`...)
	dst = appendString(dst, e.UserAgent)
	dst = append(dst, `},"requestId":`...)
	dst = appendString(dst, e.RequestID)
	dst = append(dst, `,"routeKey":`...)
	dst = appendString(dst, e.RouteKey)
	dst = append(dst, `,"stage":`...)
	dst = appendString(dst, e.Stage)
	dst = append(dst, `,"time":"`...)
	dst = e.Time.UTC().AppendFormat(dst, "02/Jan/2006:15:04:05 -0700")
	dst = append(dst, `","timeEpoch":`...)
	dst = strconv.AppendInt(dst, e.Time.UnixMilli(), 10)
	return append(dst, '}')
}

func firstLabel(domain string) string {
	for i := range len(domain) {
		if domain[i] == '.' || domain[i] == ':' {
			return domain[:i]
		}
	}
	return domain
}

var cookieName = []byte("cookie") //nolint:gochecknoglobals // never changes

// appendCookies writes the cookies one by one: they are no header in 2.0.
func (e *Event) appendCookies(dst []byte) []byte {
	sep := `,"cookies":[`
	for _, f := range e.Fields {
		if !bytes.EqualFold(f.Name, cookieName) {
			continue
		}
		for part := range bytes.SplitSeq(f.Value, []byte(";")) {
			if part = bytes.TrimSpace(part); len(part) > 0 {
				dst = append(dst, sep...)
				dst = appendString(dst, part)
				sep = ","
			}
		}
	}
	if sep == "," {
		dst = append(dst, ']')
	}
	return dst
}

// appendHeaders writes the fields by their names in lower case and in their
// order; what comes more than once is joined by commas.
func (e *Event) appendHeaders(dst []byte) []byte {
	var room [48]Field
	fields := room[:0]
	for _, f := range e.Fields {
		if !bytes.EqualFold(f.Name, cookieName) {
			fields = append(fields, f)
		}
	}
	slices.SortStableFunc(fields, func(a, b Field) int { return compareFold(a.Name, b.Name) })
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 && compareFold(fields[i-1].Name, f.Name) == 0 {
			dst = append(dst[:len(dst)-1], ',') // over the closing quote
		} else {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '"')
			dst = appendLower(dst, f.Name)
			dst = append(dst, `":"`...)
		}
		dst = appendText(dst, f.Value)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// appendQuery writes the decoded parameters by name; what comes more than once
// is joined by commas.
func appendQuery(dst, query []byte) []byte {
	if len(query) == 0 {
		return dst
	}
	var room [32]Field
	params := room[:0]
	decoded := make([]byte, 0, len(query)) // never longer than what it is made of
	for part := range bytes.SplitSeq(query, []byte("&")) {
		if len(part) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(part, []byte("="))
		from := len(decoded)
		decoded = appendDecoded(decoded, name)
		mid := len(decoded)
		decoded = appendDecoded(decoded, value)
		params = append(params, Field{decoded[from:mid], decoded[mid:]})
	}
	if len(params) == 0 {
		return dst
	}
	slices.SortStableFunc(params, func(a, b Field) int { return bytes.Compare(a.Name, b.Name) })
	dst = append(dst, `,"queryStringParameters":{`...)
	for i, p := range params {
		if i > 0 && bytes.Equal(params[i-1].Name, p.Name) {
			dst = append(dst[:len(dst)-1], ',')
		} else {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, p.Name)
			dst = append(dst, `:"`...)
		}
		dst = appendText(dst, p.Value)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

func appendPairs(dst []byte, member string, pairs []Pair) []byte {
	if len(pairs) == 0 {
		return dst
	}
	dst = append(append(dst, member...), '{')
	for i, p := range pairs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, p.Name)
		dst = append(dst, ':')
		dst = appendString(dst, p.Value)
	}
	return append(dst, '}')
}
