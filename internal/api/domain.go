package api

import "time"

// DomainName is a custom domain name. Both families of the API show the same
// one, each in its own form.
type DomainName struct {
	Name string `json:"domainName"` // lower case; a first label of "*" stands for any
	// ID tells private domain names of the same name apart; public ones have none.
	ID                    string            `json:"domainNameId,omitempty"`
	Types                 []string          `json:"types"` // EDGE, REGIONAL, PRIVATE; EDGE and REGIONAL together while moving
	IPAddressType         string            `json:"ipAddressType"`
	CertificateARN        *string           `json:"certificateArn,omitempty"` // EDGE, PRIVATE
	CertificateName       *string           `json:"certificateName,omitempty"`
	CertificateUploadDate *time.Time        `json:"certificateUploadDate,omitempty"`
	Uploaded              *Certificate      `json:"uploadedCertificate,omitempty"`
	RegionalCertARN       *string           `json:"regionalCertificateArn,omitempty"` // REGIONAL
	RegionalCertName      *string           `json:"regionalCertificateName,omitempty"`
	RegionalTarget        string            `json:"regionalDomainName,omitempty"`
	DistributionTarget    string            `json:"distributionDomainName,omitempty"`
	SecurityPolicy        string            `json:"securityPolicy"`
	EndpointAccessMode    *string           `json:"endpointAccessMode,omitempty"` // BASIC, STRICT
	MutualTLS             *MutualTLS        `json:"mutualTlsAuthentication,omitempty"`
	OwnershipCertARN      *string           `json:"ownershipVerificationCertificateArn,omitempty"`
	Policy                *string           `json:"policy,omitempty"`           // JSON text, PRIVATE: who may call
	ManagementPolicy      *string           `json:"managementPolicy,omitempty"` // JSON text, PRIVATE: who may join
	RoutingMode           string            `json:"routingMode"`                // as the REST family spells it
	Tags                  map[string]string `json:"tags,omitempty"`
}

// Certificate is one that came with its key.
type Certificate struct {
	Body       string `json:"body"` // PEM
	PrivateKey string `json:"privateKey"`
	Chain      string `json:"chain,omitempty"`
}

// MutualTLS says which client certificates a domain name trusts.
type MutualTLS struct {
	TruststoreURI      string   `json:"truststoreUri"`
	TruststoreVersion  *string  `json:"truststoreVersion,omitempty"`
	TruststoreWarnings []string `json:"truststoreWarnings,omitempty"`
}

// DomainMapping leads a path of a domain name to a stage.
type DomainMapping struct {
	ID   string `json:"apiMappingId"` // what the newer family calls it by
	Path string `json:"path"`         // without slashes around it; empty: all that no other mapping has
	API  string `json:"apiId"`
	// Stage is empty where callers name the stage themselves.
	Stage string `json:"stage,omitempty"`
}

// DomainNames is the prefix of all custom domain names, in the order of their
// names.
const DomainNames string = "domainname/"

// DomainNameKey is one custom domain name; id is empty for public ones.
func DomainNameKey(name, id string) string { return DomainNames + seg(domain(name, id)) }

// DomainMappings is the prefix of all mappings of all domain names.
const DomainMappings string = "domainmapping/"

// MappingsOfDomain is the prefix of one domain name's mappings.
func MappingsOfDomain(name, id string) string { return DomainMappings + seg(domain(name, id)) + "/" }

// DomainMappingKey is one mapping, by its path.
func DomainMappingKey(name, id, path string) string {
	if path == "" {
		path = "(none)"
	}
	return MappingsOfDomain(name, id) + seg(path)
}

func domain(name, id string) string {
	if id == "" {
		return name
	}
	return name + "+" + id
}

// DomainAccess lets callers of a VPC endpoint reach a private domain name.
type DomainAccess struct {
	ARN        string            `json:"domainNameAccessAssociationArn"`
	DomainARN  string            `json:"domainNameArn"`
	SourceType string            `json:"accessAssociationSourceType"` // VPCE
	Source     string            `json:"accessAssociationSource"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// DomainAccesses is the prefix of all access associations.
const DomainAccesses string = "domainaccess/"

// DomainAccessKey is one access association, by its ARN.
func DomainAccessKey(arn string) string { return DomainAccesses + seg(arn) }
