package awsjson_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/awsjson"
	"github.com/stagedoor/stagedoor/internal/wire/smithytest"
)

// exceptions are the tests that are not held to, each with its reason.
func exceptions() map[string]string {
	const noBody = "about a client that compresses: the test has no body to read"
	return map[string]string{
		"SDKAppliedContentEncoding_awsJson1_0":                    noBody,
		"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": noBody,
		"SDKAppliedContentEncoding_awsJson1_1":                    noBody,
		"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": noBody,
	}
}

// each runs f for both versions of the protocol.
func each(t *testing.T, f func(t *testing.T, suite *smithytest.Suite, version wire.Protocol)) {
	t.Helper()
	for _, version := range []wire.Protocol{wire.AWSJSON10, wire.AWSJSON11} {
		t.Run(version.String(), func(t *testing.T) { f(t, smithytest.Load(t, version.String()), version) })
	}
}

func TestRequests(t *testing.T) {
	each(t, func(t *testing.T, suite *smithytest.Suite, version wire.Protocol) {
		for _, tt := range suite.Requests {
			if !tt.Server() {
				continue
			}
			t.Run(tt.ID, func(t *testing.T) {
				if why := exceptions()[tt.ID]; why != "" {
					t.Skip(why)
				}
				s := suite.Of(t, tt.Case)
				c, r := awsjson.New(s, version), tt.Wire()
				op := s.Operation(tt.Name())
				if target := r.Header.Get("X-Amz-Target"); target != "" {
					op = c.Match(target)
				}
				if op == nil || op.Name != tt.Name() {
					t.Fatalf("%v is not %s", r.Header, tt.Name())
				}
				in, trail := wire.NewRecord(s.Shape(op.Input)), &wire.Trail{}
				if err := c.Decode(r, op, in, trail); err != nil {
					t.Fatal(err)
				}
				if err := wire.NewChecker(s).Check(op, in, trail); err != nil {
					t.Fatal(err)
				}
				want := smithytest.Plain(smithytest.Record(t, s, op.Input, tt.Params))
				if diff := cmp.Diff(want, smithytest.Plain(in)); diff != "" {
					t.Errorf("input (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestResponses(t *testing.T) {
	each(t, func(t *testing.T, suite *smithytest.Suite, version wire.Protocol) {
		for _, tt := range suite.Responses {
			if !tt.Server() {
				continue
			}
			t.Run(tt.ID, func(t *testing.T) {
				if tt.Headers["X-Amz-Target"] != "" {
					tt.Headers = map[string]string{} // the suite asks the answer for the request's headers
				}
				s := suite.Of(t, tt.Case)
				c := awsjson.New(s, version)
				var got *wire.Answer
				if tt.Error != "" {
					got = c.Fail(nil, nil, tt.Failure(t, s))
				} else {
					op := s.Operation(tt.Name())
					a, err := c.Encode(nil, op, smithytest.Record(t, s, op.Output, tt.Params))
					if err != nil {
						t.Fatal(err)
					}
					got = a
				}
				tt.CompareHead(t, got)
				if tt.Body != nil && !smithytest.SameJSON(got.Body, []byte(*tt.Body)) {
					t.Errorf("body %s, want %s", got.Body, *tt.Body)
				}
			})
		}
	})
}
