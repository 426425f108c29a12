package sdk

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// What properties of a Java client may be.
var (
	javaPackage  = regexp.MustCompile(`^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$`)
	javaArtifact = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

// javaReserved are the words of the language, and the names that all requests
// and clients have.
const javaReserved = `abstract assert boolean break byte case catch char class const continue default do double else enum extends
false final finally float for goto if implements import instanceof int interface long native new null package private protected
public return short static strictfp super switch synchronized this throw throws transient true try void volatile while var record
yield _ getClass hashCode equals toString notify notifyAll wait clone finalize builder send body header query`

// javaPaths are the folders of sources.
const javaSources = "src/main/java/"

// javaQuoted is text as a literal: all but plain ASCII is escaped.
func javaQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, u := range utf16.Encode([]rune(text)) {
		switch {
		case u == '"' || u == '\\':
			fmt.Fprintf(&b, `\%c`, u)
		case u < ' ':
			fmt.Fprintf(&b, `\%03o`, u) // not \u000a: that is a line break in the source
		case u > '~':
			fmt.Fprintf(&b, `\u%04x`, u)
		default:
			b.WriteByte(byte(u))
		}
	}
	return b.String() + `"`
}

// java writes a client with no dependency, for Java 11 or newer.
func java(c *client) error {
	pkg := c.property("java.package-name", "")
	if !javaPackage.MatchString(pkg) || len(pkg) > 200 {
		return fmt.Errorf("%w: java.package-name must be a package name in lower case", ErrProperty)
	}
	for part := range strings.SplitSeq(pkg, ".") {
		if newNames(javaReserved).taken[part] {
			return fmt.Errorf("%w: java.package-name must not have the word %s", ErrProperty, part)
		}
	}
	service := pascal(words(c.property("service.name", c.Title)))
	if service == "" || digit(rune(service[0])) || newNames(javaOwn).taken[service] {
		service = "Api" + service
	}
	group, artifact := c.property("java.group-id", pkg), c.property("java.artifact-id", service)
	version := c.property("java.artifact-version", "1.0.0")
	for _, v := range []string{group, artifact, version} {
		if !javaArtifact.MatchString(v) {
			return fmt.Errorf("%w: java.group-id, java.artifact-id and java.artifact-version are letters, digits and _.-", ErrProperty)
		}
	}
	build, err := c.javaBuild(group, artifact, version)
	if err != nil {
		return err
	}
	c.files = append(c.files, build...)
	licence := javaComment(c.properties["java.license-text"])
	folder := javaSources + strings.ReplaceAll(pkg, ".", "/") + "/"
	swap := strings.NewReplacer("PACKAGE_NAME", pkg, "\"ENDPOINT\"", javaQuoted(c.Endpoint), "\"REGION\"", javaQuoted(c.Region))
	for _, name := range []string{"ApiRequest", "ApiAnswer", "ApiException", "ApiTransport", "Signer"} {
		text, err := files.ReadFile("files/java/" + name + ".java")
		if err != nil {
			return err
		}
		c.add(folder+name+".java", licence+swap.Replace(string(text)))
	}
	used, classes := newNames(javaReserved), newNames(javaOwn+" "+service)
	var methods strings.Builder
	for _, one := range c.calls {
		name := used.pick(camel(one.beforePath()))
		class := classes.pick(strings.ToUpper(name[:1]) + name[1:] + "Request")
		fmt.Fprintf(&methods, "\n    /** %s. */\n    public ApiAnswer %s(%s request) {\n        return transport.send(request);\n    }\n",
			javadoc(one.Verb+" "+one.Path), name, class)
		c.add(folder+class+".java", licence+javaRequest(pkg, class, one))
	}
	text, err := files.ReadFile("files/java/Client.java.tmpl")
	if err != nil {
		return err
	}
	c.add(folder+service+".java", licence+strings.NewReplacer("PACKAGE_NAME", pkg, "SERVICE_NAME", service, "    // METHODS\n", methods.String(),
		"\"ENDPOINT\"", javaQuoted(c.Endpoint), "\"REGION\"", javaQuoted(c.Region), "API_TITLE", javadoc(c.Title)).Replace(string(text)))
	readme, err := files.ReadFile("files/java/README.md")
	c.add("README.md", strings.NewReplacer("PACKAGE_NAME", pkg, "SERVICE_NAME", service).Replace(string(readme)))
	return err
}

// javaOwn are the client's own classes.
const javaOwn = "ApiRequest ApiAnswer ApiException ApiTransport Signer String Object System Math Override"

// javaRequest is the class of one call's input.
func javaRequest(pkg, class string, one call) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s;\n\n/** Input of %s. */\npublic final class %s extends ApiRequest {\n", pkg, javadoc(one.Verb+" "+one.Path), class)
	fmt.Fprintf(&b, "    public %s() {\n        super(%s, %s", class, javaQuoted(one.Verb), javaQuoted(one.Path))
	for _, p := range one.Parameters {
		if p.Required {
			fmt.Fprintf(&b, ", %s", javaQuoted(string(p.In)+" "+p.Name))
		}
	}
	b.WriteString(");\n    }\n")
	used := newNames(javaReserved)
	for _, p := range one.Parameters {
		fmt.Fprintf(&b, "\n    /** Sets the parameter %s. */\n    public %s %s(String value) {\n        set(%s, %s, value);\n        return this;\n    }\n",
			javadoc(p.Name+" ("+string(p.In)+")"), class, used.pick(camel(words(p.Name))), javaQuoted(string(p.In)), javaQuoted(p.Name))
	}
	for _, more := range []string{"header", "query"} {
		fmt.Fprintf(&b, "\n    @Override\n    public %s %s(String name, String value) {\n        super.%s(name, value);\n        return this;\n    }\n", class, more, more)
	}
	fmt.Fprintf(&b, "\n    @Override\n    public %s body(byte[] bytes) {\n        super.body(bytes);\n        return this;\n    }\n", class)
	fmt.Fprintf(&b, "\n    @Override\n    public %s body(String text) {\n        super.body(text);\n        return this;\n    }\n}\n", class)
	return b.String()
}

// javadoc is text inside of a documentation comment.
func javadoc(text string) string {
	return strings.NewReplacer("*/", "*&#47;", "\\", "&#92;", "@", "&#64;", "<", "&lt;", ">", "&gt;", "&", "&amp;", "\n", " ", "\r", " ").Replace(text)
}

// javaComment is a licence at the head of a file.
func javaComment(text string) string {
	if text == "" {
		return ""
	}
	text = strings.NewReplacer("*/", "* /", "\\u", "\\ u", "\r\n", "\n").Replace(text)
	return "/*\n * " + strings.ReplaceAll(text, "\n", "\n * ") + "\n */\n"
}

// javaBuild is the file of a build system.
func (c *client) javaBuild(group, artifact, version string) ([]file, error) {
	var escaped strings.Builder
	if err := xml.EscapeText(&escaped, []byte(c.Title)); err != nil {
		return nil, err
	}
	switch system := c.property("java.build-system", "maven"); system {
	case "maven":
		return []file{{"pom.xml", fmt.Sprintf(javaPOM, group, artifact, version, escaped.String())}}, nil
	case "gradle":
		return []file{
			{"build.gradle", fmt.Sprintf(javaGradle, group, version)},
			{"settings.gradle", fmt.Sprintf("rootProject.name = '%s'\n", artifact)},
		}, nil
	default:
		return nil, fmt.Errorf("%w: java.build-system must be maven or gradle", ErrProperty)
	}
}

const javaPOM = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>%s</groupId>
  <artifactId>%s</artifactId>
  <version>%s</version>
  <name>%s</name>
  <properties>
    <maven.compiler.release>11</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
</project>
`

const javaGradle = `plugins {
    id 'java-library'
}

group = '%s'
version = '%s'

java {
    sourceCompatibility = JavaVersion.VERSION_11
    targetCompatibility = JavaVersion.VERSION_11
}
`
