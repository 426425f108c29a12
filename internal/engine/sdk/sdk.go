// Package sdk writes clients of an API as source code: what GetSdk answers.
//
// It is pure: an API in, a zip out, and the same API gives the same bytes. All
// that an API says is untrusted: it reaches source code only as a quoted
// literal, or as a name made of letters and digits, and never a file name that
// leads out of the zip's own folder.
package sdk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnknown is a kind of client that does not exist, ErrNotMade one that AWS
// has and stagedoor does not write, ErrProperty a property that is missing or
// of no use. Their texts are for the caller.
var (
	ErrUnknown  = errors.New("Invalid SDK type")
	ErrNotMade  = errors.New("No SDK generator here")
	ErrProperty = errors.New("Invalid SDK property")
)

// API is a deployed stage, as clients see it.
type API struct {
	ID, Stage, Region           string
	Title, Description, Version string
	Endpoint                    string // where the stage answers, without a '/' at the end
	Methods                     []Method
}

// Method is one method of one resource.
type Method struct {
	Verb        string // GET, ...; ANY is left out of every client
	Path        string // "/pets/{id}"
	Operation   string // operationName; empty: none
	Parameters  []Parameter
	Description string
}

// Parameter is a value that a method takes.
type Parameter struct {
	In       Place
	Name     string // as it is sent
	Required bool
}

// Place is where a parameter is sent.
type Place string

// The places of parameters.
const (
	InPath   Place = "path"
	InQuery  Place = "querystring"
	InHeader Place = "header"
)

// Archive is a zip with a client.
type Archive struct {
	Name string // of the file, ends in ".zip"
	Zip  []byte
}

// kind is one kind of client: the properties that it must be given, and what
// writes it.
type kind struct {
	name     string
	required []string
	write    func(c *client) error
}

// kinds are those that are written; the others that AWS has are refused.
func kinds() []kind {
	return []kind{
		{"javascript", nil, javascript},
		{"java", []string{"java.package-name"}, java},
		{"ruby", []string{"service.name"}, ruby},
		{"swift", []string{"classPrefix"}, swift},
	}
}

// notMade are the kinds that AWS has beside them.
func notMade() []string { return []string{"android", "objectivec"} }

// Generate writes a client. Errors wrap ErrUnknown, ErrNotMade or ErrProperty.
func Generate(name string, a API, properties map[string]string) (Archive, error) {
	if slices.Contains(notMade(), name) {
		return Archive{}, fmt.Errorf("%w for type: %s. Choose javascript, java, ruby or swift", ErrNotMade, name)
	}
	at := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == name })
	if at < 0 {
		return Archive{}, fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	k := kinds()[at]
	for _, p := range k.required {
		if properties[p] == "" {
			return Archive{}, fmt.Errorf("%w: %s must be given for type %s", ErrProperty, p, name)
		}
	}
	c := &client{API: a, properties: properties, calls: calls(a.Methods)}
	if err := k.write(c); err != nil {
		return Archive{}, err
	}
	zip, err := archive(c.files)
	if err != nil {
		return Archive{}, fmt.Errorf("pack the %s client: %w", name, err)
	}
	return Archive{Name: name + "_" + plain(a.ID+"_"+a.Stage) + ".zip", Zip: zip}, nil
}

// client is one client in the making.
type client struct {
	API
	properties map[string]string
	calls      []call
	files      []file
}

// property is a property, or what it is when it was not given.
func (c *client) property(name, otherwise string) string {
	if v := c.properties[name]; v != "" {
		return v
	}
	return otherwise
}

// plain is text as part of a file's name.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if letter(r) || digit(r) || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, text)
}
