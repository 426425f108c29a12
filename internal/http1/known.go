package http1

import "encoding/binary"

// Known is a field name that the gateway treats in a way of its own.
type Known uint8

// The names. Unasked is the zero value of a Field: nobody has looked at the
// name; Other, that it is none of these.
const (
	Unasked Known = iota
	Other
	APIGatewayID
	APIID
	Authorization
	Connection
	ContentEncoding
	ContentLength
	ContentMD5
	ContentType
	Date
	Expect
	ForwardedFor
	ForwardedPort
	ForwardedProto
	HTTP2Settings
	HostName
	KeepAlive
	MaxForwards
	ProxyAuthenticate
	ProxyAuthorization
	ProxyConnection
	Referer
	RequestID
	Server
	TE
	TraceID
	Trailer
	TransferEncoding
	Upgrade
	UserAgent
	Via
	WWWAuthenticate
	Accept
	KnownNames // how many there are
)

// knownNames are the names in lower case: letters, digits and '-'.
//
//nolint:gochecknoglobals // constant
var knownNames = [KnownNames]string{
	Accept:             "accept",
	APIGatewayID:       "x-amz-apigw-id",
	APIID:              "x-amzn-apigateway-api-id",
	Authorization:      "authorization",
	Connection:         "connection",
	ContentEncoding:    "content-encoding",
	ContentLength:      "content-length",
	ContentMD5:         "content-md5",
	ContentType:        "content-type",
	Date:               "date",
	Expect:             "expect",
	ForwardedFor:       "x-forwarded-for",
	ForwardedPort:      "x-forwarded-port",
	ForwardedProto:     "x-forwarded-proto",
	HTTP2Settings:      "http2-settings",
	HostName:           "host",
	KeepAlive:          "keep-alive",
	MaxForwards:        "max-forwards",
	ProxyAuthenticate:  "proxy-authenticate",
	ProxyAuthorization: "proxy-authorization",
	ProxyConnection:    "proxy-connection",
	Referer:            "referer",
	RequestID:          "x-amzn-requestid",
	Server:             "server",
	TE:                 "te",
	TraceID:            "x-amzn-trace-id",
	Trailer:            "trailer",
	TransferEncoding:   "transfer-encoding",
	Upgrade:            "upgrade",
	UserAgent:          "user-agent",
	Via:                "via",
	WWWAuthenticate:    "www-authenticate",
}

// Lower is the name in lower case, "" for Unasked and Other.
func (k Known) Lower() string {
	if k < KnownNames {
		return knownNames[k]
	}
	return ""
}

// knownSlot is what is to be compared with a name that has its slot: its words,
// which are all of it up to 24 bytes. Of a name of less than eight, first is all,
// in the upper bytes.
type knownSlot struct {
	first, second, last uint64

	length uint8
	is     Known
}

// fits says whether a token of the slot's length is the slot's name; x and y are
// its first two words in small. Of what tokens are made of, only a letter
// becomes a letter, a digit or '-' by its bit 0x20.
func (s *knownSlot) fits(name []byte, x, y uint64) bool {
	n := len(name)
	if n < 8 {
		return x<<(-8*n&63) == s.first
	}
	return x == s.first && binary.LittleEndian.Uint64(name[n-8:n])|small == s.last && (n <= 16 || y == s.second)
}

// knownSlots is where names are found: each has a slot to itself, so that one
// look into memory tells most names that are not known.
//
//nolint:gochecknoglobals // constant
var knownSlots = func() (slots [1 << slotBits]knownSlot) {
	for k := Other + 1; k < KnownNames; k++ {
		name := []byte(knownNames[k])
		s := knownSlot{length: uint8(len(name)), is: k}
		if n := len(name); n < 8 {
			s.first = short(name) << (-8 * n & 63)
		} else {
			s.first, s.last = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])
		}
		if len(name) > 16 {
			s.second = binary.LittleEndian.Uint64(name[8:])
		}
		slots[slotOf(len(name), name[0], name[len(name)-1])] = s
	}
	return slots
}()

const slotBits = 6

// slotOf is the slot of a name by its length, its first and its last
// character. The factors are ones that have no two names meet.
func slotOf(length int, first, last byte) int {
	return (7*length - 3*int(first|0x20) + int(last|0x20)) & (1<<slotBits - 1)
}

// KnownName tells which name it is, whatever the case.
func KnownName(name []byte) Known {
	if len(name) == 0 {
		return Other
	}
	s := &knownSlots[slotOf(len(name), name[0], name[len(name)-1])]
	if len(name) == int(s.length) && equalFold(name, knownNames[s.is%KnownNames]) {
		return s.is
	}
	return Other
}

// knownToken is KnownName of a name that is a token.
func knownToken(name []byte) Known {
	n := len(name)
	if n == 0 {
		return Other
	}
	s := &knownSlots[slotOf(n, name[0], name[n-1])]
	if n != int(s.length) {
		return Other
	}
	var x, y uint64
	switch {
	case n < 8:
		x = short(name)
	case n < 16:
		x = binary.LittleEndian.Uint64(name)
	default:
		x, y = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[8:])
	}
	if s.fits(name, x|small, y|small) {
		return s.is
	}
	return Other
}

// knownSet is some of the names, a bit for each.
type knownSet uint64

func (s knownSet) has(k Known) bool { return s>>(k&63)&1 != 0 }

const (
	// hopNames belong to one connection or describe the framing of a message.
	hopNames knownSet = 1<<TE | 1<<HostName | 1<<Expect | 1<<Upgrade | 1<<Trailer | 1<<Connection | 1<<KeepAlive | 1<<ContentLength |
		1<<HTTP2Settings | 1<<ProxyConnection | 1<<TransferEncoding | 1<<ProxyAuthenticate | 1<<ProxyAuthorization

	// notedNames say something about the message itself.
	notedNames knownSet = 1<<HostName | 1<<Expect | 1<<Upgrade | 1<<Connection | 1<<ContentLength | 1<<TransferEncoding
)
