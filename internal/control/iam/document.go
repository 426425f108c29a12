package iam

import (
	"errors"
	"strings"

	engine "github.com/stagedoor/stagedoor/internal/engine/iam"
)

// A policy document is compiled when it is stored, by what evaluates it later:
// there is no second grammar.

// checkManaged holds the document of a managed policy to the grammar and its
// size.
func checkManaged(document string) error {
	if engine.Size(document) > engine.MaxManaged {
		return tooMany("Cannot exceed quota for PolicySize: %d", engine.MaxManaged)
	}
	return checkIdentity(document)
}

// checkIdentity holds a document that says what its holder may do to the
// grammar.
func checkIdentity(document string) error {
	p, err := engine.Parse([]byte(document), engine.Identity)
	if err != nil {
		return reason(err)
	}
	// parity: the API answers so; SAM's policy templates have no version, and
	// deploy on AWS
	if p.Version() == "2008-10-17" {
		return malformed("Policy document must be version 2012-10-17 or greater.")
	}
	return nil
}

// checkTrust holds a document that says who may assume a role to the grammar.
func checkTrust(document string) error {
	if engine.Size(document) > engine.MaxTrust {
		return tooMany("Cannot exceed quota for ACLSizePerRole: %d", engine.MaxTrust)
	}
	_, err := engine.Parse([]byte(document), engine.Trust)
	return reason(err)
}

// reason is a document's fault as IAM answers it.
func reason(err error) error {
	if m, ok := errors.AsType[*engine.Malformed](err); ok {
		return malformed(strings.TrimSpace(m.Reason))
	}
	return err
}
