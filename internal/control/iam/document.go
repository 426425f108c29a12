package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// A policy document is held to the grammar when it is stored, so that whoever
// evaluates it later knows its form.
//
// parity: spec/security.md 2.1; IAM User Guide, "Grammar of the IAM JSON policy
// language"; the texts are those that AWS's clients report.

// Sizes of documents in characters, white space not counted.
//
// parity: IAM User Guide, "IAM and AWS STS quotas" (4096: the most that can be
// asked for)
const (
	maxManaged = 6144
	maxTrust   = 4096
)

const syntax = "Syntax errors in policy."

// checkManaged holds the document of a managed policy to the grammar and its
// size.
func checkManaged(document string) error {
	if weight(document) > maxManaged {
		return tooMany("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	return checkIdentity(document)
}

// checkIdentity holds a document that says what its holder may do to the
// grammar.
func checkIdentity(document string) error {
	p, ok := parse(document)
	if !ok {
		return malformed(syntax)
	}
	switch v := p["Version"]; v {
	case "2012-10-17", nil: // SAM's policy templates have no version, and deploy on AWS
	case "2008-10-17":
		return malformed("Policy document must be version 2012-10-17 or greater.")
	default:
		return malformed("The policy must contain a valid version string")
	}
	return checkStatements(p, func(st map[string]any) string {
		if has(st, "Principal") || has(st, "NotPrincipal") {
			return "Policy document should not specify a principal."
		}
		if text := checkActions(st); text != "" {
			return text
		}
		return checkResources(st)
	})
}

// checkTrust holds a document that says who may assume a role to the grammar.
func checkTrust(document string) error {
	if weight(document) > maxTrust {
		return tooMany("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	p, ok := parse(document)
	if !ok {
		return malformed("This policy contains invalid Json")
	}
	switch v := p["Version"]; v {
	case "2012-10-17", "2008-10-17", nil:
	default:
		return malformed("The policy must contain a valid version string")
	}
	return checkStatements(p, func(st map[string]any) string {
		if has(st, "Resource") || has(st, "NotResource") {
			return "Has prohibited field Resource"
		}
		if !has(st, "Principal") && !has(st, "NotPrincipal") {
			return "Missing required field Principal"
		}
		for _, name := range []string{"Principal", "NotPrincipal"} {
			if v, ok := st[name]; ok && !isPrincipal(v) {
				return "Invalid principal in policy."
			}
		}
		if text := checkActions(st); text != "" {
			return text
		}
		for _, action := range append(texts(st["Action"]), texts(st["NotAction"])...) {
			if action != "*" && !strings.HasPrefix(strings.ToLower(action), "sts:") {
				return "AssumeRole policy may only specify STS AssumeRole actions."
			}
		}
		return ""
	})
}

// checkStatements holds all statements to what they have in common, and each
// to check, which answers what is wrong.
func checkStatements(p map[string]any, check func(map[string]any) string) error {
	if !only(p, "Version", "Id", "Statement") || has(p, "Id") && !isString(p["Id"]) {
		return malformed(syntax)
	}
	list, ok := p["Statement"].([]any)
	if !ok {
		list = []any{p["Statement"]}
	}
	if len(list) == 0 {
		return malformed(syntax)
	}
	sids := map[string]bool{}
	for _, v := range list {
		st, ok := v.(map[string]any)
		if !ok || !only(st, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition") ||
			st["Effect"] != "Allow" && st["Effect"] != "Deny" || has(st, "Condition") && !isCondition(st["Condition"]) {
			return malformed(syntax)
		}
		if text := checkSid(st, sids); text != "" {
			return malformed(text)
		}
		if text := check(st); text != "" {
			return malformed(text)
		}
	}
	return nil
}

func checkSid(st map[string]any, seen map[string]bool) string {
	if !has(st, "Sid") {
		return ""
	}
	sid, ok := st["Sid"].(string)
	if !ok {
		return syntax
	}
	for _, c := range []byte(sid) {
		if !alphanumeric(c) {
			return "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
		}
	}
	if sid != "" && seen[sid] {
		return "Statement IDs (SID) in a single policy must be unique."
	}
	seen[sid] = true
	return ""
}

func checkActions(st map[string]any) string {
	switch {
	case has(st, "Action") && has(st, "NotAction"):
		return syntax
	case !has(st, "Action") && !has(st, "NotAction"):
		return "Policy statement must contain actions."
	}
	for _, name := range []string{"Action", "NotAction"} {
		v, ok := st[name]
		if !ok {
			continue
		}
		if !isList(v) {
			return syntax
		}
		for _, action := range texts(v) {
			vendor, verb, colon := strings.Cut(action, ":")
			if action != "*" && (!colon || vendor == "" || verb == "") {
				return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
			}
			if action != "*" && strings.ContainsFunc(vendor, notVendor) {
				return "Vendor " + vendor + " is not valid"
			}
		}
	}
	return ""
}

func notVendor(r rune) bool {
	return r != '-' && (r > 'z' || !alphanumeric(byte(r)))
}

func checkResources(st map[string]any) string {
	switch {
	case has(st, "Resource") && has(st, "NotResource"):
		return syntax
	case !has(st, "Resource") && !has(st, "NotResource"):
		return "Policy statement must contain resources."
	}
	for _, name := range []string{"Resource", "NotResource"} {
		v, ok := st[name]
		if !ok {
			continue
		}
		if !isList(v) {
			return syntax
		}
		for _, resource := range texts(v) {
			if resource != "*" && !(strings.HasPrefix(resource, "arn:") && strings.Count(resource, ":") >= 5) {
				return "Resource " + resource + ` must be in ARN format or "*".`
			}
		}
	}
	return ""
}

func has(object map[string]any, key string) bool {
	_, ok := object[key]
	return ok
}

// only reports whether an object has no keys but these.
func only(object map[string]any, keys ...string) bool {
	for key := range object {
		if !slices.Contains(keys, key) {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isString(v any) bool {
	_, ok := v.(string)
	return ok
}

// isList reports whether v is a string, or a list of strings that is not empty.
func isList(v any) bool {
	list, ok := v.([]any)
	return isString(v) || ok && len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool { return !isString(e) })
}

// texts are the strings of a list, or of one bare string.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// isPrincipal reports whether v is "*" or names principals by their kinds.
func isPrincipal(v any) bool {
	object, ok := v.(map[string]any)
	if !ok {
		return v == "*"
	}
	for _, who := range object {
		if !isList(who) {
			return false
		}
	}
	return len(object) > 0 && only(object, "AWS", "Service", "Federated", "CanonicalUser")
}

// isCondition reports whether v is operators of keys of values.
func isCondition(v any) bool {
	operators, ok := v.(map[string]any)
	if !ok {
		return false
	}
	for _, keys := range operators {
		object, ok := keys.(map[string]any)
		if !ok {
			return false
		}
		for _, values := range object {
			list, ok := values.([]any)
			if !ok {
				list = []any{values}
			}
			if slices.ContainsFunc(list, func(e any) bool { return !isScalar(e) }) {
				return false
			}
		}
	}
	return true
}

func isScalar(v any) bool {
	switch v.(type) {
	case string, bool, json.Number:
		return true
	}
	return false
}

// maxDepth is more than any policy needs.
const maxDepth = 16

var errDocument = errors.New("not a policy document")

// parse reads a JSON object and refuses keys that come twice.
func parse(document string) (map[string]any, bool) {
	dec := json.NewDecoder(bytes.NewReader([]byte(document)))
	dec.UseNumber()
	v, err := value(dec, 0)
	if err != nil {
		return nil, false
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	object, ok := v.(map[string]any)
	return object, ok
}

func value(dec *json.Decoder, depth int) (any, error) {
	t, err := dec.Token()
	if err != nil || depth > maxDepth {
		return nil, errors.Join(errDocument, err)
	}
	switch t {
	case json.Delim('{'):
		object := map[string]any{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name, ok := key.(string)
			if _, twice := object[name]; twice || !ok {
				return nil, errDocument
			}
			if object[name], err = value(dec, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := dec.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := value(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	}
	return t, nil
}
