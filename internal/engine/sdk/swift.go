package sdk

import (
	"fmt"
	"regexp"
	"strings"
)

var swiftPrefix = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,63}$`)

// swiftReserved are the words of the language, and the client's own members.
const swiftReserved = `associatedtype class deinit enum extension fileprivate func import init inout internal let open operator private
precedencegroup protocol public rethrows static struct subscript typealias var break case catch continue default defer do else
fallthrough for guard if in repeat return throw switch where while Any as await catch false is nil self Self super throws true try
send configuration body headers query`

// swiftQuoted is text as a literal: a backslash would begin a computed part.
func swiftQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// swift writes a package with no dependency but Foundation.
func swift(c *client) error {
	prefix := c.properties["classPrefix"]
	if !swiftPrefix.MatchString(prefix) {
		return fmt.Errorf("%w: classPrefix must be a letter, and letters and digits after it", ErrProperty)
	}
	prefix = strings.ToUpper(prefix[:1]) + prefix[1:]
	var methods strings.Builder
	used := newNames(swiftReserved)
	for _, one := range c.calls {
		methods.WriteString(swiftMethod(prefix, used.pick(camel(one.afterPath())), one))
	}
	swap := strings.NewReplacer("CLASS_PREFIX", prefix, "\"ENDPOINT\"", swiftQuoted(c.Endpoint), "\"REGION\"", swiftQuoted(c.Region),
		"    // METHODS\n", methods.String())
	folder := "Sources/" + prefix + "Client/"
	for _, f := range []struct{ from, to string }{
		{"Client.swift.tmpl", folder + prefix + "Client.swift"},
		{"Package.swift.tmpl", "Package.swift"},
		{"README.md", "README.md"},
		{"Signer.swift.tmpl", folder + prefix + "Signer.swift"},
		{"Transport.swift.tmpl", folder + prefix + "Transport.swift"},
	} {
		text, err := files.ReadFile("files/swift/" + f.from)
		if err != nil {
			return err
		}
		c.add(f.to, swap.Replace(string(text)))
	}
	return nil
}

// swiftMethod is one call: its parameters by name, those that may be left out
// after the others.
func swiftMethod(prefix, name string, one call) string {
	used := newNames(swiftReserved)
	var required, optional, pairs []string
	for _, p := range one.Parameters {
		label := used.pick(camel(words(p.Name)))
		pairs = append(pairs, fmt.Sprintf("(%s, %s, %s)", swiftQuoted(string(p.In)), swiftQuoted(p.Name), label))
		if p.Required {
			required = append(required, label+": String")
		} else {
			optional = append(optional, label+": String? = nil")
		}
	}
	arguments := strings.Join(append(append(required, optional...),
		"body: Data? = nil", "headers: [String: String] = [:]", "query: [(String, String)] = []"), ", ")
	return fmt.Sprintf(`
    /// %s
    public func %s(%s) async throws -> %sAnswer {
        try await transport.send(method: %s, path: %s, parameters: [%s], body: body, headers: headers, query: query)
    }
`, commentLine(one.Verb+" "+one.Path), name, arguments, prefix, swiftQuoted(one.Verb), swiftQuoted(one.Path), strings.Join(pairs, ", "))
}
