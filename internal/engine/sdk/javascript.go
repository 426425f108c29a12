package sdk

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed files
var files embed.FS

// literal is a value as JavaScript and JSON write it, safe inside of a script
// element.
func literal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // strings and lists of strings always have a form
	}
	return string(b)
}

// jsReserved are names that the client's own object has.
const jsReserved = "constructor prototype __proto__"

// javascript writes the client that AWS's guide describes: the same files, the
// same factory, the same names of calls.
// parity: spec/definitions.md 5.13. Beyond it: calls that were throttled or met
// a failing server are tried again, and it runs in Node.js as it stands.
func javascript(c *client) error {
	const from = "files/javascript"
	err := fs.WalkDir(files, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".tmpl") {
			return err
		}
		text, err := files.ReadFile(name)
		c.add("apiGateway-js-sdk"+strings.TrimPrefix(name, from), string(text))
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range []string{
		"lib/axios/dist/axios.standalone.js", "lib/CryptoJS/rollups/hmac-sha256.js", "lib/CryptoJS/rollups/sha256.js",
		"lib/CryptoJS/components/hmac.js", "lib/CryptoJS/components/enc-base64.js",
	} {
		c.add("apiGateway-js-sdk/"+path, "// Kept so that pages which load this file go on working: the client needs it no more.\n")
	}
	c.add("apiGateway-js-sdk/package.json", c.jsPackage())
	if len(c.calls) == 0 {
		return nil // parity: no apigClient.js
	}
	factory, err := files.ReadFile(from + "/apigClient.js.tmpl")
	if err != nil {
		return err
	}
	table, declared := c.jsCalls()
	text := strings.NewReplacer("/*ENDPOINT*/''", literal(c.Endpoint), "/*REGION*/''", literal(c.Region), "/*CALLS*/", table).Replace(string(factory))
	c.add("apiGateway-js-sdk/apigClient.js", text)
	types, err := files.ReadFile(from + "/apigClient.d.ts.tmpl")
	if err != nil {
		return err
	}
	c.add("apiGateway-js-sdk/apigClient.d.ts", strings.Replace(string(types), "/*CALLS*/", declared, 1))
	return nil
}

// jsCalls are the client's functions, and their types.
func (c *client) jsCalls() (table, types string) {
	var js, ts, params strings.Builder
	used := newNames(jsReserved)
	for _, one := range c.calls {
		by := map[Place][]string{InPath: {}, InQuery: {}, InHeader: {}}
		required := []string{}
		params.Reset()
		for _, p := range one.Parameters {
			by[p.In] = append(by[p.In], p.Name)
			mark := "?"
			if p.Required {
				required, mark = append(required, p.Name), ""
			}
			fmt.Fprintf(&params, "%s%s: Value; ", literal(p.Name), mark)
		}
		name := used.pick(camel(one.afterPath()))
		fmt.Fprintf(&js, "    apigClient.%s = call({verb: %s, path: %s, inPath: %s, inQuery: %s, inHeader: %s, required: %s});\n",
			name, literal(one.Verb), literal(one.Path), literal(by[InPath]), literal(by[InQuery]), literal(by[InHeader]), literal(required))
		fmt.Fprintf(&ts, "  %s(params?: {%s[name: string]: Value | undefined}, body?: unknown, additionalParams?: AdditionalParams): Promise<Answer>;\n", name, params.String())
	}
	return js.String(), ts.String()
}

func (c *client) jsPackage() string {
	return fmt.Sprintf("{\n  \"name\": %s,\n  \"version\": \"1.0.0\",\n  \"description\": %s,\n  \"main\": \"apigClient.js\",\n  \"types\": \"apigClient.d.ts\",\n  \"private\": true\n}\n",
		literal("apigateway-js-sdk-"+strings.ToLower(plain(c.ID))), literal(c.Title))
}
