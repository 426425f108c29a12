package sdk

import (
	"fmt"
	"regexp"
	"strings"
)

// What properties of a Ruby client may be.
var (
	rubyGem     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*$`)
	rubyVersion = regexp.MustCompile(`^[0-9]+(\.[0-9A-Za-z]+)*$`)
)

// rubyReserved are the words of the language, and the methods of every object
// and client that a call must not replace.
const rubyReserved = `alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or
redo rescue retry return self super then true undef unless until when while yield initialize send public_send object_id method methods
hash dup clone freeze tap then class display extend inspect instance_of is_a kind_of respond_to to_s request`

// rubyQuoted is text as a literal in single quotes, in which nothing is
// computed.
func rubyQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// ruby writes a gem with no dependency, for Ruby 2.7 or newer.
func ruby(c *client) error {
	service := pascal(words(c.properties["service.name"]))
	if service == "" || !letter(rune(service[0])) {
		return fmt.Errorf("%w: service.name must begin with a letter", ErrProperty)
	}
	gem := c.property("ruby.gem-name", strings.ReplaceAll(snake(words(c.properties["service.name"])), "_", "-"))
	version := c.property("ruby.gem-version", "1.0.0")
	if !rubyGem.MatchString(gem) || !rubyVersion.MatchString(version) {
		return fmt.Errorf("%w: ruby.gem-name is letters, digits, _ and -; ruby.gem-version is numbers with dots", ErrProperty)
	}
	var methods strings.Builder
	used := newNames(rubyReserved)
	for _, one := range c.calls {
		by := map[Place][]string{}
		var required []string
		for _, p := range one.Parameters {
			by[p.In] = append(by[p.In], p.Name)
			if p.Required {
				required = append(required, p.Name)
			}
		}
		fmt.Fprintf(&methods, "\n    # %s\n    def %s(params = {})\n      request(%s, %s, params,\n              { path: %s, query: %s, header: %s, required: %s })\n    end\n",
			commentLine(one.Verb+" "+one.Path), used.pick(snake(one.beforePath())), rubyQuoted(one.Verb), rubyQuoted(one.Path),
			rubyList(by[InPath]), rubyList(by[InQuery]), rubyList(by[InHeader]), rubyList(required))
	}
	swap := strings.NewReplacer("SERVICE_NAME", service, "GEM_NAME", gem, "GEM_VERSION", version, "'ENDPOINT'", rubyQuoted(c.Endpoint),
		"'REGION'", rubyQuoted(c.Region), "'API_TITLE'", rubyQuoted("A client of "+c.Title), "    # METHODS\n", methods.String())
	for from, to := range map[string]string{
		"client.rb.tmpl": "lib/" + gem + ".rb", "gem.gemspec.tmpl": gem + ".gemspec", "README.md": "README.md",
	} {
		text, err := files.ReadFile("files/ruby/" + from)
		if err != nil {
			return err
		}
		c.add(to, swap.Replace(string(text)))
	}
	c.sortFiles()
	return nil
}

func rubyList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = rubyQuoted(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// commentLine is text inside of a comment that ends with the line.
func commentLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, text)
}
