package apigateway

import (
	"errors"
	"fmt"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
)

// What AWS says when a thing is not there. parity: spec/control-plane.md 2.4.
const (
	noResource        = "Invalid Resource identifier specified"
	noMethod          = "Invalid Method identifier specified"
	noIntegration     = "Invalid Integration identifier specified"
	noStatus          = "Invalid Response status code specified"
	noStage           = "Invalid stage identifier specified"
	noDeployment      = "Invalid Deployment identifier specified"
	noAuthorizer      = "Invalid Authorizer identifier specified"
	noValidator       = "Invalid Request Validator identifier specified"
	noModel           = "Invalid model name specified: "
	noParameter       = "Invalid parameter name specified"
	noContentType     = "Content-Type specified was not found"
	noCertificate     = "Invalid client certificate identifier specified"
	noAPIKey          = "Invalid API Key identifier specified"
	noPlan            = "Invalid Usage Plan ID specified"
	noPart            = "Invalid Documentation part identifier specified"
	noVersion         = "Invalid Documentation version specified"
	noLink            = "Invalid Vpc Link identifier specified"
	noDomain          = "Invalid domain name identifier specified"
	noMapping         = "Invalid base path mapping identifier specified"
	noGatewayResponse = "Gateway response type not defined on api"
)

// concurrent is what AWS answers when two writers meet, and in a few places
// where one would expect another refusal.
const concurrent = "Unable to complete operation due to concurrent modification. Please try again later."

// bad refuses a value: the caller must change the input.
func bad(text string) error { return fault.BadRequest.New(nil, text) }

// badf is bad with a text that names values.
func badf(format string, args ...any) error { return bad(fmt.Sprintf(format, args...)) }

// longestName is how many bytes a name that a document is found by may have.
// The limit is ours: AWS documents none.
const longestName = 1024

// checkName refuses a name that fits into no key. what says whose it is.
func checkName(what, name string) error {
	if len(name) > longestName {
		return badf("%s can have at most %d characters.", what, longestName)
	}
	return nil
}

// missing refuses a name that stands for nothing.
func missing(text string) error { return fault.NotFound.New(nil, text) }

// conflictf refuses what cannot be together with what is there.
func conflictf(format string, args ...any) error {
	return fault.Conflict.New(nil, fmt.Sprintf(format, args...))
}

// find reads a document. If there is none the caller is told text.
func find[T any](tx store.Tx, key store.Key, text string) (T, error) {
	v, err := store.Get[T](tx, key)
	if errors.Is(err, store.ErrMissing) {
		return v, fault.NotFound.New(err, text)
	}
	return v, err
}

// exists reports whether a document has the key.
func exists(tx store.Tx, key store.Key) (bool, error) {
	_, err := tx.Get(key)
	if errors.Is(err, store.ErrMissing) {
		return false, nil
	}
	return err == nil, err
}

// drop removes a document that may not be there.
func drop(tx store.Tx, key store.Key) error {
	if err := tx.Delete(key); !errors.Is(err, store.ErrMissing) {
		return err
	}
	return nil
}

// restAPI reads one API's own document.
func (s *Service) restAPI(tx store.Tx, id string) (api.RestAPI, error) {
	return find[api.RestAPI](tx, api.RestAPIKey(id), s.noAPI(id))
}

// noAPI is what AWS says when an API is not there.
func (s *Service) noAPI(id string) string {
	return "Invalid API identifier specified " + s.cfg.Account + ":" + id
}
