// Package apigateway is the control plane of REST APIs: Amazon API Gateway's
// first API (2015-07-09).
//
// A file holds a resource, a method an operation, and each call is one
// transaction: an error leaves nothing behind. Inputs come with their
// constraint traits (enums, patterns, lengths) already checked; what a call
// means is decided here, in AWS's words and in AWS's order: the values first,
// then that the resource exists, then conflicts.
package apigateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/trial"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Config is what the service is told. The zero value works.
type Config struct {
	// Partition, Account and Region are what ARNs and some messages are made
	// of. Default "aws", "000000000000", "us-east-1".
	Partition, Account, Region string

	// Now is the clock. Default time.Now. Dates are kept in whole seconds.
	Now func() time.Time

	// NewID makes an id of n characters from [a-z0-9]. Default: at random.
	// It is called again when an id is taken.
	NewID func(n int) string

	// RateLimit and BurstLimit are the account's throttle, in requests a second
	// and in requests. Default 10000 and 5000.
	RateLimit  float64
	BurstLimit int32

	// Identify makes the origins that a method on trial shows a client
	// certificate to. Default: it shows none.
	Identify func(c *api.ClientCertificate) (step.Origins, error)

	// Limits say how long a time-out integrations may ask for, where they allow
	// more than the account's quota. Default: AWS's.
	Limits api.LimitRules

	// FlushUsage writes what keys have used, so that a call sees all of it.
	// Default: nobody counts.
	FlushUsage func(ctx context.Context) error

	// FlushAuthorizers forgets what the authorizers of a stage have found out.
	// Default: nothing is remembered.
	FlushAuthorizers func(apiID, stage string)

	// Quotas are those that differ from AWS's, by name; see Quotas.
	Quotas map[string]int

	// RequireLogRole refuses to switch logging on for a stage before the
	// account has a role for it, as AWS does. Default false: nothing here needs
	// the role.
	RequireLogRole bool

	// Welcome is called when the account gets a role for logging. May be nil.
	Welcome func()

	// Firehose says that access logs can be sent to Firehose.
	Firehose bool

	// InvokeURL is where a stage answers, without a '/' at the end: generated
	// clients call it. Default: where it would on AWS.
	InvokeURL func(apiID, stage string) string

	// Bench is where TestInvokeMethod and TestInvokeAuthorizer try things.
	// Default: none, and there are no such operations.
	Bench Bench
}

// Bench plays a method or an authorizer of an API that need not be deployed.
type Bench interface {
	// Play tries a method. An error is a method that cannot be made to run.
	Play(ctx context.Context, r *trial.Request) (*trial.Result, error)
	// Authorize tries an authorizer, under the same rule.
	Authorize(ctx context.Context, id string, r *trial.Request) (*trial.Verdict, error)
}

// Service answers the operations. It holds no state but the store.
type Service struct {
	store  store.Store
	cfg    Config
	limits map[string]Quota
}

// New makes a service over the documents in st.
func New(st store.Store, cfg Config) *Service {
	orDefault(&cfg.Partition, "aws")
	orDefault(&cfg.Account, "000000000000")
	orDefault(&cfg.Region, "us-east-1")
	orDefault(&cfg.RateLimit, 10000)
	orDefault(&cfg.BurstLimit, 5000)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.FlushUsage == nil {
		cfg.FlushUsage = func(context.Context) error { return nil }
	}
	if cfg.InvokeURL == nil {
		cfg.InvokeURL = func(apiID, stage string) string {
			return "https://" + apiID + ".execute-api." + cfg.Region + ".amazonaws.com/" + stage
		}
	}
	if cfg.NewID == nil {
		cfg.NewID = randomID
	}
	return &Service{store: st, cfg: cfg, limits: limits(cfg.Quotas)}
}

func orDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Handlers is the table of the operations that are built, by name.
func (s *Service) Handlers() map[string]wire.Handler {
	all := map[string]wire.Handler{}
	for _, some := range []map[string]wire.Handler{
		s.apiHandlers(), s.methodHandlers(), s.deploymentHandlers(), s.partHandlers(), s.openAPIHandlers(),
		s.keyHandlers(), s.planHandlers(), s.documentationHandlers(), s.egressHandlers(),
		s.domainHandlers(), s.accessHandlers(),
	} {
		maps.Copy(all, some)
	}
	if s.cfg.Bench != nil {
		all["TestInvokeMethod"] = wire.Op(s.TestInvokeMethod)
		all["TestInvokeAuthorizer"] = wire.Op(s.TestInvokeAuthorizer)
	}
	return all
}

func (s *Service) apiHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateRestApi": wire.Op(s.CreateRestApi),
		"GetRestApi":    wire.Op(s.GetRestApi),
		"GetRestApis":   wire.Op(s.GetRestApis),
		"UpdateRestApi": wire.Op(s.UpdateRestApi),
		"DeleteRestApi": wire.Op(s.DeleteRestApi),

		"CreateResource": wire.Op(s.CreateResource),
		"GetResource":    wire.Op(s.GetResource),
		"GetResources":   wire.Op(s.GetResources),
		"UpdateResource": wire.Op(s.UpdateResource),
		"DeleteResource": wire.Op(s.DeleteResource),

		"TagResource":   wire.Op(s.TagResource),
		"UntagResource": wire.Op(s.UntagResource),
		"GetTags":       wire.Op(s.GetTags),

		"GetAccount":    wire.Op(s.GetAccount),
		"UpdateAccount": wire.Op(s.UpdateAccount),
	}
}

func (s *Service) methodHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"PutMethod":    wire.Op(s.PutMethod),
		"GetMethod":    wire.Op(s.GetMethod),
		"UpdateMethod": wire.Op(s.UpdateMethod),
		"DeleteMethod": wire.Op(s.DeleteMethod),

		"PutMethodResponse":    wire.Op(s.PutMethodResponse),
		"GetMethodResponse":    wire.Op(s.GetMethodResponse),
		"UpdateMethodResponse": wire.Op(s.UpdateMethodResponse),
		"DeleteMethodResponse": wire.Op(s.DeleteMethodResponse),

		"PutIntegration":    wire.Op(s.PutIntegration),
		"GetIntegration":    wire.Op(s.GetIntegration),
		"UpdateIntegration": wire.Op(s.UpdateIntegration),
		"DeleteIntegration": wire.Op(s.DeleteIntegration),

		"PutIntegrationResponse":    wire.Op(s.PutIntegrationResponse),
		"GetIntegrationResponse":    wire.Op(s.GetIntegrationResponse),
		"UpdateIntegrationResponse": wire.Op(s.UpdateIntegrationResponse),
		"DeleteIntegrationResponse": wire.Op(s.DeleteIntegrationResponse),
	}
}

func (s *Service) deploymentHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateDeployment": wire.Op(s.CreateDeployment),
		"GetDeployment":    wire.Op(s.GetDeployment),
		"GetDeployments":   wire.Op(s.GetDeployments),
		"UpdateDeployment": wire.Op(s.UpdateDeployment),
		"DeleteDeployment": wire.Op(s.DeleteDeployment),

		"CreateStage": wire.Op(s.CreateStage),
		"GetStage":    wire.Op(s.GetStage),
		"GetStages":   wire.Op(s.GetStages),
		"UpdateStage": wire.Op(s.UpdateStage),
		"DeleteStage": wire.Op(s.DeleteStage),

		"FlushStageAuthorizersCache": wire.Op(s.FlushStageAuthorizersCache),
		"FlushStageCache":            wire.Op(s.FlushStageCache),
	}
}

func (s *Service) partHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateModel": wire.Op(s.CreateModel),
		"GetModel":    wire.Op(s.GetModel),
		"GetModels":   wire.Op(s.GetModels),
		"UpdateModel": wire.Op(s.UpdateModel),
		"DeleteModel": wire.Op(s.DeleteModel),

		"GetModelTemplate": wire.Op(s.GetModelTemplate),

		"CreateRequestValidator": wire.Op(s.CreateRequestValidator),
		"GetRequestValidator":    wire.Op(s.GetRequestValidator),
		"GetRequestValidators":   wire.Op(s.GetRequestValidators),
		"UpdateRequestValidator": wire.Op(s.UpdateRequestValidator),
		"DeleteRequestValidator": wire.Op(s.DeleteRequestValidator),

		"CreateAuthorizer": wire.Op(s.CreateAuthorizer),
		"GetAuthorizer":    wire.Op(s.GetAuthorizer),
		"GetAuthorizers":   wire.Op(s.GetAuthorizers),
		"UpdateAuthorizer": wire.Op(s.UpdateAuthorizer),
		"DeleteAuthorizer": wire.Op(s.DeleteAuthorizer),

		"PutGatewayResponse":    wire.Op(s.PutGatewayResponse),
		"GetGatewayResponse":    wire.Op(s.GetGatewayResponse),
		"GetGatewayResponses":   wire.Op(s.GetGatewayResponses),
		"UpdateGatewayResponse": wire.Op(s.UpdateGatewayResponse),
		"DeleteGatewayResponse": wire.Op(s.DeleteGatewayResponse),
	}
}

// view answers from one unchanging state.
func view[T any](ctx context.Context, s *Service, fn func(store.Tx) (*T, error)) (*T, error) {
	return within(ctx, s.store.View, fn)
}

// update answers from one transaction, or leaves nothing.
func update[T any](ctx context.Context, s *Service, fn func(store.Tx) (*T, error)) (*T, error) {
	return within(ctx, s.store.Update, fn)
}

func within[T any](
	ctx context.Context, run func(context.Context, func(store.Tx) error) error, fn func(store.Tx) (*T, error),
) (*T, error) {
	var out *T
	err := run(ctx, func(tx store.Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// now is the time as AWS keeps it: whole seconds, UTC.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Second) }

// freshID makes an id of n characters that no document has under key.
func (s *Service) freshID(tx store.Tx, n int, key func(id string) store.Key) (string, error) {
	for range 100 {
		id := s.cfg.NewID(n)
		if _, err := tx.Get(key(id)); errors.Is(err, store.ErrMissing) {
			return id, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("make an id of %d characters: all that were tried are taken", n)
}

// randomID draws n characters. parity: spec/control-plane.md 2.3.
func randomID(n int) string { return randomText(n, "abcdefghijklmnopqrstuvwxyz0123456789") }

// randomText draws n characters from alphabet, which has at most 256, each as
// likely as the other.
func randomText(n int, alphabet string) string {
	fair := byte(256 - 256%len(alphabet) - 1)
	out := make([]byte, 0, n)
	draw := make([]byte, 2*n)
	for len(out) < n {
		_, _ = rand.Read(draw) // never fails
		for _, b := range draw {
			if b <= fair && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}
