package api

import "time"

// DocumentationPart is a text about one thing of a REST API.
type DocumentationPart struct {
	ID         string                `json:"id"`
	Location   DocumentationLocation `json:"location"`
	Properties string                `json:"properties"` // a JSON object, as text
}

// DocumentationLocation says what a part is about. What is nil was not given:
// a path is then "/", the others are any.
type DocumentationLocation struct {
	Type       string  `json:"type"` // API, METHOD, ...
	Path       *string `json:"path,omitempty"`
	Method     *string `json:"method,omitempty"`
	StatusCode *string `json:"statusCode,omitempty"`
	Name       *string `json:"name,omitempty"`
}

// DocumentationVersion is a picture of an API's parts, under a label.
type DocumentationVersion struct {
	Version     string              `json:"version"`
	CreatedDate time.Time           `json:"createdDate"`
	Description *string             `json:"description,omitempty"`
	Parts       []DocumentationPart `json:"parts"`
}

// DocumentationParts is the prefix of a REST API's documentation parts.
func DocumentationParts(api string) string { return Tree(api) + "docpart/" }

// DocumentationPartKey is one documentation part.
func DocumentationPartKey(api, id string) string { return DocumentationParts(api) + seg(id) }

// DocumentationVersions is the prefix of a REST API's documentation versions.
func DocumentationVersions(api string) string { return Tree(api) + "docversion/" }

// DocumentationVersionKey is one documentation version, by its label.
func DocumentationVersionKey(api, version string) string {
	return DocumentationVersions(api) + seg(version)
}
