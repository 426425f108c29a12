package sam

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

var secretReference = regexp.MustCompile(`\{\{resolve:(ssm|ssm-secure|secretsmanager):[a-zA-Z0-9_.\-/]+(:\d+)?\}\}`)

// code is where the code of a function lies.
func (f *fn) code() *Value {
	inline, uri, image := f.get("InlineCode"), f.get("CodeUri"), f.get("ImageUri")
	typ := f.get("PackageType").Text()
	var at *Value
	switch {
	case typ == "Image" && image == nil:
		f.fail(f.src, "'ImageUri' must be set.")
	case typ == "Image" && !truthy(image):
		f.fail(image, "'ImageUri' requires that a image hosted at a registry be specified.")
	case typ == "Image":
		return obj("ImageUri", image)
	case typ != "" && typ != "Zip":
		f.fail(f.get("PackageType"), "invalid 'PackageType' : %s", typ)
	case inline != nil:
		at = obj("ZipFile", inline)
	case uri != nil:
		at = f.location(uri, "CodeUri")
	default:
		f.fail(f.src, "Only one of 'InlineCode' or 'CodeUri' can be set.")
	}
	if k := f.get("SourceKMSKeyArn"); truthy(k) && at != nil {
		at.Set("SourceKMSKeyArn", k)
	}
	return at
}

// checkPackage checks that a function has what its kind of package needs.
func (f *fn) checkPackage() {
	has := func(key string) bool { return truthy(f.get(key)) }
	if f.get("PackageType").Text() == "Image" {
		if has("Handler") || has("Runtime") || has("Layers") {
			f.fail(f.src, "Runtime, Handler, Layers cannot be present when PackageType is of type `Image`")
		}
		return
	}
	switch {
	case f.failed:
	case !has("Runtime") || !has("Handler"):
		f.fail(f.src, "Runtime and Handler needs to be present when PackageType is of type `Zip`")
	case has("ImageConfig"):
		f.fail(f.src, "ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`")
	}
}

// location is a place in S3 as Lambda names it.
func (j *job) location(uri *Value, property string) *Value {
	if uri.Is(doc.Map) {
		if !truthy(uri.Get("Bucket")) || !truthy(uri.Get("Key")) {
			j.fail(uri, "'%s' requires Bucket and Key properties to be specified.", property)
			return nil
		}
		return obj("S3Bucket", uri.Get("Bucket"), "S3Key", uri.Get("Key"), "S3ObjectVersion", uri.Get("Version"))
	}
	s, ok := uri.Str()
	if !ok {
		j.fail(uri, "'%s' must be of type dict or string.", property)
		return nil
	}
	if m := secretReference.FindString(s); strings.Contains(m, "/") {
		j.fail(uri, "Unsupported dynamic reference detected in '%s'. Please consider using alternative 'FunctionCode' object format.", property)
		return nil
	}
	bucket, key, version, ok := parseS3(s)
	if !ok {
		j.fail(uri, "'%s' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.", property)
		return nil
	}
	at := obj("S3Bucket", bucket, "S3Key", key)
	if version != "" {
		at.SetText("S3ObjectVersion", version)
	}
	return at
}

// parseS3 reads s3://bucket/key?versionId=version.
func parseS3(s string) (bucket, key, version string, ok bool) {
	rest, isS3 := strings.CutPrefix(s, "s3://")
	if !isS3 {
		return "", "", "", false
	}
	rest, query, _ := strings.Cut(rest, "?")
	bucket, key, found := strings.Cut(rest, "/")
	if !found || bucket == "" {
		return "", "", "", false
	}
	if q, err := url.ParseQuery(query); err == nil && len(q["versionId"]) == 1 {
		version = q["versionId"][0]
	}
	return bucket, strings.TrimLeft(key, "/"), version, true
}
