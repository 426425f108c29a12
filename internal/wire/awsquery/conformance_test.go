package awsquery_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/awsquery"
	"github.com/stagedoor/stagedoor/internal/wire/smithytest"
)

// exceptions are the tests that are not held to, each with its reason.
func exceptions() map[string]string {
	const (
		noBody = "about a client that compresses: the test has no body to read"
		empty  = "a form without a parameter does not tell an empty map from an absent one"
	)
	return map[string]string{
		"SDKAppliedContentEncoding_awsQuery":                    noBody,
		"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": noBody,
		"QueryEmptyQueryMaps":                                   empty,
	}
}

func TestRequests(t *testing.T) {
	suite := smithytest.Load(t, "awsQuery")
	for _, tt := range suite.Requests {
		if !tt.Server() {
			continue
		}
		t.Run(tt.ID, func(t *testing.T) {
			if why := exceptions()[tt.ID]; why != "" {
				t.Skip(why)
			}
			s := suite.Of(t, tt.Case)
			c, r := awsquery.New(s), tt.Wire()
			f, err := awsquery.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			op := c.Match(f)
			if op == nil || op.Name != tt.Name() || f.Version != s.Version {
				t.Fatalf("%s is %v of version %s, want %s of %s", r.Body, op, f.Version, tt.Name(), s.Version)
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
}

func TestResponses(t *testing.T) {
	suite := smithytest.Load(t, "awsQuery")
	for _, tt := range suite.Responses {
		if !tt.Server() {
			continue
		}
		t.Run(tt.ID, func(t *testing.T) {
			s := suite.Of(t, tt.Case)
			c := awsquery.New(s)
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
			if tt.Body == nil {
				return
			}
			if diff := cmp.Diff(outline(t, *tt.Body), outline(t, string(got.Body))); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// element is an XML element, for comparison.
type element struct {
	Name  string
	Attrs []string
	Text  string
	Kids  []element
}

// outline reads XML and leaves out what the tests do not ask for: the request
// id, and the namespace that the suite forgets on an answer without output.
func outline(t *testing.T, text string) element {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	stack := []*element{{}}
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{Name: tok.Name.Local}
			for _, a := range tok.Attr {
				e.Attrs = append(e.Attrs, a.Name.Space+":"+a.Name.Local+"="+a.Value)
			}
			stack = append(stack, e)
		case xml.CharData:
			top.Text += strings.TrimSpace(string(tok))
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			up := stack[len(stack)-1]
			if top.Name == "ResponseMetadata" || top.Name == "RequestId" {
				continue
			}
			if top.Name == "NoInputAndNoOutputResponse" {
				top.Attrs = nil
			}
			sortEntries(top)
			up.Kids = append(up.Kids, *top)
		}
	}
	return *stack[0]
}

// sortEntries puts the entries of a map in order, since a map has none.
func sortEntries(e *element) {
	key := func(k element) string {
		if len(k.Kids) == 2 && slices.Contains([]string{"key", "K", "Attribute"}, k.Kids[0].Name) {
			return k.Kids[0].Text
		}
		return ""
	}
	slices.SortStableFunc(e.Kids, func(a, b element) int { return strings.Compare(key(a), key(b)) })
}
