package sam

import (
	"slices"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const zoneOfEdge = "Z2FDTNDATAQYW2" // of CloudFront, the same for everyone

// customDomain makes the domain name of the API, its mappings and records.
func (r *rest) customDomain() {
	if r.domain == nil || !r.expect(r.domain, doc.Map, "Domain") {
		return
	}
	private := r.domain.Get("EndpointConfiguration").Text() == "PRIVATE"
	prefix, suffix := "ApiGatewayDomainName", ""
	if private {
		prefix, suffix = "ApiGatewayDomainNameV2", "V2"
	}
	if !r.checkDomain() {
		return
	}
	name := given(r.domain.Get("DomainName"))
	d := r.also(prefix+short(name), "AWS::ApiGateway::DomainName"+suffix)
	d.set("DomainName", name)
	kind := r.domain.Get("EndpointConfiguration").Text()
	endpoint := obj("Types", texts(kind))
	if v := r.domain.Get("IpAddressType"); truthy(v) {
		endpoint.Set("IpAddressType", v)
	}
	d.set("EndpointConfiguration", endpoint)
	certificate := "CertificateArn"
	if kind == "REGIONAL" {
		certificate = "RegionalCertificateArn"
	}
	d.set(certificate, r.domain.Get("CertificateArn"))
	if !private {
		r.domain.SetText("ApiDomainName", d.id) // part of what the deployment's hash covers
		r.mutualTLS(d)
	}
	for _, key := range []string{"SecurityPolicy", "EndpointAccessMode", "Policy", "OwnershipVerificationCertificateArn"} {
		if v := r.domain.Get(key); truthy(v) {
			d.set(key, v)
		}
	}
	r.mappings(d, private)
	r.records(d)
	if a := given(r.domain.Get("AccessAssociation")); private && a != nil {
		vpce := orNull(a.Get("VpcEndpointId"))
		r.also("DomainNameAccessAssociation"+short(list(vpce, text(d.id))), "AWS::ApiGateway::DomainNameAccessAssociation").setAll(
			"DomainNameArn", ref(d.id), "AccessAssociationSourceType", "VPCE", "AccessAssociationSource", vpce)
	}
}

func (r *rest) checkDomain() bool {
	for _, key := range []string{"DomainName", "CertificateArn"} {
		if given(r.domain.Get(key)) == nil {
			r.fail(r.domain, "Property 'Domain.%s' is required.", key)
			return false
		}
	}
	switch e := given(r.domain.Get("EndpointConfiguration")); {
	case e == nil:
		r.domain.SetText("EndpointConfiguration", "REGIONAL")
	case !slices.Contains([]string{"EDGE", "REGIONAL", "PRIVATE"}, e.Text()):
		r.fail(e, "EndpointConfiguration for Custom Domains must be one of ['EDGE', 'REGIONAL', 'PRIVATE'].")
		return false
	}
	return true
}

func (r *rest) mutualTLS(d *made) {
	m := r.domain.Get("MutualTlsAuthentication")
	if !truthy(m) || !r.expect(m, doc.Map, "Domain.MutualTlsAuthentication") {
		return
	}
	out := doc.NewMap()
	for i, k := range m.Keys() {
		if k != "TruststoreUri" && k != "TruststoreVersion" {
			r.fail(m, "Available Domain.MutualTlsAuthentication fields are ['TruststoreUri', 'TruststoreVersion'].")
			return
		}
		if truthy(m.Nth(i)) {
			out.Set(k, m.Nth(i))
		}
	}
	d.set("MutualTlsAuthentication", out)
}

// mappings makes the base path mappings.
func (r *rest) mappings(d *made, private bool) {
	typ, key := "AWS::ApiGateway::BasePathMapping", "DomainName"
	if private {
		typ, key = typ+"V2", "DomainNameArn"
	}
	add := func(id string) *made {
		return r.also(id, typ).setAll(key, ref(d.id), "RestApiId", ref(r.id), "Stage", ref(r.id+".Stage"))
	}
	paths := r.domain.Get("BasePath")
	if !truthy(paths) || !paths.Is(doc.String) && !paths.Is(doc.List) {
		add(r.id + "BasePathMapping")
		return
	}
	normal := onUnlessFalse(r.domain.Get("NormalizeBasePath"))
	for _, p := range asList(paths).Items() {
		s, ok := p.Str()
		if !ok {
			r.fail(p, "Property 'Domain.BasePath' should be a list of strings.")
			continue
		}
		letters := onlyAlphanumeric(s)
		m := add(r.id + letters + "BasePathMapping")
		if normal {
			s = letters
		}
		m.set("BasePath", text(s))
	}
}

// records makes the DNS records of the domain. Records of one zone share a
// group, whatever API they belong to.
func (r *rest) records(d *made) {
	route := given(r.domain.Get("Route53"))
	if route == nil || !r.expect(route, doc.Map, "Domain.Route53") {
		return
	}
	zone, zoneName := given(route.Get("HostedZoneId")), given(route.Get("HostedZoneName"))
	if zone == nil && zoneName == nil {
		r.fail(route, "HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.")
		return
	}
	either := zone
	if !truthy(zone) {
		either = zoneName
	}
	id := "RecordSetGroup" + short(either)
	if separate := given(route.Get("SeparateRecordSetGroup")); truthy(separate) {
		if !r.expect(separate, doc.Bool, "Domain.Route53.SeparateRecordSetGroup") {
			return
		}
		id = "RecordSetGroup" + short(list(either, orNull(r.domain.Get("DomainName"))))
		g := newMade(id, "AWS::Route53::RecordSetGroup", r.pass)
		g.setAll("HostedZoneId", zone, "HostedZoneName", zoneName, "RecordSets", r.recordSetsOf(d, route))
		r.add(g)
		return
	}
	g := r.recordSets[id]
	if g == nil {
		g = newMade(id, "AWS::Route53::RecordSetGroup", r.pass)
		g.setAll("HostedZoneId", zone, "HostedZoneName", zoneName, "RecordSets", list())
		r.recordSets[id] = g
	}
	g.set("RecordSets", concat(g.props.Get("RecordSets"), r.recordSetsOf(d, route)))
	r.add(g)
}

func (r *rest) recordSetsOf(d *made, route *Value) *Value {
	target := doc.NewMap()
	target.Set("EvaluateTargetHealth", given(route.Get("EvaluateTargetHealth")))
	switch r.domain.Get("EndpointConfiguration").Text() {
	case "REGIONAL":
		target.Set("HostedZoneId", getAtt(d.id, "RegionalHostedZoneId"))
		target.Set("DNSName", getAtt(d.id, "RegionalDomainName"))
	case "EDGE":
		name := given(route.Get("DistributionDomainName"))
		if name == nil {
			name = getAtt(d.id, "DistributionDomainName")
			route.Set("DistributionDomainName", name)
		}
		target.SetText("HostedZoneId", zoneOfEdge)
		target.Set("DNSName", name)
	default:
		target.Set("HostedZoneId", orNull(route.Get("VpcEndpointHostedZoneId")))
		target.Set("DNSName", orNull(route.Get("VpcEndpointDomainName")))
	}
	return aliasRecords(r.domain.Get("DomainName"), route, target)
}

// aliasRecords are the A record of a name and, where wanted, the AAAA record.
func aliasRecords(name, route, target *Value) *Value {
	all := list()
	kinds := []string{"A"}
	if route.Get("IpV6").True() {
		kinds = append(kinds, "AAAA")
	}
	for _, kind := range kinds {
		rec := obj("Name", orNull(name), "Type", kind, "AliasTarget", target.Clone())
		rec.Set("Region", given(route.Get("Region")))
		rec.Set("SetIdentifier", given(route.Get("SetIdentifier")))
		all.Append(rec)
	}
	return all
}
