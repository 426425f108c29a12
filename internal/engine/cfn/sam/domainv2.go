package sam

import (
	"regexp"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

var badBasePath = regexp.MustCompile(`[^0-9a-zA-Z/\-_]+`)

// domainV2 makes the domain name of an HTTP or WebSocket API, its mappings and
// records. createdBy is the tag that the domain gets.
func (j *job) domainV2(api *made, createdBy string) {
	config := j.get("Domain")
	if config == nil || !j.expect(config, doc.Map, "Domain") {
		return
	}
	name, certificate := given(config.Get("DomainName")), given(config.Get("CertificateArn"))
	if name == nil || certificate == nil {
		j.fail(config, "Custom Domains only works if both DomainName and CertificateArn are provided.")
		return
	}
	if e := given(config.Get("EndpointConfiguration")); e != nil && e.Text() != "REGIONAL" {
		j.fail(e, "EndpointConfiguration for Custom Domains must be one of ['REGIONAL'].")
		return
	}
	settings := obj("CertificateArn", certificate, "EndpointType", "REGIONAL")
	for _, key := range []string{"OwnershipVerificationCertificateArn", "SecurityPolicy"} {
		if v := config.Get(key); truthy(v) {
			settings.Set(key, v)
		}
	}
	d := j.also("ApiGatewayDomainNameV2"+short(name), "AWS::ApiGatewayV2::DomainName")
	d.setAll("DomainName", name, "Tags", obj(createdBy, "SAM"), "DomainNameConfigurations", list(settings))
	j.mutualTLSV2(config, d)
	j.mappingsV2(config, api, d)
	j.recordsV2(config, d)
}

func (j *job) mutualTLSV2(config *Value, d *made) {
	m := config.Get("MutualTlsAuthentication")
	if !truthy(m) {
		return
	}
	if !m.Is(doc.Map) {
		j.fail(m, "MutualTlsAuthentication must be a map with at least one of the following fields ['TruststoreUri', 'TruststoreVersion'].")
		return
	}
	out := doc.NewMap()
	for i, k := range m.Keys() {
		if k != "TruststoreUri" && k != "TruststoreVersion" {
			j.fail(m, "Available MutualTlsAuthentication fields are ['TruststoreUri', 'TruststoreVersion'].")
			return
		}
		if truthy(m.Nth(i)) {
			out.Set(k, m.Nth(i))
		}
	}
	d.set("MutualTlsAuthentication", out)
}

func (j *job) mappingsV2(config *Value, api, d *made) {
	add := func(id string) *made {
		return j.also(id, "AWS::ApiGatewayV2::ApiMapping").setAll("DomainName", ref(d.id), "ApiId", ref(api.id), "Stage", ref(api.id+".Stage"))
	}
	paths := config.Get("BasePath")
	if !truthy(paths) || !paths.Is(doc.String) && !paths.Is(doc.List) {
		add(j.id + "ApiMapping")
		return
	}
	for _, p := range asList(paths).Items() {
		s, ok := p.Str()
		switch {
		case !ok:
			j.fail(p, "Basepath must be a string.")
		case badBasePath.MatchString(s):
			j.fail(p, "Invalid Basepath name provided.")
		default:
			add(j.id+onlyAlphanumeric(s)+"ApiMapping").set("ApiMappingKey", text(strings.Trim(s, "/")))
		}
	}
}

func (j *job) recordsV2(config *Value, d *made) {
	route := given(config.Get("Route53"))
	if route == nil || !j.expect(route, doc.Map, "Domain.Route53") {
		return
	}
	zone, zoneName := given(route.Get("HostedZoneId")), given(route.Get("HostedZoneName"))
	if zone == nil && zoneName == nil {
		j.fail(route, "HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.")
		return
	}
	either := zone
	if !truthy(zone) {
		either = zoneName
	}
	id := "RecordSetGroup" + short(either)
	g := j.recordSets[id]
	if g == nil {
		g = newMade(id, "AWS::Route53::RecordSetGroup", j.pass)
		if zone != nil {
			zoneName = nil
		}
		g.setAll("HostedZoneId", zone, "HostedZoneName", zoneName, "RecordSets", list())
		j.recordSets[id] = g
	}
	target := obj("HostedZoneId", getAtt(d.id, "RegionalHostedZoneId"), "DNSName", getAtt(d.id, "RegionalDomainName"))
	target.Set("EvaluateTargetHealth", given(route.Get("EvaluateTargetHealth")))
	g.set("RecordSets", concat(g.props.Get("RecordSets"), aliasRecords(config.Get("DomainName"), route, target)))
	j.add(g)
}
