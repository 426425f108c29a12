package apigateway_test

import (
	"strings"
	"testing"
)

const (
	domainRest = `"domainNameStatus":"AVAILABLE","securityPolicy":"TLS_1_2","routingMode":"BASE_PATH_MAPPING_ONLY"`
	regionalA  = `"domainName":"a.example.com","domainNameArn":"arn:aws:apigateway:us-east-1::/domainnames/a.example.com",` +
		`"regionalDomainName":"d-0000000001.execute-api.us-east-1.amazonaws.com","regionalHostedZoneId":"Z1UJRXOUMOOFQ8"`
	regionalEnd = `"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"ipv4"}`
)

func TestCreateDomainName(t *testing.T) {
	for _, tt := range []struct{ name, input, want string }{
		{
			"regional", `{"domainName":"A.example.com","regionalCertificateArn":"arn:aws:acm:us-east-1:1:certificate/c","tags":{"a":"b"}}`,
			`{` + regionalA + `,` + domainRest + `,` + regionalEnd + `,"regionalCertificateArn":"arn:aws:acm:us-east-1:1:certificate/c","tags":{"a":"b"}}`,
		},
		{
			"edge", `{"domainName":"*.example.com","certificateArn":"c","certificateName":"n"}`,
			`{"domainName":"*.example.com","domainNameArn":"arn:aws:apigateway:us-east-1::/domainnames/*.example.com","certificateArn":"c","certificateName":"n","certificateUploadDate":1760000000,
				"distributionDomainName":"d0000000000001.cloudfront.net","distributionHostedZoneId":"Z2FDTNDATAQYW2","endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},` + domainRest + `}`,
		},
		{
			"private", `{"domainName":"a.example.com","endpointConfiguration":{"types":["PRIVATE"]},"policy":"{ \"Statement\": [] }"}`,
			`{"domainName":"a.example.com","domainNameId":"0000000001","domainNameArn":"arn:aws:apigateway:us-east-1:123456789012:/domainnames/a.example.com+0000000001",
				"endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"dualstack"},"policy":"{\\\"Statement\\\":[]}",` + domainRest + `}`,
		},
		{
			"mutual TLS", `{"domainName":"a.example.com","endpointConfiguration":{"types":["REGIONAL"]},"mutualTlsAuthentication":{"truststoreUri":"s3://b/k","truststoreVersion":"1"},
				"securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09","endpointAccessMode":"STRICT","routingMode":"ROUTING_RULE_ONLY","ownershipVerificationCertificateArn":"o"}`,
			`{` + regionalA + `,` + regionalEnd + `,"mutualTlsAuthentication":{"truststoreUri":"s3://b/k","truststoreVersion":"1"},"domainNameStatus":"AVAILABLE",
				"securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09","endpointAccessMode":"STRICT","routingMode":"ROUTING_RULE_ONLY","ownershipVerificationCertificateArn":"o"}`,
		},
		{"no name", `{"domainName":""}`, "400 No Domain Name specified"},
		{"no host", `{"domainName":"a..b"}`, "400 Invalid domain name specified: a..b"},
		{"wildcard inside", `{"domainName":"a.*.b"}`, "400 Invalid domain name specified: a.*.b"},
		{"no type", `{"domainName":"a.b","endpointConfiguration":{"types":[]}}`, "400 REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."},
		{"private ipv4", `{"domainName":"a.b","endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"ipv4"}}`, "400 Only dualstack ipAddressType is supported for private domain names."},
		{"private and edge", `{"domainName":"a.b","endpointConfiguration":{"types":["PRIVATE","EDGE"]}}`, "400 A domain name cannot be PRIVATE and of another endpoint type."},
		{"public policy", `{"domainName":"a.b","policy":"{\"Statement\":[]}"}`, "400 Policies are supported for private domain names only."},
		{"broken policy", `{"domainName":"a.b","policy":"x"}`, "400 Invalid policy document. Please check the policy syntax and ensure that Principals are valid."},
		{"no access mode", `{"domainName":"a.b","securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09"}`, "400 Endpoint access mode must be specified for security policy SecurityPolicy_TLS13_1_3_2025_09"},
		{"edge mutual TLS", `{"domainName":"a.b","mutualTlsAuthentication":{"truststoreUri":"s3://b/k"}}`, "400 Mutual TLS is supported for regional domain names only."},
		{"old mutual TLS", `{"domainName":"a.b","regionalCertificateName":"n","securityPolicy":"TLS_1_0","mutualTlsAuthentication":{"truststoreUri":"s3://b/k"}}`, "400 Mutual TLS needs a security policy of TLS 1.2 or newer."},
		{"broken certificate", `{"domainName":"a.b","certificateBody":"x","certificatePrivateKey":"y"}`, "400 Unable to put certificate into the domain name: the body and the private key do not fit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newScript(t).play([]step{{"CreateDomainName", tt.input, tt.want}})
		})
	}
}

func TestDomainName(t *testing.T) {
	s := newScript(t)
	s.make("", "CreateDomainName", `{"domainName":"a.example.com","regionalCertificateArn":"c"}`)
	s.make("", "CreateDomainName", `{"domainName":"a.example.com","endpointConfiguration":{"types":["PRIVATE"]}}`)
	const (
		public = `{` + regionalA + `,` + domainRest + `,` + regionalEnd + `,"regionalCertificateArn":"c"}`
		hidden = `{"domainName":"a.example.com","domainNameId":"0000000002","domainNameArn":"arn:aws:apigateway:us-east-1:123456789012:/domainnames/a.example.com+0000000002",
			"endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"dualstack"},` + domainRest + `}`
		arn = `"resourceArn":"arn:aws:apigateway:us-east-1::/domainnames/a.example.com"`
	)
	s.play([]step{
		{"CreateDomainName", `{"domainName":"a.example.com","regionalCertificateArn":"d"}`, "409 The domain name you provided already exists."},
		{"GetDomainName", `{"domainName":"A.EXAMPLE.com"}`, public},
		{"GetDomainName", `{"domainName":"a.example.com","domainNameId":"0000000002"}`, hidden},
		{"GetDomainName", `{"domainName":"b.example.com"}`, "404 Invalid domain name identifier specified"},
		{"GetDomainNames", `{}`, `{"items":[` + public + `,` + hidden + `]}`},
		{"GetDomainNames", `{"resourceOwner":"OTHER_ACCOUNTS"}`, `{"items":[]}`},
		{"TagResource", `{` + arn + `,"tags":{"a":"b"}}`, `{}`},
		{"UntagResource", `{` + arn + `,"tagKeys":["a"]}`, `{}`},
		{"TagResource", `{"resourceArn":"arn:aws:apigateway:us-east-1:123456789012:/domainnames/a.example.com+0000000002","tags":{"a":"b"}}`, `{}`},
		{"DeleteDomainName", `{"domainName":"a.example.com","domainNameId":"0000000002"}`, `{}`},
		{"DeleteDomainName", `{"domainName":"a.example.com","domainNameId":"0000000002"}`, "404 Invalid domain name identifier specified"},
		{"GetDomainName", `{"domainName":"a.example.com"}`, public},
	})
}

func TestUpdateDomainName(t *testing.T) {
	const before = `{` + regionalA + `,` + domainRest + `,` + regionalEnd + `,"regionalCertificateArn":"c"}`
	with := func(old, new string) string { return strings.Replace(before, old, new, 1) }
	plus := func(member string) string { return with(`{`, `{`+member+`,`) }
	const edgeToo = `"distributionDomainName":"d0000000000002.cloudfront.net","distributionHostedZoneId":"Z2FDTNDATAQYW2"`
	for _, tt := range []struct{ name, ops, want string }{
		{"certificate", `{"op":"replace","path":"/regionalCertificateArn","value":"d"}`, with(`"c"`, `"d"`)},
		{"names", `{"op":"add","path":"/certificateName","value":"d"},{"op":"add","path":"/certificateArn","value":"e"},{"op":"remove","path":"/certificateArn"},{"op":"add","path":"/regionalCertificateName","value":"f"}`, plus(`"certificateName":"d","regionalCertificateName":"f"`)},
		{"moving", `{"op":"add","path":"/endpointConfiguration/types","value":"EDGE"}`, `{` + regionalA + `,` + edgeToo + `,` + domainRest + `,"endpointConfiguration":{"types":["REGIONAL","EDGE"],"ipAddressType":"ipv4"},"regionalCertificateArn":"c"}`},
		{"back", `{"op":"add","path":"/endpointConfiguration/types","value":"EDGE"},{"op":"remove","path":"/endpointConfiguration/types/1"}`, before},
		{"address", `{"op":"replace","path":"/endpointConfiguration/ipAddressType","value":"dualstack"}`, with(`"ipv4"`, `"dualstack"`)},
		{"policy", `{"op":"replace","path":"/endpointAccessMode","value":"BASIC"},{"op":"replace","path":"/securityPolicy","value":"SecurityPolicy_TLS13_1_3_2025_09"}`, with(`"TLS_1_2"`, `"SecurityPolicy_TLS13_1_3_2025_09","endpointAccessMode":"BASIC"`)},
		{"trust", `{"op":"add","path":"/mutualTlsAuthentication/truststoreUri","value":"s3://b/k"},{"op":"replace","path":"/mutualTlsAuthentication/truststoreVersion","value":"2"}`, plus(`"mutualTlsAuthentication":{"truststoreUri":"s3://b/k","truststoreVersion":"2"}`)},
		{"trust off", `{"op":"add","path":"/mutualTlsAuthentication/truststoreUri","value":"s3://b/k"},{"op":"replace","path":"/mutualTlsAuthentication/truststoreUri","value":""}`, before},
		{"trust removed", `{"op":"add","path":"/mutualTlsAuthentication/truststoreVersion","value":"1"},{"op":"remove","path":"/mutualTlsAuthentication/truststoreVersion"},{"op":"remove","path":"/mutualTlsAuthentication/truststoreUri"}`, before},
		{"ownership", `{"op":"add","path":"/ownershipVerificationCertificateArn","value":"o"}`, plus(`"ownershipVerificationCertificateArn":"o"`)},
		{"routing", `{"op":"replace","path":"/routingMode","value":"ROUTING_RULE_ONLY"}`, with("BASE_PATH_MAPPING_ONLY", "ROUTING_RULE_ONLY")},

		{"no type", `{"op":"remove","path":"/endpointConfiguration/types","value":"REGIONAL"}`, "400 REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."},
		{"private", `{"op":"replace","path":"/endpointConfiguration/types/0","value":"PRIVATE"}`, "400 The endpoint type of a domain name cannot be changed from or to PRIVATE."},
		{"unknown type", `{"op":"add","path":"/endpointConfiguration/types","value":"x"}`, "400 Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"},
		{"public policy", `{"op":"replace","path":"/policy","value":"{\"Statement\":[]}"}`, "400 Policies are supported for private domain names only."},
		{"broken policy", `{"op":"replace","path":"/managementPolicy","value":"x"}`, "400 Invalid policy document. Please check the policy syntax and ensure that Principals are valid."},
		{"unknown routing", `{"op":"replace","path":"/routingMode","value":"x"}`, "400 Invalid RoutingMode specified. Valid options are BASE_PATH_MAPPING_ONLY,ROUTING_RULE_ONLY,ROUTING_RULE_THEN_BASE_PATH_MAPPING"},
		{"unknown access", `{"op":"replace","path":"/endpointAccessMode","value":"x"}`, "400 Invalid EndpointAccessMode specified. Valid options are BASIC,STRICT"},
		{"unknown security", `{"op":"replace","path":"/securityPolicy","value":"x"}`, "400 Invalid SecurityPolicy specified."},
		{"name", `{"op":"replace","path":"/domainName","value":"x"}`, "400 Invalid patch path /domainName"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t)
			s.make("", "CreateDomainName", `{"domainName":"a.example.com","regionalCertificateArn":"c"}`)
			s.play([]step{{"UpdateDomainName", `{"domainName":"a.example.com","patchOperations":[` + tt.ops + `]}`, tt.want}})
			want := tt.want
			if want[0] != '{' {
				want = before
			}
			s.play([]step{{"GetDomainName", `{"domainName":"a.example.com"}`, want}})
		})
	}
	newScript(t).play([]step{{"UpdateDomainName", `{"domainName":"a.b"}`, "404 Invalid domain name identifier specified"}})
}

func TestBasePathMapping(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	s.make("", "CreateDomainName", `{"domainName":"a.b","regionalCertificateName":"c"}`)
	const (
		none = `{"basePath":"(none)","restApiId":"$api"}`
		shop = `{"basePath":"shop","restApiId":"$api","stage":"prod"}`
		gone = "404 Invalid base path mapping identifier specified"
	)
	s.play([]step{
		{"CreateBasePathMapping", `{"domainName":"a.b","restApiId":"$api"}`, none},
		{"CreateBasePathMapping", `{"domainName":"a.b","restApiId":"$api","basePath":"shop","stage":"prod"}`, shop},
		{"CreateBasePathMapping", `{"domainName":"a.b","restApiId":"$api","basePath":"(none)","stage":"(none)"}`, "409 Base path already exists for this domain name"},
		{"CreateBasePathMapping", `{"domainName":"a.b","restApiId":"$api","basePath":"a/b"}`, "400 API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2."},
		{"CreateBasePathMapping", `{"domainName":"a.b","restApiId":"$api","basePath":"a b"}`, "400 Invalid base path specified: a b"},
		{"CreateBasePathMapping", `{"domainName":"a.b","restApiId":"nope","basePath":"x"}`, "400 Invalid REST API identifier specified"},
		{"CreateBasePathMapping", `{"domainName":"a.b","restApiId":"$api","basePath":"x","stage":"nope"}`, "400 Invalid stage identifier specified"},
		{"CreateBasePathMapping", `{"domainName":"nope.b","restApiId":"$api"}`, "404 Invalid domain name identifier specified"},
		{"GetBasePathMapping", `{"domainName":"a.b","basePath":"(none)"}`, none},
		{"GetBasePathMapping", `{"domainName":"a.b","basePath":"shop"}`, shop},
		{"GetBasePathMapping", `{"domainName":"a.b","basePath":"x"}`, gone},
		{"GetBasePathMappings", `{"domainName":"a.b"}`, `{"items":[` + none + `,` + shop + `]}`},
		{"GetBasePathMappings", `{"domainName":"a.b","limit":1}`, `{"items":[` + none + `],"position":"KG5vbmUp"}`},
		{"GetBasePathMappings", `{"domainName":"nope.b"}`, "404 Invalid domain name identifier specified"},
		{"UpdateBasePathMapping", `{"domainName":"a.b","basePath":"shop","patchOperations":[{"op":"replace","path":"/stage","value":"(none)"},{"op":"replace","path":"/restapiId","value":"$api"}]}`, `{"basePath":"shop","restApiId":"$api"}`},
		{"UpdateBasePathMapping", `{"domainName":"a.b","basePath":"shop","patchOperations":[{"op":"replace","path":"/basePath","value":"store"},{"op":"replace","path":"/stage","value":"prod"}]}`, `{"basePath":"store","restApiId":"$api","stage":"prod"}`},
		{"GetBasePathMapping", `{"domainName":"a.b","basePath":"shop"}`, gone},
		{"UpdateBasePathMapping", `{"domainName":"a.b","basePath":"store","patchOperations":[{"op":"replace","path":"/basePath","value":"(none)"}]}`, "409 Base path already exists for this domain name"},
		{"UpdateBasePathMapping", `{"domainName":"a.b","basePath":"store","patchOperations":[{"op":"replace","path":"/restApiId","value":"nope"}]}`, "400 Invalid REST API identifier specified"},
		{"UpdateBasePathMapping", `{"domainName":"a.b","basePath":"store","patchOperations":[{"op":"add","path":"/stage","value":"prod"}]}`, "400 Invalid patch operation specified. Must be one of: [replace]"},
		{"UpdateBasePathMapping", `{"domainName":"a.b","basePath":"shop"}`, gone},
		{"DeleteRestApi", `{"restApiId":"$api"}`, "400 Deleting API failed. Please remove all base path mappings related to the API in your domains"},
		{"DeleteBasePathMapping", `{"domainName":"a.b","basePath":"store"}`, `{}`},
		{"DeleteBasePathMapping", `{"domainName":"a.b","basePath":"store"}`, gone},
		{"DeleteDomainName", `{"domainName":"a.b"}`, `{}`},
		{"DeleteRestApi", `{"restApiId":"$api"}`, `{}`},
	})
	for key, err := range everything(t, s.store) {
		t.Errorf("left behind: %s (%v)", key, err)
	}
}

func TestDomainNameAccessAssociation(t *testing.T) {
	s := newScript(t)
	s.make("", "CreateDomainName", `{"domainName":"a.b","endpointConfiguration":{"types":["PRIVATE"]}}`)
	const (
		domain = `"domainNameArn":"arn:aws:apigateway:us-east-1:123456789012:/domainnames/a.b+0000000001"`
		arn    = `"domainNameAccessAssociationArn":"arn:aws:apigateway:us-east-1:123456789012:/domainnameaccessassociations/domainname/a.b/vpcesource/vpce-1"`
		made   = `{` + arn + `,` + domain + `,"accessAssociationSourceType":"VPCE","accessAssociationSource":"vpce-1"}`
		gone   = "404 Invalid domain name access association identifier specified"
	)
	s.play([]step{
		{"CreateDomainNameAccessAssociation", `{` + domain + `,"accessAssociationSourceType":"VPCE","accessAssociationSource":"vpce-1"}`, made},
		{"CreateDomainNameAccessAssociation", `{` + domain + `,"accessAssociationSourceType":"VPCE","accessAssociationSource":"vpce-1"}`, "409 The domain name access association already exists."},
		{"CreateDomainNameAccessAssociation", `{` + domain + `,"accessAssociationSourceType":"VPCE","accessAssociationSource":""}`, "400 Access association source must be specified"},
		{"CreateDomainNameAccessAssociation", `{"domainNameArn":"arn:aws:apigateway:us-east-1::/domainnames/a.b","accessAssociationSourceType":"VPCE","accessAssociationSource":"v"}`, "400 Access associations are supported for private domain names only."},
		{"CreateDomainNameAccessAssociation", `{"domainNameArn":"arn:aws:apigateway:us-east-1:1:/domainnames/a.b+nope","accessAssociationSourceType":"VPCE","accessAssociationSource":"v"}`, "404 Invalid domain name identifier specified"},
		{"GetDomainNameAccessAssociations", `{}`, `{"items":[` + made + `]}`},
		{"GetDomainNameAccessAssociations", `{"resourceOwner":"OTHER_ACCOUNTS"}`, `{"items":[]}`},
		{"RejectDomainNameAccessAssociation", `{` + arn + `,"domainNameArn":"x"}`, gone},
		{"RejectDomainNameAccessAssociation", `{` + arn + `,` + domain + `}`, `{}`},
		{"DeleteDomainNameAccessAssociation", `{` + arn + `}`, gone},
		{"CreateDomainNameAccessAssociation", `{` + domain + `,"accessAssociationSourceType":"VPCE","accessAssociationSource":"vpce-1","tags":{"a":"b"}}`, `{"tags":{"a":"b"},` + made[1:]},
		{"DeleteDomainNameAccessAssociation", `{` + arn + `}`, `{}`},
		{"CreateDomainNameAccessAssociation", `{` + domain + `,"accessAssociationSourceType":"VPCE","accessAssociationSource":"vpce-1"}`, made},
		{"DeleteDomainName", `{"domainName":"a.b","domainNameId":"0000000001"}`, `{}`},
		{"GetDomainNameAccessAssociations", `{}`, `{"items":[]}`},
	})
}
