package apigateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/trial"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// TestInvokeMethod tries a method as it stands, deployed or not. What fails
// while it runs is in the answer, not an error of the call.
// parity: spec/rest-data-plane.md 11.1
func (s *Service) TestInvokeMethod(
	ctx context.Context, in *v1.TestInvokeMethodInput,
) (*v1.TestInvokeMethodResponse, error) {
	request := &trial.Request{
		ResourceID: in.ResourceId, Method: in.HttpMethod, Target: in.PathWithQueryString,
		Body: []byte(text(in.Body)), Variables: in.StageVariables,
	}
	var err error
	if request.Fields, err = trialFields(in.Headers, in.MultiValueHeaders); err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(tx store.Tx) error {
		if _, err := method(tx, in.RestApiId, in.ResourceId, in.HttpMethod); fault.NotFound.Is(err) {
			anyKey := api.MethodKey(in.RestApiId, in.ResourceId, "ANY")
			if there, anyErr := exists(tx, anyKey); anyErr != nil || !there {
				return err
			}
		} else if err != nil {
			return err
		}
		if id := text(in.ClientCertificateId); id != "" {
			cert, err := find[api.ClientCertificate](tx, api.ClientCertificateKey(id), noCertificate)
			if err != nil {
				return err
			}
			if request.Origins, err = s.identify(&cert); err != nil {
				return err
			}
		}
		request.API, err = snapshot.FreezeREST(tx, in.RestApiId)
		return err
	})
	if err != nil {
		return nil, err
	}
	result, err := s.cfg.Bench.Play(ctx, request)
	if err != nil {
		return nil, fault.BadRequest.New(err, "Unable to run the method: "+err.Error())
	}
	return wireTrial(result), nil
}

// identify is where a method on trial leads that shows a certificate.
func (s *Service) identify(c *api.ClientCertificate) (step.Origins, error) {
	if s.cfg.Identify == nil {
		return nil, nil //nolint:nilnil // nobody is shown anything
	}
	return s.cfg.Identify(c)
}

// TestInvokeAuthorizer tries an authorizer on a request that nobody sent. Who
// is turned away is in the answer, not an error of the call.
// parity: spec/control-plane.md 4
func (s *Service) TestInvokeAuthorizer(
	ctx context.Context, in *v1.TestInvokeAuthorizerInput,
) (*v1.TestInvokeAuthorizerResponse, error) {
	request := &trial.Request{Method: "GET", Target: in.PathWithQueryString, Body: []byte(text(in.Body)), Variables: in.StageVariables}
	var err error
	if request.Fields, err = trialFields(in.Headers, in.MultiValueHeaders); err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(tx store.Tx) error {
		if _, err := find[api.Authorizer](tx, api.AuthorizerKey(in.RestApiId, in.AuthorizerId), noAuthorizer); err != nil {
			return err
		}
		var err error
		request.API, err = snapshot.FreezeREST(tx, in.RestApiId)
		return err
	})
	if err != nil {
		return nil, err
	}
	v, err := s.cfg.Bench.Authorize(ctx, in.AuthorizerId, request)
	if err != nil {
		return nil, fault.BadRequest.New(err, "Unable to run the authorizer: "+err.Error())
	}
	status, latency := int32(v.Status), v.Latency.Milliseconds()
	return &v1.TestInvokeAuthorizerResponse{
		ClientStatus: &status, Log: &v.Log, Latency: &latency, PrincipalId: given(v.Principal), Policy: given(v.Policy),
		Authorization: v.Context, Claims: v.Claims,
	}, nil
}

// trialFields are the header fields of a trial, by name; lists of values win
// over single ones.
func trialFields(single map[string]string, multi map[string][]string) ([]trial.Field, error) {
	all := maps.Clone(multi)
	if all == nil {
		all = map[string][]string{}
	}
	for name, value := range single {
		if _, ok := all[name]; !ok {
			all[name] = []string{value}
		}
	}
	var out []trial.Field
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, value := range all[name] {
			if !http1.ValidField([]byte(name), []byte(value)) {
				return nil, badf("Invalid header specified: %s", name)
			}
			out = append(out, trial.Field{Name: name, Value: value})
		}
	}
	return out, nil
}

func wireTrial(r *trial.Result) *v1.TestInvokeMethodResponse {
	status, body, latency := int32(r.Status), strings.ToValidUTF8(string(r.Body), "\uFFFD"), r.Latency.Milliseconds()
	out := &v1.TestInvokeMethodResponse{
		Status: &status, Body: &body, Log: &r.Log, Latency: &latency,
		Headers: map[string]string{}, MultiValueHeaders: map[string][]string{},
	}
	for _, f := range r.Fields {
		out.Headers[f.Name] = f.Value // the last one counts
		out.MultiValueHeaders[f.Name] = append(out.MultiValueHeaders[f.Name], f.Value)
	}
	return out
}
