package jwt

import (
	"encoding/json"
	"math"
	"strings"
	"time"
)

// Token is a token that was taken apart; nothing about it is verified but by
// Issuer.Verify.
type Token struct {
	*jws
	claims  map[string]any
	expires time.Time
}

// Parse takes a token apart. The text is kept: it must not change.
func Parse(text []byte) (*Token, error) {
	t, err := parseJWS(text)
	if err != nil {
		return nil, err
	}
	claims, err := object(t.payload)
	if err != nil {
		return nil, invalid("payload: %v", err)
	}
	return &Token{jws: t, claims: claims}, nil
}

// Issuer is whom the token says that it is from; empty if it says nothing.
func (t *Token) Issuer() string { return t.text("iss") }

// Expires is when the token ends, known after Verify.
func (t *Token) Expires() time.Time { return t.expires }

func (t *Token) text(name string) string {
	s, _ := t.claims[name].(string)
	return s
}

// Audience is the aud claim: one text or a list of them.
func (t *Token) Audience() []string { return texts(t.claims["aud"]) }

// Scopes are those of scope, or of scp where that is missing.
func (t *Token) Scopes() []string {
	v, ok := t.claims["scope"]
	if !ok {
		v = t.claims["scp"]
	}
	if s, ok := v.(string); ok {
		return strings.Fields(s)
	}
	return texts(v)
}

// texts are the texts of a claim that is one or a list; nil if it is neither.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		all := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				return nil
			}
			all = append(all, s)
		}
		return all
	}
	return nil
}

// maxDate keeps dates within what time.Time can tell apart: the year 9999.
const maxDate = 253402300799

// date is a claim in seconds since 1970, which may have a fraction.
func (t *Token) date(name string) (at time.Time, there bool, err error) {
	v, there := t.claims[name]
	if !there {
		return at, false, nil
	}
	n, ok := v.(json.Number)
	if !ok {
		return at, true, invalid("%s is no number", name)
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > maxDate {
		return at, true, invalid("%s is no date", name)
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(part*1e9)), true, nil
}

// checkTimes holds the token to now. Leeway is for the clocks of others.
func (t *Token) checkTimes(now time.Time, leeway time.Duration) error {
	exp, there, err := t.date("exp")
	if err != nil {
		return err
	}
	if !there {
		return invalid("no exp")
	}
	for _, name := range []string{"iat", "nbf"} {
		at, there, err := t.date(name)
		if err != nil {
			return err
		}
		if there && at.After(now.Add(skew)) {
			return invalid("%s is in the future", name)
		}
	}
	if t.expires = exp.Add(leeway); !t.expires.After(now) {
		return ErrExpired
	}
	return nil
}

// skew is how far iat and nbf may be ahead. parity: spec/security.md 5.3.
const skew = 60 * time.Second

// Use is what a token is for.
type Use string

// The uses, as token_use has them.
const (
	ID     Use = "id"
	Access Use = "access"
)

// use is what the token is for. Issuers other than Cognito have no token_use:
// then an access token is one that says so in its typ, or has scopes.
func (t *Token) use(guess bool) Use {
	if v, there := t.claims["token_use"]; there || !guess {
		s, _ := v.(string)
		return Use(s)
	}
	typ := strings.ToLower(strings.TrimPrefix(strings.ToLower(t.typ), "application/"))
	if typ == "at+jwt" || len(t.Scopes()) > 0 {
		return Access
	}
	return ID
}

// Claims are the claims as texts: lists joined by commas, exp and iat as Java
// writes dates, null left out, anything else as JSON.
// parity: spec/security.md 5.5; the dates as events of REST APIs with user
// pools show them.
func (t *Token) Claims() map[string]string {
	all := make(map[string]string, len(t.claims))
	for name, v := range t.claims {
		if v == nil {
			continue
		}
		if name == "exp" || name == "iat" {
			if at, _, err := t.date(name); err == nil {
				all[name] = at.UTC().Format("Mon Jan 02 15:04:05 UTC 2006")
				continue
			}
		}
		all[name] = claimText(v)
	}
	return all
}

func claimText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = claimText(item)
		}
		return strings.Join(parts, ",")
	}
	doc, err := json.Marshal(v)
	if err != nil {
		return "" // what came out of JSON goes into it
	}
	return string(doc)
}
