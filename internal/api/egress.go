package api

import "time"

// ClientCertificate is what the gateway shows to backends that ask who calls.
type ClientCertificate struct {
	ID             string            `json:"clientCertificateId"`
	Description    *string           `json:"description,omitempty"`
	CertificatePEM string            `json:"pemEncodedCertificate"`
	PrivateKeyPEM  string            `json:"privateKey"` // PKCS #8; never shown to anybody
	CreatedDate    time.Time         `json:"createdDate"`
	ExpirationDate time.Time         `json:"expirationDate"`
	Tags           map[string]string `json:"tags,omitempty"`
}

// VPCLink is a way to backends that are not on the open network, of the kind
// that REST APIs had first: it leads to a network load balancer.
type VPCLink struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description *string           `json:"description,omitempty"`
	TargetARNs  []string          `json:"targetArns"` // one
	Tags        map[string]string `json:"tags,omitempty"`
}

// ClientCertificates is the prefix of all client certificates.
const ClientCertificates string = "clientcertificate/"

// ClientCertificateKey is one client certificate.
func ClientCertificateKey(id string) string { return ClientCertificates + seg(id) }

// VPCLinks is the prefix of all VPC links of the first kind.
const VPCLinks string = "vpclink/"

// VPCLinkKey is one VPC link.
func VPCLinkKey(id string) string { return VPCLinks + seg(id) }
