package awscall

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Quote appends a text as a JSON string, in quotes.
type Quote func(dst []byte, text string) []byte

// maxDepth is how deep the elements of an answer may lie in each other.
const maxDepth = 64

var (
	errDepth = errors.New("the service's answer is nested too deep")
	errXML   = errors.New("the service's answer is no XML document")
)

// element is one element of an answer; it has text or others.
type element struct {
	name     string
	text     strings.Builder
	children []*element
}

// AppendJSON appends an answer of the Query protocol, which is XML, as the JSON
// that services answer API Gateway with. Lists and maps become arrays and
// objects; all values are texts, as no model says otherwise.
// parity: spec/services-observability.md 8.1, 8.2.
func AppendJSON(dst []byte, answer []byte, quote Quote) ([]byte, error) {
	root, err := readXML(answer)
	if err != nil {
		return dst, err
	}
	if root.name == "ErrorResponse" || root.name == "Response" {
		return root.appendMembers(dst, quote), nil
	}
	dst = append(quote(append(dst, '{'), root.name), ':')
	return append(root.appendMembers(dst, quote), '}'), nil
}

func readXML(answer []byte) (*element, error) {
	dec := xml.NewDecoder(bytes.NewReader(answer))
	dec.Entity = map[string]string{} // none but XML's own
	top := &element{}
	stack := []*element{top}
	for {
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errXML, err)
		}
		at := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if len(stack) > maxDepth {
				return nil, errDepth
			}
			e := &element{name: t.Name.Local}
			at.children = append(at.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			if len(stack) == 1 || t.Name.Local != at.name {
				return nil, errXML
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			at.text.Write(t)
		}
	}
	if len(stack) != 1 || len(top.children) != 1 {
		return nil, errXML
	}
	return top.children[0], nil
}

// appendValue appends the element's value: a text, a list, a map or members.
func (e *element) appendValue(dst []byte, quote Quote) []byte {
	switch {
	case len(e.children) == 0 && (e.name == "ReceiveMessageResult" || e.name == "ListQueuesResult"):
		return e.appendMembers(dst, quote)
	case len(e.children) == 0:
		return quote(dst, e.text.String())
	case e.all("member"):
		return appendList(dst, e.children, quote)
	case e.all("entry"):
		return e.appendMap(dst, quote)
	}
	return e.appendMembers(dst, quote)
}

func (e *element) all(name string) bool {
	for _, c := range e.children {
		if c.name != name {
			return false
		}
	}
	return true
}

func appendList(dst []byte, all []*element, quote Quote) []byte {
	dst = append(dst, '[')
	for i, c := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c.appendValue(dst, quote)
	}
	return append(dst, ']')
}

// appendMap appends entries of <key> and <value>.
func (e *element) appendMap(dst []byte, quote Quote) []byte {
	dst = append(dst, '{')
	for i, entry := range e.children {
		if i > 0 {
			dst = append(dst, ',')
		}
		key, value := &element{}, &element{}
		for _, c := range entry.children {
			switch c.name {
			case "key":
				key = c
			case "value":
				value = c
			}
		}
		dst = append(quote(dst, key.text.String()), ':')
		dst = value.appendValue(dst, quote)
	}
	return append(dst, '}')
}

// appendMembers appends the children by name, in the order of their first
// appearance; what appears twice is a list.
func (e *element) appendMembers(dst []byte, quote Quote) []byte {
	dst = append(dst, '{')
	first := true
	member := func(name string) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(quote(dst, name), ':')
	}
	groups := map[string][]*element{}
	for _, c := range e.children {
		groups[c.name] = append(groups[c.name], c)
	}
	for _, c := range e.children {
		all := groups[c.name]
		if all == nil {
			continue // appended with the first of its name
		}
		delete(groups, c.name)
		name, list := flattened(e.name, c.name)
		if member(name); list || len(all) > 1 {
			dst = appendList(dst, all, quote)
		} else {
			dst = c.appendValue(dst, quote)
		}
	}
	for _, name := range absent(e.name) {
		if !e.has(name) {
			member(name)
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}')
}

// has says whether a member is among the children, by its name in JSON.
func (e *element) has(member string) bool {
	for _, c := range e.children {
		if name, _ := flattened(e.name, c.name); name == member {
			return true
		}
	}
	return false
}

// flattened is the name of a member in JSON, and whether it is a list: SQS
// writes lists without an element around them.
// parity: answers of SQS to Accept: application/json, from public templates.
func flattened(parent, name string) (member string, list bool) {
	switch parent + "/" + name {
	case "ReceiveMessageResult/Message":
		return "messages", true
	case "ListQueuesResult/QueueUrl":
		return "queueUrls", true
	}
	return name, false
}

// absent are members of SQS that are null where the answer lacks them.
// parity: recorded for SendMessage, spec/services-observability.md 8.1; from
// public templates for the others.
func absent(parent string) []string {
	switch parent {
	case "SendMessageResult":
		return []string{"MD5OfMessageAttributes", "MD5OfMessageSystemAttributes", "SequenceNumber"}
	case "ReceiveMessageResult":
		return []string{"messages"}
	case "ListQueuesResult":
		return []string{"queueUrls"}
	}
	return nil
}
