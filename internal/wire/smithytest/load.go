// Package smithytest turns Smithy's protocol tests into tables and values of
// package wire. Only tests import it.
package smithytest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Suite is one file of protocol tests.
type Suite struct {
	Protocol  string                     `json:"protocol"`
	Requests  []Request                  `json:"requestTests"`
	Responses []Response                 `json:"responseTests"`
	Malformed []Malformed                `json:"malformedRequestTests"`
	Events    []Events                   `json:"eventStreamTests"`
	Shapes    map[string]json.RawMessage `json:"shapes"`

	model map[string]*shape
	made  map[string]*wire.Service
}

// Case is what all tests have.
type Case struct {
	ID        string   `json:"id"`
	Service   string   `json:"service"`
	Operation string   `json:"operation"`
	Error     string   `json:"error"`
	AppliesTo string   `json:"appliesTo"`
	Tags      []string `json:"tags"`
}

// Request is a request that must be read as Params.
type Request struct {
	Case
	Method    string            `json:"method"`
	URI       string            `json:"uri"`
	Query     []string          `json:"queryParams"`
	Headers   map[string]string `json:"headers"`
	Body      *string           `json:"body"`
	BodyMedia string            `json:"bodyMediaType"`
	Params    map[string]any    `json:"params"`
}

// Response is what Params must be written as.
type Response struct {
	Case
	Code      int               `json:"code"`
	Headers   map[string]string `json:"headers"`
	Forbidden []string          `json:"forbidHeaders"`
	Body      *string           `json:"body"`
	BodyMedia string            `json:"bodyMediaType"`
	Params    map[string]any    `json:"params"`
}

// Malformed is a request that must be refused.
type Malformed struct {
	Case
	Request  Request `json:"request"`
	Response struct {
		Code    int               `json:"code"`
		Headers map[string]string `json:"headers"`
		Body    *struct {
			Media     string `json:"mediaType"`
			Assertion struct {
				Contents     string `json:"contents"`
				MessageRegex string `json:"messageRegex"`
			} `json:"assertion"`
		} `json:"body"`
	} `json:"response"`
}

// Events is a stream of events and their frames.
type Events struct {
	Case
	Events []struct {
		Type   string         `json:"type"`
		Params map[string]any `json:"params"`
		Bytes  []byte         `json:"bytes"`
	} `json:"events"`
	InitialResponseParams map[string]any `json:"initialResponseParams"`
	InitialResponse       *struct {
		Code    int               `json:"code"`
		Headers map[string]string `json:"headers"`
		Body    *string           `json:"body"`
	} `json:"initialResponse"`
}

// Shared is the folder of test data that is kept beside the repository: the
// variable STAGEDOOR_SHARED, or a folder named shared beside one above. The
// test is skipped where there is none.
func Shared(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("STAGEDOOR_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		try := filepath.Join(dir, "shared")
		if _, err := os.Stat(filepath.Join(try, "conformance")); err == nil {
			return try
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no shared test data: set STAGEDOOR_SHARED")
		}
		dir = up
	}
}

// Load reads the tests of a protocol, such as restJson1.
func Load(t testing.TB, protocol string) *Suite {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Shared(t), "conformance", "restjson", protocol+".json"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Suite{model: map[string]*shape{}, made: map[string]*wire.Service{}}
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	for id, raw := range s.Shapes {
		sh := &shape{id: id}
		if err := json.Unmarshal(raw, sh); err != nil {
			t.Fatal(err)
		}
		s.model[id] = sh
	}
	return s
}

// Server reports whether a test concerns servers.
func (c Case) Server() bool { return c.AppliesTo != "client" }

// shape is a shape of Smithy's JSON AST.
type shape struct {
	id         string
	Type       string   `json:"type"`
	Members    members  `json:"members"`
	Traits     traits   `json:"traits"`
	Input      string   `json:"input"`
	Output     string   `json:"output"`
	Operations []string `json:"operations"`
	Version    string   `json:"version"`
}

type target struct {
	Target string `json:"target"`
	Traits traits `json:"traits"`
}

type traits map[string]json.RawMessage

func (t traits) has(name string) bool {
	_, ok := t[name]
	return ok
}

func (t traits) text(name string) string {
	var s string
	_ = json.Unmarshal(t[name], &s)
	return s
}

// members keeps the order of the file, which is the model's.
type members []member

type member struct {
	name string
	target
}

func (m *members) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var one target
		if err := dec.Decode(&one); err != nil {
			return err
		}
		*m = append(*m, member{name: fmt.Sprint(key), target: one})
	}
	return nil
}

// local is a shape's name without its namespace.
func local(id string) string {
	_, name, _ := strings.Cut(id, "#")
	return name
}
