package lambda

import (
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
)

// place is where this stagedoor's functions are: what their ARNs are made of.
type place struct {
	partition, region, account string
}

// ref names a function, or a version or alias of it, as a caller wrote it: the
// parts that were not said are empty.
type ref struct {
	partition, region, account string
	name                       string
	qualifier                  string
}

// parseRef reads a name in any of AWS's forms: name, name:qualifier,
// account:function:name, region:account:function:name, and the ARN, each with
// or without a qualifier. It says only whether text has such a form.
// parity: services-observability.md 7.4; the model's pattern of FunctionName
func parseRef(text string) (r ref, ok bool) {
	rest := text
	if after, found := strings.CutPrefix(rest, "arn:"); found {
		var service, kind string
		r.partition, after, _ = strings.Cut(after, ":")
		service, after, _ = strings.Cut(after, ":")
		r.region, after, _ = strings.Cut(after, ":")
		r.account, after, _ = strings.Cut(after, ":")
		kind, rest, _ = strings.Cut(after, ":")
		if !isPartition(r.partition) || service != "lambda" || !isRegion(r.region) || !isAccount(r.account) || kind != "function" {
			return ref{}, false
		}
	} else {
		r, rest = shortForm(rest)
	}
	var qualified bool
	r.name, r.qualifier, qualified = strings.Cut(rest, ":")
	if !isName(r.name) || qualified && !isQualifier(r.qualifier) {
		return ref{}, false
	}
	return r, true
}

// shortForm takes the parts of a partial ARN from the front of text. A part is
// one only if something follows it: a function may be called "function".
func shortForm(text string) (r ref, rest string) {
	if part, after, found := strings.Cut(text, ":"); found && isRegion(part) {
		r.region, text = part, after
	}
	if part, after, found := strings.Cut(text, ":"); found && isAccount(part) {
		r.account, text = part, after
	}
	if part, after, found := strings.Cut(text, ":"); found && part == "function" {
		text = after
	}
	return r, text
}

// String is the ARN, or as much of it as was said.
func (r ref) String() string {
	var b strings.Builder
	switch {
	case r.partition != "":
		fmt.Fprintf(&b, "arn:%s:lambda:%s:%s:function:", r.partition, r.region, r.account)
	case r.region != "" && r.account != "":
		fmt.Fprintf(&b, "%s:%s:function:", r.region, r.account)
	case r.region != "":
		fmt.Fprintf(&b, "%s:function:", r.region)
	case r.account != "":
		fmt.Fprintf(&b, "%s:function:", r.account)
	case r.qualifier != "":
		b.WriteString("function:")
	}
	b.WriteString(r.name)
	if r.qualifier != "" {
		b.WriteString(":" + r.qualifier)
	}
	return b.String()
}

// arn is the ARN of a function here; qualifier may be empty.
func (p place) arn(name, qualifier string) string {
	arn := "arn:" + p.partition + ":lambda:" + p.region + ":" + p.account + ":function:" + name
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// layerARN is the ARN of a layer here; version 0 leaves the version out.
func (p place) layerARN(name string, version int64) string {
	arn := "arn:" + p.partition + ":lambda:" + p.region + ":" + p.account + ":layer:" + name
	if version != 0 {
		arn = fmt.Sprintf("%s:%d", arn, version)
	}
	return arn
}

// here says whether r may be a function of this place: what it does not say fits.
func (p place) here(r ref) bool {
	return (r.partition == "" || r.partition == p.partition) &&
		(r.region == "" || r.region == p.region) &&
		(r.account == "" || r.account == p.account)
}

// target reads the name and the qualifier of a call. The qualifier it returns
// is empty if none was given in either place.
func (p place) target(text string, qualifier *string) (name, qual string, err error) {
	r, ok := parseRef(text)
	if !ok {
		return "", "", invalidName(text)
	}
	if r.region != "" && r.region != p.region {
		return "", "", notFound(fmt.Sprintf("Functions from '%s' are not reachable in this region ('%s')", r.region, p.region))
	}
	if qualifier != nil && *qualifier != "" {
		if r.qualifier != "" && r.qualifier != *qualifier {
			return "", "", invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		r.qualifier = *qualifier
	}
	if !p.here(r) {
		r.partition, r.region = p.partition, p.region
		return "", "", noFunction(r.String())
	}
	return r.name, r.qualifier, nil
}

// layerName reads the name of a layer: a name or an ARN without a version.
func (p place) layerName(text string) (string, error) {
	name := text
	if strings.HasPrefix(text, "arn:") {
		var found bool
		if name, found = strings.CutPrefix(text, p.layerARN("", 0)); !found {
			return "", notFound("The resource you requested does not exist.")
		}
	}
	if !isName(name) {
		return "", notFound("The resource you requested does not exist.")
	}
	return name, nil
}

// layerVersion reads the ARN of a layer version; ok says whether it has the form.
func (p place) layerVersion(arn string) (name string, version int64, ok bool) {
	rest, found := strings.CutPrefix(arn, p.layerARN("", 0))
	if !found {
		return "", 0, false
	}
	name, digits, found := strings.Cut(rest, ":")
	if !found || !isName(name) || len(digits) > 18 || !isVersion(digits) {
		return "", 0, false
	}
	for _, d := range []byte(digits) {
		version = version*10 + int64(d-'0')
	}
	return name, version, version > 0
}

// isVersion tells the number of a version from the name of an alias.
func isVersion(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isAccount(s string) bool { return len(s) == 12 && isVersion(s) }

// isRegion has AWS's form of a region: us-east-1, us-gov-west-1, eusc-de-east-1.
func isRegion(s string) bool {
	n := len(s)
	if n < 6 || s[n-1] < '0' || s[n-1] > '9' || s[n-2] != '-' || strings.Count(s, "-") < 2 {
		return false
	}
	for i := range n - 2 {
		if c := s[i]; (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return s[0] != '-' && s[1] != '-'
}

func isPartition(s string) bool {
	rest, found := strings.CutPrefix(s, "aws")
	for i := range len(rest) {
		if c := rest[i]; c != '-' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return found
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != "" && len(s) <= 140
}

func isQualifier(s string) bool { return s == api.Latest || isName(s) }
