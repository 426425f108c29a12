package step

import (
	"bytes"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Strategies for clients that want a fresh answer and may not ask for one.
const (
	failWith403          = "FAIL_WITH_403"
	succeedWithoutHeader = "SUCCEED_WITHOUT_RESPONSE_HEADER"
)

// invalidateCache is the action that asking for a fresh answer is.
const invalidateCache = "execute-api:InvalidateCache"

// Names and values are never written to.
//
//nolint:gochecknoglobals // constants, as bytes
var (
	nameWarning  = []byte("Warning")
	cacheIgnored = []byte("199 Cache-control headers were ignored because the caller was unauthorized.")
)

// freshness is who may have a stage ask the integration although it has an
// answer, and what the others hear.
type freshness struct {
	anyone  bool
	refused *program.Refusal // nil: they get what the cache has
	warn    bool             // and are told
}

// freshness compiles requireAuthorizationForCacheControl and
// unauthorizedCacheControlHeaderStrategy.
// parity: spec/rest-data-plane.md 9.1, 13.
func newFreshness(authorize bool, strategy string) freshness {
	f := freshness{anyone: !authorize, warn: strategy != succeedWithoutHeader}
	if strategy == failWith403 {
		f.refused = program.AccessDenied.Refuse(nil)
	}
	return f
}

// decide says whether the client gets a fresh answer; ignored: it wanted one.
func (f *freshness) decide(x *program.Exchange) (fresh, ignored bool, err error) {
	switch {
	case !wantsFresh(x):
		return false, false, nil
	case f.anyone || mayInvalidate(x):
		return true, false, nil
	case f.refused != nil:
		return false, false, f.refused
	}
	return false, f.warn, nil
}

// mayInvalidate asks the policies of who signed the request. Those of another
// account have no say here.
func mayInvalidate(x *program.Exchange) bool {
	c := x.Caller
	return c != nil && c.Permits != nil && c.AccountID == x.Stage.Account && c.Permits(x, invalidateCache)
}

// wantsFresh says whether the client sent Cache-Control: max-age=0. Nothing
// else that it may say there has an effect.
// parity: spec/rest-data-plane.md 9.1.
func wantsFresh(x *program.Exchange) bool {
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		if len(f.Name) != len("cache-control") || !http1.EqualFold(f.Name, "cache-control") {
			continue
		}
		for rest := f.Value; len(rest) > 0; {
			var one []byte
			one, rest, _ = bytes.Cut(rest, commaBytes)
			if maxAgeZero(bytes.Trim(one, " \t")) {
				return true
			}
		}
	}
	return false
}

func maxAgeZero(directive []byte) bool {
	const name = "max-age="
	if len(directive) <= len(name) || !http1.EqualFold(directive[:len(name)], name) {
		return false
	}
	return len(bytes.Trim(directive[len(name):], "0")) == 0
}
