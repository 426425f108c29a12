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

// headerName is the name in lower case.
//
//nolint:funlen // one line a name
func (h header) lower() string {
	switch h {
	case hAccept:
		return "accept"
	case hAPIGatewayID:
		return "x-amz-apigw-id"
	case hAPIID:
		return "x-amzn-apigateway-api-id"
	case hAuthorization:
		return "authorization"
	case hConnection:
		return "connection"
	case hContentEncoding:
		return "content-encoding"
	case hContentLength:
		return "content-length"
	case hContentMD5:
		return "content-md5"
	case hContentType:
		return "content-type"
	case hDate:
		return "date"
	case hExpect:
		return "expect"
	case hForwardedFor:
		return "x-forwarded-for"
	case hForwardedPort:
		return "x-forwarded-port"
	case hForwardedProto:
		return "x-forwarded-proto"
	case hHTTP2Settings:
		return "http2-settings"
	case hHost:
		return "host"
	case hKeepAlive:
		return "keep-alive"
	case hMaxForwards:
		return "max-forwards"
	case hProxyAuthenticate:
		return "proxy-authenticate"
	case hProxyAuthorization:
		return "proxy-authorization"
	case hProxyConnection:
		return "proxy-connection"
	case hReferer:
		return "referer"
	case hRequestID:
		return "x-amzn-requestid"
	case hServer:
		return "server"
	case hTE:
		return "te"
	case hTrace:
		return "x-amzn-trace-id"
	case hTrailer:
		return "trailer"
	case hTransferEncoding:
		return "transfer-encoding"
	case hUpgrade:
		return "upgrade"
	case hUserAgent:
		return "user-agent"
	case hVia:
		return "via"
	case hWWWAuthenticate:
		return "www-authenticate"
	default:
		return ""
	}
}

// headerOf tells which name it is. The length of a name leaves at most four to
// compare it with.
func headerOf(name []byte) header {
	var candidates [4]header
	switch len(name) {
	case 2:
		candidates = [4]header{hTE}
	case 3:
		candidates = [4]header{hVia}
	case 4:
		candidates = [4]header{hHost, hDate}
	case 6:
		candidates = [4]header{hAccept, hServer, hExpect}
	case 7:
		candidates = [4]header{hReferer, hUpgrade, hTrailer}
	case 10:
		candidates = [4]header{hUserAgent, hConnection, hKeepAlive}
	case 11:
		candidates = [4]header{hContentMD5}
	case 12:
		candidates = [4]header{hContentType, hMaxForwards}
	case 13:
		candidates = [4]header{hAuthorization}
	case 14:
		candidates = [4]header{hContentLength, hAPIGatewayID, hHTTP2Settings}
	case 15:
		candidates = [4]header{hForwardedFor, hTrace}
	case 16:
		return headerOf16(name)
	case 17:
		candidates = [4]header{hTransferEncoding, hForwardedProto}
	case 18:
		candidates = [4]header{hProxyAuthenticate}
	case 19:
		candidates = [4]header{hProxyAuthorization}
	case 24:
		candidates = [4]header{hAPIID}
	}
	for _, h := range candidates {
		if h == other {
			break
		}
		if http1.EqualFold(name, h.lower()) {
			return h
		}
	}
	return other
}

func headerOf16(name []byte) header {
	for _, h := range [...]header{hContentEncoding, hForwardedPort, hRequestID, hProxyConnection, hWWWAuthenticate} {
		if http1.EqualFold(name, h.lower()) {
			return h
		}
	}
	return other
}

// unseen says whether a field of the client is visible to nobody behind the
// gateway, not even to mappings.
// parity: spec/rest-data-plane.md 3.6.2, first row.
func (h header) unseen() bool {
	switch h {
	case hConnection, hContentLength, hContentMD5, hExpect, hMaxForwards, hProxyAuthenticate, hServer, hTE,
		hTransferEncoding, hTrailer, hUpgrade, hWWWAuthenticate:
		return true
	default:
		return false
	}
}

// forwarded says whether HTTP_PROXY passes a field of the client on. What the
// gateway writes itself is not passed on either.
// parity: spec/rest-data-plane.md 3.6; Content-Encoding ends here, as the body
// that is passed on has none, unless it passed as it was.
func (h header) forwarded() bool {
	switch h {
	case hHost, hContentEncoding, hVia, hReferer, hKeepAlive, hProxyConnection, hProxyAuthorization, hHTTP2Settings,
		hAPIID, hTrace, hForwardedFor, hForwardedPort, hForwardedProto:
		return false
	default:
		return !h.unseen()
	}
}

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
	switch h {
	case hAuthorization, hConnection, hContentLength, hContentMD5, hDate, hMaxForwards, hServer, hUserAgent,
		hWWWAuthenticate, hRequestID, hAPIGatewayID:
		return remapped
	case hVia, hTransferEncoding, hKeepAlive, hProxyConnection, hExpect, hHost, hProxyAuthenticate, hTE, hTrailer, hUpgrade:
		return dropped
	default:
		return passed
	}
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
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-':
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
