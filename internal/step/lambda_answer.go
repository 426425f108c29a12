package step

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// answerReader makes an answer of what a proxy function returned.
// parity: spec/rest-data-plane.md 3.4.2.
type answerReader struct {
	binary     MediaTypes
	fieldBytes int64 // how many the names and values of all fields may have; 0: any
	remap      *remapNames
}

// returned is a function's answer, its parts still raw JSON.
type returned struct {
	status         int
	headers, multi []byte // objects, nil if absent or null
	cookies        []byte // list; of streams only
	body           []byte // string, number or bool; nil if absent or null
	encoded        bool
}

// read makes payload the answer.
func (r *answerReader) read(x *program.Exchange, payload []byte) error {
	doc, err := wholeValue(payload)
	if err != nil {
		if head, _, ok := cutPrelude(payload); ok {
			return r.headOnly(x, head)
		}
		return malformed(errors.Join(errMalformed, err))
	}
	got, err := parseReturned(doc, false)
	if err != nil {
		return malformed(err)
	}
	if err := r.fields(x, got); err != nil {
		return malformed(err)
	}
	x.Answer.Status, x.Reply.Returned = got.status, got.status
	return r.body(x, got)
}

// headOnly answers with the head of an answer that was meant to be streamed.
// parity: spec/rest-data-plane.md 3.10, "Mismatch".
func (r *answerReader) headOnly(x *program.Exchange, head []byte) error {
	got, err := parseReturned(head, true)
	if err == nil {
		err = r.fields(x, got)
	}
	if err != nil {
		return malformed(err)
	}
	x.Answer.Status = got.status
	return nil
}

// parseReturned reads the members of an answer. stream: the members are those
// of a stream's prelude.
func parseReturned(doc []byte, stream bool) (returned, error) {
	got := returned{status: 200}
	if len(doc) == 0 || doc[0] != '{' {
		return got, errMalformed
	}
	err := members(doc, func(rawName, value []byte) error {
		name := string(rawName[1 : len(rawName)-1])
		ofStream, ofBody := name == "cookies", name == "body" || name == "isBase64Encoded"
		if stream && ofBody || !stream && ofStream {
			return badMember(name)
		}
		return got.set(name, value)
	})
	return got, err
}

// set takes one member.
func (r *returned) set(name string, value []byte) error {
	null := value[0] == 'n'
	switch name {
	case "statusCode":
		if null {
			return nil
		}
		n, err := strconv.Atoi(string(bytes.Trim(value, `"`)))
		if err != nil || n < 200 || n > 599 {
			return badMember(name)
		}
		r.status = n
	case "headers", "multiValueHeaders":
		if null {
			value = nil
		} else if value[0] != '{' {
			return badMember(name)
		}
		if name == "headers" {
			r.headers = value
		} else {
			r.multi = value
		}
	case "cookies":
		if !null && value[0] != '[' {
			return badMember(name)
		}
		if !null {
			r.cookies = value
		}
	case "body":
		if value[0] == '{' || value[0] == '[' {
			return badMember(name)
		}
		r.body = value
		if null {
			r.body = nil
		}
	case "isBase64Encoded":
		switch string(value) {
		case "true", `"true"`:
			r.encoded = true
		case "false", `"false"`, "null":
			r.encoded = false
		default:
			return badMember(name)
		}
	default:
		return badMember(name)
	}
	return nil
}

func badMember(name string) error { return fmt.Errorf("%w: %s", errMalformed, name) }

// fields adds the function's headers to the answer: those with several values
// first, each a line, then the single ones, in the spelling of the former.
func (r *answerReader) fields(x *program.Exchange, got returned) error {
	if got.multi != nil {
		if err := members(got.multi, func(name, values []byte) error {
			if values[0] != '[' {
				return errMalformed
			}
			return elements(values, func(v []byte) error { return r.field(x, name, v) })
		}); err != nil {
			return err
		}
	}
	if got.headers != nil {
		if err := members(got.headers, func(name, v []byte) error { return r.field(x, name, v) }); err != nil {
			return err
		}
	}
	if got.cookies != nil {
		if err := elements(got.cookies, func(v []byte) error { return r.field(x, []byte(`"Set-Cookie"`), v) }); err != nil {
			return err
		}
	}
	return r.bounded(x.Answer.Fields)
}

// bounded refuses fields that are larger than those of a request may be.
// parity: spec/rest-data-plane.md 12, header names and values.
func (r *answerReader) bounded(fields []http1.Field) error {
	size := int64(0)
	for _, f := range fields {
		size += int64(len(f.Name) + len(f.Value))
	}
	if r.fieldBytes > 0 && size > r.fieldBytes {
		return fmt.Errorf("%w: its headers have %d bytes", errMalformed, size)
	}
	return nil
}

// field adds one field. Numbers and booleans are written as they are, null is
// left out.
func (r *answerReader) field(x *program.Exchange, rawName, value []byte) error {
	switch value[0] {
	case 'n':
		return nil
	case '{', '[':
		return errMalformed
	}
	name, v := unquoted(x, rawName), value
	if value[0] == '"' {
		v = bytes.Trim(unquoted(x, value), " \t")
	}
	if !validName(name) || !validValue(v) {
		return fmt.Errorf("%w: a header that cannot be sent", errMalformed)
	}
	is := headerOf(name)
	switch is.answered() {
	case dropped:
		return nil
	case remapped:
		name = r.remap[is].Text()
	case passed:
	}
	for i := range x.Answer.Fields {
		if have := x.Answer.Fields[i].Name; len(have) == len(name) && bytes.EqualFold(have, name) {
			name = have
			break
		}
	}
	x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: name, Value: v})
	return nil
}

// body decodes what must be decoded.
func (r *answerReader) body(x *program.Exchange, got returned) error {
	if got.body == nil {
		return nil
	}
	body := got.body
	if body[0] == '"' {
		body = unquoted(x, body)
	}
	if got.encoded && r.binary.Match(firstAccepted(x)) {
		var err error
		if body, err = decode64(body); err != nil {
			return program.APIConfigurationError.Refuse(err)
		}
	}
	x.Answer.Body = body
	return nil
}
