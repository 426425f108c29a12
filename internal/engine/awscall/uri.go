package awscall

import (
	"errors"
	"strings"
)

// URI is what an integration calls:
// arn:{partition}:apigateway:{region}:{subdomain.service|service}:{path|action}/{rest}.
type URI struct {
	Partition, Region string
	Subdomain         string // "runtime" of runtime.sagemaker; empty: none
	Service           string // as in host names, in lower case
	Path              string // of path/: begins with '/', may have placeholders and a query
	Action            string // of action/: the name of an operation; else empty
	Extra             string // what follows the action's name: "k=v&k=v", or empty
}

// Why a URI is none. The texts are for logs.
var (
	ErrARN  = errors.New("invalid ARN specified in the request")
	ErrKind = errors.New("AWS ARN for integration must contain path or action")
)

// Parse reads an integration's URI, in which stage variables were filled in.
func Parse(text string) (URI, error) {
	part := strings.SplitN(text, ":", 6)
	if len(part) != 6 || part[0] != "arn" || part[2] != "apigateway" {
		return URI{}, ErrARN
	}
	u := URI{Partition: part[1], Region: part[3], Service: strings.ToLower(part[4])}
	for _, label := range append(strings.Split(u.Service, "."), u.Partition, u.Region) {
		if !isLabel(label) {
			return URI{}, ErrARN
		}
	}
	if i := strings.LastIndexByte(u.Service, '.'); i >= 0 {
		u.Subdomain, u.Service = u.Service[:i], u.Service[i+1:]
	}
	kind, rest, ok := strings.Cut(part[5], "/")
	switch {
	case ok && kind == "path":
		u.Path = "/" + strings.TrimPrefix(rest, "/") // parity: sqs:path// is used for the root
	case ok && kind == "action":
		u.Action, u.Extra, _ = strings.Cut(rest, "&")
		if !isAction(u.Action) {
			return URI{}, ErrKind
		}
	default:
		return URI{}, ErrKind
	}
	return u, nil
}

// isLabel says whether s may be a label of a host name.
func isLabel(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return s != "" && len(s) < 64
}

func isAction(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// Host is the first part of the host name that AWS has for the call, before
// region and domain.
func (u *URI) Host() string {
	switch {
	case u.Subdomain != "":
		return u.Subdomain + "." + u.Service
	case u.Service == "states" && u.Action == "StartSyncExecution":
		return "sync-states" // parity: spec/services-observability.md 8.2
	}
	return u.Service
}
