package sam

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// layer makes a layer version, whose logical id changes with what it holds.
func (j *job) layer() {
	for _, key := range []string{"LayerName", "LicenseInfo", "Description", "RetentionPolicy"} {
		if v := j.get(key); truthy(v) {
			j.props.Set(key, j.resolve(v))
		}
	}
	attrs := merged(j.pass, nil)
	if !attrs.Has("DeletionPolicy") {
		attrs.SetText("DeletionPolicy", "Retain")
	}
	if r := j.get("RetentionPolicy"); r != nil {
		switch {
		case isIntrinsic(r):
			j.fail(r, "'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: ['Retain', 'Delete']")
		case strings.EqualFold(r.Text(), "Retain"):
			attrs.SetText("DeletionPolicy", "Retain")
		case strings.EqualFold(r.Text(), "Delete"):
			attrs.SetText("DeletionPolicy", "Delete")
		default:
			j.fail(r, "'RetentionPolicy' must be one of the following options: ['Retain', 'Delete'].")
		}
	}
	j.checkArchitectures()
	id := j.id + short(j.layerContent())
	if id != j.id {
		j.renamed[j.id] = id
	}
	m := j.add(newMade(id, "AWS::Lambda::LayerVersion", attrs))
	m.dependsOn = j.dependsOn
	name := j.get("LayerName")
	if !truthy(name) {
		name = text(j.id)
	}
	m.set("LayerName", name).set("Content", j.location(j.get("ContentUri"), "ContentUri"))
	m.copied(j.props, "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")
}

// layerContent is what a new version is published for: the resource as written,
// but for what becomes of old versions.
func (j *job) layerContent() *Value {
	v := obj("Type", typeLayer)
	if truthy(j.dependsOn) {
		v.Set("DependsOn", j.dependsOn)
	}
	for i, k := range j.attrs.Keys() {
		if k != "DeletionPolicy" && k != "UpdateReplacePolicy" && k != "Metadata" {
			v.Set(k, j.attrs.Nth(i))
		}
	}
	props := doc.NewMap()
	for i, k := range j.props.Keys() {
		props.Set(k, given(j.props.Nth(i)))
	}
	return obj(j.id, v.Set("Properties", props))
}

func (j *job) checkArchitectures() {
	all := j.get("CompatibleArchitectures")
	for _, a := range all.Items() {
		if !isIntrinsic(a) && a.Text() != "arm64" && a.Text() != "x86_64" {
			j.fail(a, "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'")
		}
	}
}
