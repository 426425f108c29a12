// Package jwt verifies JSON web tokens of issuers whose keys it fetches and
// keeps: those of Cognito user pools, and of any OpenID Connect issuer that
// stands for one.
//
// What is accepted is told by the issuer's keys and by nobody else: a token's
// header names an algorithm and a key, and both must be what the issuer has
// published. Keys inside of tokens, locations of keys inside of tokens,
// symmetric algorithms and "none" do not exist here. JSON is read strictly: a
// member given twice makes the whole document worthless.
// parity: spec/security.md 5, 9.8.
package jwt

import (
	"errors"
	"fmt"
)

// ErrInvalid says that a token is not to be believed. Its text has the reason,
// for logs; no part of the token is in it.
var ErrInvalid = errors.New("jwt: token refused")

// ErrExpired says that a token is genuine and its time is over. It is ErrInvalid too.
var ErrExpired = fmt.Errorf("%w: expired", ErrInvalid)

// ErrUnavailable says that the issuer's keys cannot be had, so nothing can be
// said about a token.
var ErrUnavailable = errors.New("jwt: the issuer's keys cannot be had")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
