package step

import (
	"bytes"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// header is a field name that the gateway treats in a way of its own.
type header uint8

const (
	other header = iota
	hAPIGatewayID
	hAPIID
	hAuthorization
	hConnection
	hContentEncoding
	hContentLength
	hContentMD5
	hContentType
	hDate
	hExpect
	hForwardedFor
	hForwardedPort
	hForwardedProto
	hHTTP2Settings
	hHost
	hKeepAlive
	hMaxForwards
	hProxyAuthenticate
	hProxyAuthorization
	hProxyConnection
	hReferer
	hRequestID
	hServer
	hTE
	hTrace
	hTrailer
	hTransferEncoding
	hUpgrade
	hUserAgent
	hVia
	hWWWAuthenticate
	hAccept
	headers // how many there are
)

// headerNames are the names in lower case.
//
//nolint:gochecknoglobals // constant
var headerNames = [headers]string{
	hAccept:             "accept",
	hAPIGatewayID:       "x-amz-apigw-id",
	hAPIID:              "x-amzn-apigateway-api-id",
	hAuthorization:      "authorization",
	hConnection:         "connection",
	hContentEncoding:    "content-encoding",
	hContentLength:      "content-length",
	hContentMD5:         "content-md5",
	hContentType:        "content-type",
	hDate:               "date",
	hExpect:             "expect",
	hForwardedFor:       "x-forwarded-for",
	hForwardedPort:      "x-forwarded-port",
	hForwardedProto:     "x-forwarded-proto",
	hHTTP2Settings:      "http2-settings",
	hHost:               "host",
	hKeepAlive:          "keep-alive",
	hMaxForwards:        "max-forwards",
	hProxyAuthenticate:  "proxy-authenticate",
	hProxyAuthorization: "proxy-authorization",
	hProxyConnection:    "proxy-connection",
	hReferer:            "referer",
	hRequestID:          "x-amzn-requestid",
	hServer:             "server",
	hTE:                 "te",
	hTrace:              "x-amzn-trace-id",
	hTrailer:            "trailer",
	hTransferEncoding:   "transfer-encoding",
	hUpgrade:            "upgrade",
	hUserAgent:          "user-agent",
	hVia:                "via",
	hWWWAuthenticate:    "www-authenticate",
}

// headerSlots is where headerOf finds names: each has a slot to itself.
//
//nolint:gochecknoglobals // constant
var headerSlots = func() (slots [1 << slotBits]header) {
	for h := other + 1; h < headers; h++ {
		name := headerNames[h]
		slots[headerSlot(len(name), name[0], name[len(name)-1])] = h
	}
	return slots
}()

const slotBits = 6

// headerSlot is the slot of a name by its length, its first and its last
// character. The factors are ones that have no two names meet.
func headerSlot(length int, first, last byte) int {
	return (7*length - 3*int(first|0x20) + int(last|0x20)) & (1<<slotBits - 1)
}

// lower is the name in lower case.
func (h header) lower() string { return headerNames[h] }

// headerOf tells which name it is.
func headerOf(name []byte) header {
	if len(name) == 0 {
		return other
	}
	is := headerSlots[headerSlot(len(name), name[0], name[len(name)-1])]
	if !http1.EqualFold(name, headerNames[is]) {
		return other
	}
	return is
}

// headerSet is some of the names, a bit for each.
type headerSet uint64

func (s headerSet) has(h header) bool { return s>>h&1 != 0 }

// unseen says whether a field of the client is visible to nobody behind the
// gateway, not even to mappings.
// parity: spec/rest-data-plane.md 3.6.2, first row.
func (h header) unseen() bool { return unseenHeaders.has(h) }

const unseenHeaders headerSet = 1<<hConnection | 1<<hContentLength | 1<<hContentMD5 | 1<<hExpect | 1<<hMaxForwards | 1<<hProxyAuthenticate |
	1<<hServer | 1<<hTE | 1<<hTransferEncoding | 1<<hTrailer | 1<<hUpgrade | 1<<hWWWAuthenticate

// forwarded says whether HTTP_PROXY passes a field of the client on. What the
// gateway writes itself is not passed on either.
// parity: spec/rest-data-plane.md 3.6; Content-Encoding ends here, as the body
// that is passed on has none, unless it passed as it was.
func (h header) forwarded() bool { return !keptHeaders.has(h) }

const keptHeaders = unseenHeaders | 1<<hHost | 1<<hContentEncoding | 1<<hVia | 1<<hReferer | 1<<hKeepAlive | 1<<hProxyConnection |
	1<<hProxyAuthorization | 1<<hHTTP2Settings | 1<<hAPIID | 1<<hTrace | 1<<hForwardedFor | 1<<hForwardedPort | 1<<hForwardedProto

// fate is what becomes of a field on its way to the client.
type fate uint8

const (
	passed fate = iota
	remapped
	dropped
)

// answered is the fate of a field that a function or a response mapping sets.
// parity: spec/rest-data-plane.md 3.6.2, "Response mapping" rows.
func (h header) answered() fate {
	switch h {
	case hAuthorization, hConnection, hContentLength, hContentMD5, hDate, hExpect, hHost, hMaxForwards, hProxyAuthenticate,
		hServer, hTrailer, hUpgrade, hUserAgent, hWWWAuthenticate, hRequestID, hAPIGatewayID:
		return remapped
	case hTransferEncoding, hKeepAlive, hProxyConnection:
		return dropped
	default:
		return passed
	}
}

// proxied is the fate of a field that an HTTP_PROXY back end sets.
// parity: spec/rest-data-plane.md 3.6.1 and "HTTP_PROXY answer" in 3.6.2;
// Content-Encoding is passed as documented, because the body is as well.
func (h header) proxied() fate {
	const (
		renamed headerSet = 1<<hAuthorization | 1<<hConnection | 1<<hContentLength | 1<<hContentMD5 | 1<<hDate | 1<<hMaxForwards |
			1<<hServer | 1<<hUserAgent | 1<<hWWWAuthenticate | 1<<hRequestID | 1<<hAPIGatewayID
		gone headerSet = 1<<hVia | 1<<hTransferEncoding | 1<<hKeepAlive | 1<<hProxyConnection | 1<<hExpect | 1<<hHost |
			1<<hProxyAuthenticate | 1<<hTE | 1<<hTrailer | 1<<hUpgrade
	)
	switch {
	case renamed.has(h):
		return remapped
	case gone.has(h):
		return dropped
	}
	return passed
}

// remapPrefix is what AWS puts before the names of fields that are its own.
const remapPrefix = "x-amzn-Remapped-"

// remapNames are the names in the spelling that AWS has for them.
type remapNames [headers][]byte

// newRemapNames makes the names once for a step, so that requests need not.
func newRemapNames() *remapNames {
	var names remapNames
	for h := other + 1; h < headers; h++ {
		names[h] = []byte(remapPrefix + canonical(h.lower()))
	}
	return &names
}

// canonical is a name with capitals at the beginning of its words, or as AWS
// writes it.
func canonical(lower string) string {
	switch lower {
	case "content-md5":
		return "Content-MD5"
	case "www-authenticate":
		return "WWW-Authenticate"
	case "x-amzn-requestid":
		return "x-amzn-RequestId"
	case "x-amz-apigw-id":
		return lower
	}
	b := []byte(lower)
	for i := range b {
		if (i == 0 || b[i-1] == '-') && 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// validName says whether a field may have the name.
func validName[T ~string | ~[]byte](name T) bool {
	if len(name) == 0 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			continue
		}
		switch c {
		case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		default:
			return false
		}
	}
	return true
}

// validValue says whether a field may have the value: nothing that could end
// it, or that a reader could take for an end.
func validValue[T ~string | ~[]byte](value T) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// plainName says whether a client's field name may be passed on: letters,
// digits, '-' and '_' only. spoofs says that its underscores make it look, to
// many back ends, like a field that the gateway itself writes.
// parity: spec/security.md 9.3.
func plainName(name []byte) (plain, spoofs bool) {
	underscore := false
	for _, c := range name {
		switch {
		case c|0x20-'a' < 26 || c-'0' < 10 || c == '-': // a difference below 0 is a large one
		case c == '_':
			underscore = true
		default:
			return false, false
		}
	}
	if !underscore || len(name) > 32 {
		return true, false
	}
	var buf [32]byte
	dashed := append(buf[:0], name...)
	for i, c := range dashed {
		if c == '_' {
			dashed[i] = '-'
		}
	}
	return true, headerOf(dashed) != other
}

// names says whether a list of tokens, such as a Connection field, has the
// token, whatever the case.
func names(list, token []byte) bool {
	for len(list) > 0 {
		part, rest, _ := bytes.Cut(list, []byte(","))
		list = rest
		if bytes.EqualFold(bytes.TrimSpace(part), token) {
			return true
		}
	}
	return false
}
