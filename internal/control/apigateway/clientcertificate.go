package apigateway

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// What client certificates are made of. parity: spec/control-plane.md 6.1.
const (
	certificateBits = 2048
	certificateDays = 365
)

func (s *Service) egressHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"GenerateClientCertificate": wire.Op(s.GenerateClientCertificate),
		"GetClientCertificate":      wire.Op(s.GetClientCertificate),
		"GetClientCertificates":     wire.Op(s.GetClientCertificates),
		"UpdateClientCertificate":   wire.Op(s.UpdateClientCertificate),
		"DeleteClientCertificate":   wire.Op(s.DeleteClientCertificate),

		"CreateVpcLink": wire.Op(s.CreateVpcLink),
		"GetVpcLink":    wire.Op(s.GetVpcLink),
		"GetVpcLinks":   wire.Op(s.GetVpcLinks),
		"UpdateVpcLink": wire.Op(s.UpdateVpcLink),
		"DeleteVpcLink": wire.Op(s.DeleteVpcLink),

		"GetSdk":      wire.Op(s.GetSdk),
		"GetSdkType":  wire.Op(s.GetSdkType),
		"GetSdkTypes": wire.Op(s.GetSdkTypes),
	}
}

// GenerateClientCertificate makes a key and a certificate that the gateway
// shows to backends. The key never leaves the store.
func (s *Service) GenerateClientCertificate(
	ctx context.Context, in *v1.GenerateClientCertificateInput,
) (*v1.ClientCertificate, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	now := s.now()
	c := api.ClientCertificate{
		Description: in.Description, CreatedDate: now, ExpirationDate: now.AddDate(0, 0, certificateDays), Tags: in.Tags,
	}
	if err := sign(&c); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.ClientCertificate, error) {
		err := s.room(tx, QuotaCertificates, api.ClientCertificates)
		if err != nil {
			return nil, err
		}
		if c.ID, err = s.freshID(tx, idLength, api.ClientCertificateKey); err != nil {
			return nil, err
		}
		if err := store.Put(tx, api.ClientCertificateKey(c.ID), c); err != nil {
			return nil, err
		}
		return wireCertificate(c), nil
	})
}

// sign makes the key of a certificate, and the certificate.
func sign(c *api.ClientCertificate) error {
	key, err := rsa.GenerateKey(rand.Reader, certificateBits)
	if err != nil {
		return fmt.Errorf("make the key of a client certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return fmt.Errorf("draw a serial number: %w", err)
	}
	plan := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: "ApiGateway", Organization: []string{"stagedoor"}, OrganizationalUnit: []string{"API Gateway"}},
		NotBefore:    c.CreatedDate, NotAfter: c.ExpirationDate,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("sign a client certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write the key of a client certificate: %w", err)
	}
	c.CertificatePEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	c.PrivateKeyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return nil
}

// checkCertificate refuses a client certificate that is not there.
func checkCertificate(tx store.Tx, id *string) error {
	if text(id) == "" {
		return nil
	}
	_, err := find[api.ClientCertificate](tx, api.ClientCertificateKey(*id), noCertificate)
	return err
}

// GetClientCertificate reads a certificate.
func (s *Service) GetClientCertificate(
	ctx context.Context, in *v1.GetClientCertificateInput,
) (*v1.ClientCertificate, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.ClientCertificate, error) {
		c, err := find[api.ClientCertificate](tx, api.ClientCertificateKey(in.ClientCertificateId), noCertificate)
		if err != nil {
			return nil, err
		}
		return wireCertificate(c), nil
	})
}

// GetClientCertificates lists certificates, in the order of their ids.
func (s *Service) GetClientCertificates(
	ctx context.Context, in *v1.GetClientCertificatesInput,
) (*v1.ClientCertificates, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.ClientCertificates, error) {
		all, next, err := page[api.ClientCertificate](tx, api.ClientCertificates, in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.ClientCertificates{Position: next, Items: each(all, func(c api.ClientCertificate) v1.ClientCertificate {
			return *wireCertificate(c)
		})}, nil
	})
}

// UpdateClientCertificate patches a certificate's description.
func (s *Service) UpdateClientCertificate(
	ctx context.Context, in *v1.UpdateClientCertificateInput,
) (*v1.ClientCertificate, error) {
	patches := table[api.ClientCertificate]{manners: namesPaths, rows: []row[api.ClientCertificate]{
		{path: "/description", replace: setText(func(c *api.ClientCertificate) **string { return &c.Description })},
	}}
	return update(ctx, s, func(tx store.Tx) (*v1.ClientCertificate, error) {
		key := api.ClientCertificateKey(in.ClientCertificateId)
		c, err := find[api.ClientCertificate](tx, key, noCertificate)
		if err != nil {
			return nil, err
		}
		if err := patches.apply(&c, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, c); err != nil {
			return nil, err
		}
		return wireCertificate(c), nil
	})
}

// DeleteClientCertificate removes a certificate that no stage shows.
func (s *Service) DeleteClientCertificate(
	ctx context.Context, in *v1.DeleteClientCertificateInput,
) (*v1.DeleteClientCertificateOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteClientCertificateOutput, error) {
		key := api.ClientCertificateKey(in.ClientCertificateId)
		if _, err := find[api.ClientCertificate](tx, key, noCertificate); err != nil {
			return nil, err
		}
		for a, err := range store.Scan[api.RestAPI](tx, api.RestAPIs, "") {
			if err != nil {
				return nil, err
			}
			for stage, err := range store.Scan[api.Stage](tx, api.Stages(a.ID), "") {
				if err != nil {
					return nil, err
				}
				if text(stage.ClientCertificateID) == in.ClientCertificateId {
					return nil, conflictf("Cannot delete client certificate '%s', is referenced in stage: %s/%s",
						in.ClientCertificateId, a.ID, stage.Name)
				}
			}
		}
		return &v1.DeleteClientCertificateOutput{}, tx.Delete(key)
	})
}

func wireCertificate(c api.ClientCertificate) *v1.ClientCertificate {
	out := &v1.ClientCertificate{
		ClientCertificateId: &c.ID, Description: c.Description, PemEncodedCertificate: &c.CertificatePEM,
		CreatedDate: &c.CreatedDate, ExpirationDate: &c.ExpirationDate,
	}
	if len(c.Tags) > 0 {
		out.Tags = c.Tags
	}
	return out
}
