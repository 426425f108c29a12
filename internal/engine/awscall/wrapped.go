package awscall

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Members makes the JSON request of parameters in the Query protocol's form:
// Name=x, Names.member.1=x. The parameters are few and flat where this is
// used: SSM, which no substitute speaks Query with.
func Members(query string) ([]byte, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("parameters of the call: %w", err)
	}
	members := map[string]any{}
	for name, all := range values {
		value := all[len(all)-1]
		list, index, ok := strings.Cut(name, ".member.")
		if at, err := strconv.Atoi(index); ok && err == nil && at >= 1 && at <= 1000 {
			texts, _ := members[list].([]string)
			for len(texts) < at {
				texts = append(texts, "")
			}
			texts[at-1] = value
			members[list] = texts
			continue
		}
		members[name] = typed(name, value)
	}
	return json.Marshal(members)
}

// typed is a value as SSM's model has it: these are the members that are no text.
func typed(name, value string) any {
	switch name {
	case "WithDecryption", "Recursive", "Overwrite":
		return value == "true"
	case "MaxResults":
		if n, err := strconv.Atoi(value); err == nil {
			return n
		}
	}
	return value
}

// AppendWrapped appends a JSON answer in the form of the Query protocol's JSON.
// parity: spec/rest-data-plane.md 3.5.1, SSM, recorded.
func AppendWrapped(dst []byte, u *URI, status int, answer []byte, requestID string, quote Quote) ([]byte, error) {
	if !json.Valid(answer) {
		return dst, fmt.Errorf("the answer of %s is no JSON", u.Service)
	}
	if status >= 400 {
		var fault struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		_ = json.Unmarshal(answer, &fault) // what is missing stays empty
		code := fault.Type[strings.LastIndexByte(fault.Type, '#')+1:]
		side := "Sender"
		if status >= 500 {
			side = "Receiver"
		}
		dst = quote(append(dst, `{"Error":{"Code":`...), code)
		dst = quote(append(dst, `,"Message":`...), fault.Message)
		dst = quote(append(dst, `,"Type":`...), side)
		dst = append(dst, '}')
	} else {
		dst = quote(append(dst, '{'), u.Action+"Response")
		dst = quote(append(dst, ":{"...), u.Action+"Result")
		dst = append(append(dst, ':'), answer...)
		dst = append(dst, `,"ResponseMetadata":{`...)
		dst = quote(append(dst, `"RequestId":`...), requestID)
		return append(dst, "}}}"...), nil
	}
	dst = quote(append(dst, `,"RequestId":`...), requestID)
	return append(dst, '}'), nil
}
