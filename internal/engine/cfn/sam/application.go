package sam

import "github.com/stagedoor/stagedoor/internal/engine/cfn/doc"

// application makes a nested stack of a template, or of an application of the
// Serverless Application Repository.
func (j *job) application() {
	location := j.get("Location")
	url, tags := location, doc.NewMap()
	if location.Is(doc.Map) && !isTemplateLocation(location) {
		url = text("")
		if j.fromRepository(location, &url); j.failed {
			return
		}
		tags.Set("serverlessrepo:applicationId", location.Get("ApplicationId"))
		tags.Set("serverlessrepo:semanticVersion", location.Get("SemanticVersion"))
	}
	m := newMade(j.id, "AWS::CloudFormation::Stack", j.pass)
	m.dependsOn = j.dependsOn
	j.add(m).copied(j.props, "Parameters", "NotificationARNs", "TimeoutInMinutes").set("TemplateURL", url)
	own := j.tags("lambda:createdBy").Items()
	m.set("Tags", concat(list(own[0]), tagList(tags), list(own[1:]...)))
}

// isTemplateLocation reports whether a location is a function, not an
// application of the repository.
func isTemplateLocation(v *Value) bool { return isIntrinsic(v) }

// fromRepository finds the template of an application.
func (j *job) fromRepository(location *Value, url **Value) {
	for _, key := range []string{"ApplicationId", "SemanticVersion"} {
		if !location.Has(key) {
			j.fail(location, "Resource is missing the required [%s] property.", key)
			return
		}
		if v := location.Get(key); v != nil {
			location.Set(key, j.resolveMapping(j.resolve(v)))
		}
	}
	id, version := given(location.Get("ApplicationId")), location.Get("SemanticVersion")
	switch {
	case id == nil:
		j.fail(location, "Property 'ApplicationId' is required.")
	case id.Is(doc.Map):
		j.fail(id, "Property 'ApplicationId' cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.")
	case !truthy(version):
		j.fail(location, "Property 'SemanticVersion' cannot be blank.")
	case version.Is(doc.Map):
		j.fail(version, "Property 'SemanticVersion' cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.")
	case j.in.Application == nil:
		j.fail(location, "Serverless Application Repository is not available in this region.")
	default:
		found, err := j.in.Application(id.Text(), version.Text())
		if err != nil {
			j.fail(location, "%s", err.Error())
			return
		}
		*url = text(found)
	}
}
