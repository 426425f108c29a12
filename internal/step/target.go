package step

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/program"
)

// target is an integration's HTTP endpoint, compiled.
type target struct {
	scheme, address, serverName string
	host                        []byte  // the authority as it was given
	pieces                      []piece // of path and query; the path begins with '/'
	dynamic                     bool    // some piece is a placeholder
	query                       bool    // there is a '?'
}

// piece is text, or a placeholder's source.
type piece struct {
	text    []byte // of a placeholder: what stays if it has no value
	name    string // of a placeholder; empty: text
	from    *source
	inQuery bool
}

// ErrUnreachable says that an integration's URI leads nowhere. The method then
// answers 500, as on AWS; the stage around it is fine.
var ErrUnreachable = errors.New("the integration leads nowhere")

var errEndpoint = fmt.Errorf("%w: invalid endpoint address", ErrUnreachable)

// parseTarget reads an integration's URI. Stage variables are filled in here:
// a stage that changes is compiled anew. Placeholders take their values from
// the path mappings; one that has none stays as it is.
// parity: spec/rest-data-plane.md 3.7.1; spec/security.md 9.10: the host never
// comes from the request.
func (s Scope) parseTarget(uri string, path []mapping) (*target, error) {
	uri = s.fillVariables(uri)
	scheme, rest, ok := strings.Cut(uri, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return nil, fmt.Errorf("%w: %q", errEndpoint, uri)
	}
	rest, _, _ = strings.Cut(rest, "#")
	authority := rest
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, rest = rest[:i], rest[i:]
	} else {
		rest = "/"
	}
	if rest[0] == '?' {
		rest = "/" + rest
	}
	t := &target{scheme: scheme, host: []byte(authority)}
	if err := t.setAddress(authority); err != nil {
		return nil, fmt.Errorf("%w: %q", err, uri)
	}
	t.cut(rest, path)
	return t, nil
}

// fillVariables replaces ${stageVariables.x}; an unknown name is replaced by
// nothing, any other ${...} stays.
func (s Scope) fillVariables(text string) string {
	const open = "${stageVariables."
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, open)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			b.WriteString(open)
			text = after
			continue
		}
		b.WriteString(s.Variables[name])
		text = rest
	}
}

// setAddress checks the authority and finds out where to dial.
// parity: developer guide, "Set up HTTP integrations": ports 80, 443, 1024-65535.
func (t *target) setAddress(authority string) error {
	if !validHost([]byte(authority)) {
		return errEndpoint
	}
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		host, port = strings.Trim(authority, "[]"), "80"
		if t.scheme == "https" {
			port = "443"
		}
		if strings.Contains(host, ":") && authority[0] != '[' {
			return errEndpoint
		}
	}
	n, err := strconv.Atoi(port)
	if host == "" || err != nil || n != 80 && n != 443 && (n < 1024 || n > 65535) {
		return errEndpoint
	}
	t.address, t.serverName = net.JoinHostPort(host, port), host
	return nil
}

// cut takes path and query apart into text and placeholders.
func (t *target) cut(rest string, path []mapping) {
	from := map[string]*source{}
	for i := range path {
		from[string(path[i].name)] = &path[i].from
	}
	inQuery := false
	text := func(s string) {
		before, after, query := strings.Cut(s, "?")
		out := appendRaw(nil, []byte(before), inQuery)
		if query {
			if inQuery {
				out = append(out, '?')
			}
			if !inQuery {
				inQuery, t.query = true, true
				out = append(out, '?')
			}
			out = appendRaw(out, []byte(after), true)
		}
		if len(out) > 0 {
			t.pieces = append(t.pieces, piece{text: out})
		}
	}
	for rest != "" {
		i, end := placeholder(rest)
		if i < 0 {
			break
		}
		text(rest[:i])
		name := rest[i+1 : end-1]
		p := piece{name: name, from: from[name], inQuery: inQuery, text: appendRaw(nil, []byte(rest[i:end]), inQuery)}
		t.pieces = append(t.pieces, p)
		t.dynamic = true
		rest = rest[end:]
	}
	text(rest)
}

// placeholder finds the first {name}; not one behind a '$'.
func placeholder(s string) (start, end int) {
	for i := 0; i < len(s); i++ {
		if s[i] != '{' {
			continue
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			return -1, 0
		}
		if j > 1 && (i == 0 || s[i-1] != '$') && mappingName(s[i+1:i+j]) {
			return i, i + j + 1
		}
	}
	return -1, 0
}

// origin is where calls go.
func (t *target) origin(origins Origins, skipVerify bool) *program.Origin {
	return origins.Origin(t.scheme, t.address, t.serverName, skipVerify)
}

// append appends path and query for an exchange.
func (t *target) append(x *program.Exchange, dst []byte) ([]byte, error) {
	start := len(dst)
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.name == "" {
			dst = append(dst, p.text...)
			continue
		}
		v, raw, err := p.value(x)
		if err != nil {
			return dst, err
		}
		switch {
		case len(v) == 0:
			dst = append(dst, p.text...)
		case raw && p.inQuery:
			dst = appendOnce(dst, v)
		case raw:
			dst = appendRaw(dst, v, false)
		default:
			dst = appendEncoded(dst, v)
		}
	}
	if !t.dynamic {
		return dst, nil
	}
	path := dst[start:]
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if !route.Check(path) {
		return dst, &program.Refusal{Type: program.Default4XX, Status: 400, Message: "Bad Request", Cause: errDots}
	}
	return dst, nil
}

var errDots = errors.New("a value would lead out of the integration's path")

// value is a placeholder's value; raw: it comes from the client's path and is
// encoded already.
func (p *piece) value(x *program.Exchange) (v []byte, raw bool, err error) {
	if x.Overrides != nil {
		if over := x.Overrides.Path[p.name]; over != "" {
			return []byte(over), false, nil
		}
	}
	if p.from == nil {
		return nil, false, nil
	}
	v, err = p.from.value(x)
	return v, p.from.kind == fromPath, err
}
