package sam

import (
	"regexp"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

var (
	aliasName = regexp.MustCompile(`^[a-zA-Z0-9\-_]+$`)
	allDigits = regexp.MustCompile(`^[0-9]+$`)
)

// publish makes a version and an alias, where AutoPublishAlias asks for them.
func (f *fn) publish() {
	property := f.get("AutoPublishAlias")
	if !truthy(property) {
		return
	}
	name, ok := f.resolve(property.Clone()).Str()
	switch {
	case !ok:
		f.fail(property, "'AutoPublishAlias' must be a string or a Ref to a template parameter")
		return
	case !aliasName.MatchString(name) || allDigits.MatchString(name):
		f.fail(property, "AutoPublishAlias name ('%s') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.", name)
		return
	}
	hash := f.codeHash()
	version := f.version(hash)
	f.alias = f.also(f.id+"Alias"+strings.NewReplacer("-", "D", "_", "U").Replace(name), "AWS::Lambda::Alias")
	f.alias.setAll("Name", name, "FunctionName", ref(f.id), "FunctionVersion", getAtt(version.id, "Version"))
	if c := f.get("ProvisionedConcurrencyConfig"); truthy(c) {
		f.alias.set("ProvisionedConcurrencyConfig", c)
	}
}

// codeHash is the hash of the code that the template gives; it becomes part of
// the function's description, so that a new hash is a change.
func (f *fn) codeHash() string {
	property := f.get("AutoPublishCodeSha256")
	if !truthy(property) {
		return ""
	}
	hash, ok := f.resolve(property.Clone()).Str()
	if !ok {
		f.fail(property, "AutoPublishCodeSha256 must be a string")
		return ""
	}
	description := f.get("Description")
	if description != nil {
		description = f.resolve(description.Clone())
	}
	s, isText := description.Str()
	switch {
	case !truthy(description):
		f.fn.set("Description", text(hash))
	case isText:
		f.fn.set("Description", text(s+" "+hash))
	default:
		f.fn.set("Description", joined(" ", description, text(hash)))
	}
	return hash
}

// version makes the version, whose logical id changes with what it holds.
func (f *fn) version(hash string) *made {
	if hash = hash[:min(10, len(hash))]; hash == "" {
		hash = short(f.versionContent())
	}
	v := f.also(f.id+"Version"+hash, "AWS::Lambda::Version")
	if !v.attrs.Has("DeletionPolicy") {
		policy := text("Retain")
		if p := f.get("VersionDeletionPolicy"); p != nil {
			policy = p
		} else if f.get("CapacityProviderConfig") != nil {
			policy = text("Delete")
		}
		v.attrs.Set("DeletionPolicy", policy)
	}
	v.set("FunctionName", ref(f.id)).set("Description", f.get("VersionDescription"))
	if f.get("CapacityProviderConfig") != nil {
		v.set("FunctionScalingConfig", f.get("FunctionScalingConfig"))
	}
	return v
}

// versionContent is what a new version is published for.
func (f *fn) versionContent() *Value {
	f.fn.set("Code", f.resolve(f.fn.props.Get("Code")))
	if truthy(f.get("AutoPublishAliasAllProperties")) {
		all := merged(f.fn.props, nil)
		for _, layer := range f.get("Layers").Items() {
			id := referred(layer)
			if p := f.out.Find(id, "Properties"); id != "" && truthy(p.Get("PublishLambdaVersion")) {
				all.Set(id, p)
			}
		}
		return all
	}
	content := merged(f.fn.props.Get("Code"), f.get("Environment"))
	if m := f.get("MemorySize"); truthy(m) {
		content.Set("MemorySize", m)
	}
	if s := f.get("SnapStart"); s.Get("ApplyOn") != nil && s.Get("ApplyOn").Text() != "None" {
		content.Set("SnapStart", s)
	}
	return content
}

// url makes the URL of the function and, where anyone may call it, the
// permissions for that.
func (f *fn) url() {
	c := f.get("FunctionUrlConfig")
	if !truthy(c) || !f.validURL(c) {
		return
	}
	u := f.also(f.id+"Url", "AWS::Lambda::Url")
	if cors := c.Get("Cors"); truthy(cors) {
		u.set("Cors", cors)
	}
	u.copied(c, "AuthType", "InvokeMode").set("TargetFunctionArn", f.name())
	if c.Get("AuthType").Text() != "NONE" || isIntrinsic(c) {
		return
	}
	f.also(f.id+"UrlPublicPermissions", "AWS::Lambda::Permission").setAll(
		"Action", "lambda:InvokeFunctionUrl", "FunctionName", f.name(), "Principal", "*", "FunctionUrlAuthType", "NONE")
	f.also(f.id+"URLInvokeAllowPublicAccess", "AWS::Lambda::Permission").setAll(
		"Action", "lambda:InvokeFunction", "FunctionName", f.name(), "Principal", "*", "InvokedViaFunctionUrl", true)
}

func (f *fn) validURL(c *Value) bool {
	if isIntrinsic(c) {
		return true
	}
	auth := c.Get("AuthType")
	if !isIntrinsic(auth) && auth.Text() != "AWS_IAM" && auth.Text() != "NONE" {
		f.fail(c, "AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.")
		return false
	}
	cors := c.Get("Cors")
	if !truthy(cors) || isIntrinsic(cors) {
		return true
	}
	if !f.expect(cors, doc.Map, "FunctionUrlConfig.Cors") {
		return false
	}
	for i, k := range cors.Keys() {
		v := cors.Nth(i)
		kind, name := doc.List, "list"
		switch k {
		case "AllowOrigins", "AllowMethods", "AllowHeaders", "ExposeHeaders":
		case "AllowCredentials":
			kind, name = doc.Bool, "bool"
		case "MaxAge":
			kind, name = doc.Number, "int"
		default:
			f.fail(cors, "%s is not a valid property for configuring Cors.", k)
			return false
		}
		if !isIntrinsic(v) && !v.Is(kind) {
			f.fail(v, "%s must be of type %s.", k, name)
			return false
		}
	}
	return true
}
