package step

import (
	"errors"
	"fmt"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
)

// maxAuthorizerAnswer is how long the answer of an authorizer's function may
// be, in bytes. parity: spec/security.md 4.4.
const maxAuthorizerAnswer = 8 << 10

var (
	errAnswerLong   = errors.New("the authorizer's answer is longer than 8 KB")
	errAnswer       = errors.New("the authorizer's answer is no JSON object")
	errAnswerTwice  = errors.New("a member of the authorizer's answer stands twice")
	errNoPrincipal  = errors.New("the authorizer's answer has no principalId")
	errNoPolicy     = errors.New("the authorizer's answer has no policyDocument")
	errContext      = errors.New("the authorizer's context is no object")
	errContextValue = errors.New("the authorizer's context has a list or an object in it")
	errUsageKey     = errors.New("the authorizer's usageIdentifierKey is no text")
)

// read reads the function's answer. What is not as it must be is a fault of
// the authorizer, and nobody is let in.
// parity: spec/security.md 4.4.
func readVerdict(answer []byte) (*verdict, error) {
	if len(answer) > maxAuthorizerAnswer {
		return nil, errAnswerLong
	}
	doc, err := wholeValue(answer)
	if err != nil || doc[0] != '{' {
		return nil, errAnswer
	}
	parts := map[string][]byte{}
	err = members(doc, func(name, value []byte) error {
		key := string(appendUnquoted(nil, name))
		if parts[key] != nil {
			return errAnswerTwice
		}
		parts[key] = value
		return nil
	})
	if err != nil {
		return nil, err
	}
	v := &verdict{}
	var ok bool
	if v.principal, ok = jsonText(parts["principalId"]); !ok {
		return nil, errNoPrincipal
	}
	if key := parts["usageIdentifierKey"]; len(key) > 0 && key[0] != 'n' {
		if v.usageKey, ok = jsonText(key); !ok {
			return nil, errUsageKey
		}
	}
	if v.context, err = readContext(parts["context"]); err != nil {
		return nil, err
	}
	policy := parts["policyDocument"]
	if len(policy) == 0 || policy[0] != '{' {
		return nil, errNoPolicy
	}
	if v.policy, err = iam.Parse(policy, iam.Returned); err != nil {
		return nil, fmt.Errorf("the authorizer's policy: %w", err)
	}
	return v, nil
}

// readContext reads the context: texts, numbers and booleans, all as texts.
func readContext(doc []byte) (map[string]string, error) {
	if len(doc) == 0 || doc[0] == 'n' {
		return nil, nil
	}
	if doc[0] != '{' {
		return nil, errContext
	}
	all := map[string]string{}
	err := members(doc, func(name, value []byte) error {
		key := string(appendUnquoted(nil, name))
		switch value[0] {
		case '{', '[':
			return errContextValue
		case 'n': // null: as if it were not there
			delete(all, key)
		case '"':
			all[key] = string(appendUnquoted(nil, value))
		default:
			all[key] = string(value)
		}
		return nil
	})
	return all, err
}

// jsonText is the text of a JSON string.
func jsonText(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	return string(appendUnquoted(nil, value)), true
}
