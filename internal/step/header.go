package step

import (
	"bytes"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// header is a field name that the gateway treats in a way of its own.
type header http1.Known

const (
	other               = header(http1.Other)
	hAPIGatewayID       = header(http1.APIGatewayID)
	hAPIID              = header(http1.APIID)
	hAuthorization      = header(http1.Authorization)
	hConnection         = header(http1.Connection)
	hContentEncoding    = header(http1.ContentEncoding)
	hContentLength      = header(http1.ContentLength)
	hContentMD5         = header(http1.ContentMD5)
	hContentType        = header(http1.ContentType)
	hDate               = header(http1.Date)
	hExpect             = header(http1.Expect)
	hForwardedFor       = header(http1.ForwardedFor)
	hForwardedPort      = header(http1.ForwardedPort)
	hForwardedProto     = header(http1.ForwardedProto)
	hHTTP2Settings      = header(http1.HTTP2Settings)
	hHost               = header(http1.HostName)
	hKeepAlive          = header(http1.KeepAlive)
	hMaxForwards        = header(http1.MaxForwards)
	hProxyAuthenticate  = header(http1.ProxyAuthenticate)
	hProxyAuthorization = header(http1.ProxyAuthorization)
	hProxyConnection    = header(http1.ProxyConnection)
	hReferer            = header(http1.Referer)
	hRequestID          = header(http1.RequestID)
	hServer             = header(http1.Server)
	hTE                 = header(http1.TE)
	hTrace              = header(http1.TraceID)
	hTrailer            = header(http1.Trailer)
	hTransferEncoding   = header(http1.TransferEncoding)
	hUpgrade            = header(http1.Upgrade)
	hUserAgent          = header(http1.UserAgent)
	hVia                = header(http1.Via)
	hWWWAuthenticate    = header(http1.WWWAuthenticate)
	hAccept             = header(http1.Accept)
	headers             = header(http1.KnownNames) // how many there are
)

// lower is the name in lower case.
func (h header) lower() string { return http1.Known(h).Lower() }

// headerOf tells which name it is.
func headerOf(name []byte) header { return header(http1.KnownName(name)) }

// headerSet is some of the names, a bit for each.
type headerSet uint64

func (s headerSet) has(h header) bool { return s>>(h&63)&1 != 0 }

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
type remapNames [headers]http1.Name

// newRemapNames makes the names once for a step, so that requests need not.
func newRemapNames() *remapNames {
	var names remapNames
	for h := other + 1; h < headers; h++ {
		names[h] = http1.NewName(remapPrefix + canonical(h.lower()))
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
