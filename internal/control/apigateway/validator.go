package apigateway

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

const blankValidator = "Request Validator name cannot be blank"

// CreateRequestValidator adds a validator to an API. An API that is not there
// is a bad request here, not a missing thing.
// parity: spec/control-plane.md 2.4.
func (s *Service) CreateRequestValidator(
	ctx context.Context, in *v1.CreateRequestValidatorInput,
) (*v1.RequestValidator, error) {
	if in.Name != nil && *in.Name == "" {
		return nil, bad(blankValidator)
	}
	return update(ctx, s, func(tx store.Tx) (*v1.RequestValidator, error) {
		if there, err := exists(tx, api.RestAPIKey(in.RestApiId)); err != nil || !there {
			return nil, orBad(err, "Invalid REST API identifier specified")
		}
		v := api.RequestValidator{
			Name: text(in.Name), ValidateBody: isTrue(in.ValidateRequestBody),
			ValidateParameters: isTrue(in.ValidateRequestParameters),
		}
		var err error
		key := func(id string) store.Key { return api.ValidatorKey(in.RestApiId, id) }
		if v.ID, err = s.freshID(tx, idLength, key); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key(v.ID), v); err != nil {
			return nil, err
		}
		return wireValidator(v), nil
	})
}

// GetRequestValidator reads a validator.
func (s *Service) GetRequestValidator(
	ctx context.Context, in *v1.GetRequestValidatorInput,
) (*v1.RequestValidator, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.RequestValidator, error) {
		v, err := find[api.RequestValidator](tx, api.ValidatorKey(in.RestApiId, in.RequestValidatorId), noValidator)
		if err != nil {
			return nil, err
		}
		return wireValidator(v), nil
	})
}

// GetRequestValidators lists an API's validators, in the order of their ids.
func (s *Service) GetRequestValidators(
	ctx context.Context, in *v1.GetRequestValidatorsInput,
) (*v1.RequestValidators, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.RequestValidators, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		all, next, err := page[api.RequestValidator](tx, api.Validators(in.RestApiId), in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.RequestValidators{Position: next, Items: each(all, func(v api.RequestValidator) v1.RequestValidator {
			return *wireValidator(v)
		})}, nil
	})
}

// UpdateRequestValidator patches a validator. A flag without a value is false.
func (s *Service) UpdateRequestValidator(
	ctx context.Context, in *v1.UpdateRequestValidatorInput,
) (*v1.RequestValidator, error) {
	patches := table[api.RequestValidator]{manners: namesPaths, rows: []row[api.RequestValidator]{
		{path: "/name", replace: func(v *api.RequestValidator, p patch) error {
			if p.text() == "" {
				return bad(blankValidator)
			}
			v.Name = p.text()
			return nil
		}},
		{path: "/validateRequestParameters", replace: setFlag(func(v *api.RequestValidator) *bool { return &v.ValidateParameters })},
		{path: "/validateRequestBody", replace: setFlag(func(v *api.RequestValidator) *bool { return &v.ValidateBody })},
	}}
	return update(ctx, s, func(tx store.Tx) (*v1.RequestValidator, error) {
		key := api.ValidatorKey(in.RestApiId, in.RequestValidatorId)
		v, err := find[api.RequestValidator](tx, key, noValidator)
		if err != nil {
			return nil, err
		}
		if err := patches.apply(&v, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, v); err != nil {
			return nil, err
		}
		return wireValidator(v), nil
	})
}

// DeleteRequestValidator removes a validator that no method names.
func (s *Service) DeleteRequestValidator(
	ctx context.Context, in *v1.DeleteRequestValidatorInput,
) (*v1.DeleteRequestValidatorOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteRequestValidatorOutput, error) {
		key := api.ValidatorKey(in.RestApiId, in.RequestValidatorId)
		v, err := find[api.RequestValidator](tx, key, noValidator)
		if err != nil {
			return nil, err
		}
		where, err := user(tx, in.RestApiId, func(m api.Method) bool { return text(m.RequestValidatorID) == v.ID })
		if err != nil {
			return nil, err
		}
		if where != nil {
			return nil, conflictf("Cannot delete request validator '%s', is referenced in method: %s/%s",
				v.Name, where.path, where.HTTPMethod)
		}
		return &v1.DeleteRequestValidatorOutput{}, tx.Delete(key)
	})
}

func wireValidator(v api.RequestValidator) *v1.RequestValidator {
	return &v1.RequestValidator{
		Id: &v.ID, Name: given(v.Name),
		ValidateRequestBody: &v.ValidateBody, ValidateRequestParameters: &v.ValidateParameters,
	}
}
