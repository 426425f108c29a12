package payload2

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/tidwall/gjson"
)

// ErrMalformed says that what a function returned is no answer; clients get 500.
var ErrMalformed = errors.New("payload2: malformed function response")

// Answer is what a client is to get.
type Answer struct {
	Status int
	Fields []Field // a Set-Cookie for each cookie among them
	Body   []byte
}

// Parse reads what a function returned. A JSON object with a statusCode says
// all; of any other JSON value an answer is inferred: 200, application/json, and
// as the body the characters of a string or else the JSON text itself.
// parity: http-websocket-domains.md A5.5
func Parse(payload []byte) (Answer, error) {
	payload = bytes.TrimSpace(payload)
	if deep(payload) || !gjson.ValidBytes(payload) {
		return Answer{}, fmt.Errorf("%w: not JSON", ErrMalformed)
	}
	value := gjson.ParseBytes(payload)
	if value.IsObject() && value.Get("statusCode").Exists() {
		return explicit(value)
	}
	a := Answer{Status: 200, Fields: []Field{contentType()}, Body: payload}
	if value.Type == gjson.String {
		a.Body = []byte(value.Str)
	}
	return a, nil
}

// maxDepth bounds lists in lists: the JSON reader takes stack for each.
const maxDepth = 1000

// deep says whether a JSON text is nested deeper than maxDepth. What is no JSON
// may be taken for anything.
func deep(text []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

func contentType() Field { return Field{[]byte("content-type"), []byte("application/json")} }

// explicit reads an answer that says all. Of a member that comes twice the last
// one counts; members that it does not know are passed over.
func explicit(object gjson.Result) (a Answer, err error) {
	binary := false
	var cookies []Field
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "statusCode":
			a.Status, err = status(value)
		case "headers":
			a.Fields, err = headers(value)
		case "cookies":
			cookies, err = setCookies(value)
		case "isBase64Encoded":
			binary, err = truth(value)
		case "body":
			a.Body, err = text(value)
		}
		return err == nil
	})
	if err != nil {
		return Answer{}, err
	}
	if binary {
		body := make([]byte, base64.StdEncoding.DecodedLen(len(a.Body)))
		n, err := base64.StdEncoding.Decode(body, a.Body)
		if err != nil {
			return Answer{}, fmt.Errorf("%w: body is not base64: %w", ErrMalformed, err)
		}
		a.Body = body[:n]
	}
	if !has(a.Fields, "content-type") {
		a.Fields = append(a.Fields, contentType())
	}
	a.Fields = append(a.Fields, cookies...)
	return a, nil
}

// status takes a number, or a number in a string.
func status(v gjson.Result) (int, error) {
	raw := v.Raw
	if v.Type == gjson.String {
		raw = v.Str
	}
	n, err := strconv.Atoi(raw)
	if err != nil && v.Type == gjson.Number && v.Num == float64(int(v.Num)) {
		n, err = int(v.Num), nil // 200.0 and 2e2 are integers too
	}
	if err != nil || n < 100 || n > 999 {
		return 0, fmt.Errorf("%w: statusCode %s", ErrMalformed, v.Raw)
	}
	return n, nil
}

// text takes a string or nothing.
func text(v gjson.Result) ([]byte, error) {
	switch v.Type {
	case gjson.String:
		return []byte(v.Str), nil
	case gjson.Null:
		return nil, nil
	default:
		return nil, fmt.Errorf("%w: body is not a string", ErrMalformed)
	}
}

func truth(v gjson.Result) (bool, error) {
	switch v.Type {
	case gjson.True:
		return true, nil
	case gjson.False, gjson.Null:
		return false, nil
	case gjson.String:
		switch v.Str {
		case "true", "True":
			return true, nil
		case "false", "False":
			return false, nil
		}
	case gjson.Number, gjson.JSON:
	}
	return false, fmt.Errorf("%w: isBase64Encoded %s", ErrMalformed, v.Raw)
}

// headers takes an object of single values.
func headers(v gjson.Result) (fields []Field, err error) {
	if v.Type == gjson.Null {
		return nil, nil
	}
	if !v.IsObject() {
		return nil, fmt.Errorf("%w: headers are not an object", ErrMalformed)
	}
	v.ForEach(func(key, value gjson.Result) bool {
		switch value.Type {
		case gjson.String, gjson.Number, gjson.True, gjson.False:
			var f Field
			var keep bool
			if f, keep, err = field(key.Str, value.String()); keep {
				fields = append(fields, f)
			}
		case gjson.Null:
		default:
			err = fmt.Errorf("%w: header %q is not a string", ErrMalformed, key.Str)
		}
		return err == nil
	})
	return fields, err
}

func setCookies(v gjson.Result) (fields []Field, err error) {
	if v.Type == gjson.Null {
		return nil, nil
	}
	if !v.IsArray() {
		return nil, fmt.Errorf("%w: cookies are not a list", ErrMalformed)
	}
	v.ForEach(func(_, value gjson.Result) bool {
		if value.Type != gjson.String {
			err = fmt.Errorf("%w: a cookie is not a string", ErrMalformed)
			return false
		}
		var f Field
		f, _, err = field("set-cookie", value.Str)
		fields = append(fields, f)
		return err == nil
	})
	return fields, err
}

// field checks that a header can be sent as one. keep is false for those that
// are the connection's own and not the function's.
func field(name, value string) (f Field, keep bool, err error) {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return f, false, fmt.Errorf("%w: value of header %q", ErrMalformed, name)
		}
	}
	f = Field{make([]byte, len(name)), bytes.TrimSpace([]byte(value))}
	for i := range len(name) {
		if !token(name[i]) {
			return f, false, fmt.Errorf("%w: header name %q", ErrMalformed, name)
		}
		f.Name[i] = lower(name[i])
	}
	if name == "" {
		return f, false, fmt.Errorf("%w: a header without a name", ErrMalformed)
	}
	switch string(f.Name) {
	case "connection", "content-length", "date", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return f, false, nil
	}
	return f, true, nil
}

// token tells what a header name may be made of (RFC 9110, 5.6.2).
func token(c byte) bool {
	switch {
	case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	}
	return bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}

func has(fields []Field, name string) bool {
	for _, f := range fields {
		if string(f.Name) == name {
			return true
		}
	}
	return false
}
