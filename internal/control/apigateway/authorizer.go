package apigateway

import (
	"context"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// Kinds of authorizer.
const (
	authorizeToken   = "TOKEN"
	authorizeRequest = "REQUEST"
	authorizePools   = "COGNITO_USER_POOLS"
)

// CreateAuthorizer adds an authorizer to an API. For an API that is not there
// AWS speaks of two writers. parity: spec/control-plane.md 6.1, recorded.
func (s *Service) CreateAuthorizer(ctx context.Context, in *v1.CreateAuthorizerInput) (*v1.Authorizer, error) {
	a := api.Authorizer{
		Name: in.Name, Type: in.Type, AuthType: in.AuthType, URI: in.AuthorizerUri, Credentials: in.AuthorizerCredentials,
		ProviderARNs: in.ProviderARNs, IdentitySource: in.IdentitySource,
		IdentityValidationExpression: in.IdentityValidationExpression, ResultTTLSeconds: in.AuthorizerResultTtlInSeconds,
	}
	if a.AuthType == nil {
		label := "custom"
		if a.Type == authorizePools {
			label = "cognito_user_pools"
		}
		a.AuthType = &label
	}
	if err := checkAuthorizer(&a); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.Authorizer, error) {
		if there, err := exists(tx, api.RestAPIKey(in.RestApiId)); err != nil || !there {
			return nil, takenOr(err, concurrent)
		}
		if err := checkAuthorizerName(tx, in.RestApiId, &a); err != nil {
			return nil, err
		}
		err := s.room(tx, QuotaAuthorizers, api.Authorizers(in.RestApiId))
		if err != nil {
			return nil, err
		}
		key := func(id string) store.Key { return api.AuthorizerKey(in.RestApiId, id) }
		if a.ID, err = s.freshID(tx, idLength, key); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key(a.ID), a); err != nil {
			return nil, err
		}
		return wireAuthorizer(a), nil
	})
}

const longestTTL = 3600 // seconds

// checkAuthorizer refuses an authorizer that could not authorize anybody.
// parity: spec/security.md 4.1, 5.1.
func checkAuthorizer(a *api.Authorizer) error {
	if a.Name == "" {
		return bad("Authorizer name cannot be empty")
	}
	if ttl := a.ResultTTLSeconds; ttl != nil && (*ttl < 0 || *ttl > longestTTL) {
		return badf("Authorizer result TTL must be between 0 and %d seconds", longestTTL)
	}
	if a.Type == authorizePools {
		if len(a.ProviderARNs) == 0 {
			return bad("Provider ARNs must be specified for authorizers of type COGNITO_USER_POOLS")
		}
		for _, arn := range a.ProviderARNs {
			if part := strings.SplitN(arn, ":", 6); len(part) < 6 || part[0] != "arn" || part[2] != "cognito-idp" {
				return bad("Invalid ARN specified in the request")
			}
		}
	} else if !isFunctionURI(text(a.URI)) {
		return badf("Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN "+
			"that represents a Lambda function invocation.", orNull(a.URI))
	}
	cached := a.ResultTTLSeconds == nil || *a.ResultTTLSeconds > 0
	if text(a.IdentitySource) == "" && (a.Type != authorizeRequest || cached) {
		return badf("Identity source must be specified for authorizers of type %s", a.Type)
	}
	return checkIdentitySource(a)
}

// checkIdentitySource refuses an identity that the type cannot read.
func checkIdentitySource(a *api.Authorizer) error {
	if text(a.IdentitySource) == "" {
		return nil
	}
	for source := range strings.SplitSeq(*a.IdentitySource, ",") {
		source = strings.TrimSpace(source)
		header := strings.HasPrefix(source, "method.request.header.")
		other := strings.HasPrefix(source, "method.request.querystring.") ||
			strings.HasPrefix(source, "method.request.multivalue") ||
			strings.HasPrefix(source, "stageVariables.") || strings.HasPrefix(source, "context.")
		if !header && (!other || a.Type != authorizeRequest) {
			return badMapping(source)
		}
	}
	return nil
}

// isFunctionURI reports whether uri invokes a function through API Gateway.
func isFunctionURI(uri string) bool {
	part := strings.SplitN(uri, ":", 6)
	return len(part) == 6 && part[0] == "arn" && part[2] == "apigateway" && part[4] == "lambda" &&
		strings.HasPrefix(part[5], "path/2015-03-31/functions/") && strings.HasSuffix(part[5], "/invocations")
}

// checkAuthorizerName refuses a second authorizer of the same name.
func checkAuthorizerName(tx store.Tx, apiID string, a *api.Authorizer) error {
	for other, err := range store.Scan[api.Authorizer](tx, api.Authorizers(apiID), "") {
		if err != nil {
			return err
		}
		if other.Name == a.Name && other.ID != a.ID {
			return badf("Authorizer name must be unique. Authorizer %s already exists in this RestApi.", a.Name)
		}
	}
	return nil
}

// GetAuthorizer reads an authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *v1.GetAuthorizerInput) (*v1.Authorizer, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Authorizer, error) {
		a, err := find[api.Authorizer](tx, api.AuthorizerKey(in.RestApiId, in.AuthorizerId), noAuthorizer)
		if err != nil {
			return nil, err
		}
		return wireAuthorizer(a), nil
	})
}

// GetAuthorizers lists an API's authorizers, in the order of their ids.
func (s *Service) GetAuthorizers(ctx context.Context, in *v1.GetAuthorizersInput) (*v1.Authorizers, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Authorizers, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		all, next, err := page[api.Authorizer](tx, api.Authorizers(in.RestApiId), in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.Authorizers{Position: next, Items: each(all, func(a api.Authorizer) v1.Authorizer {
			return *wireAuthorizer(a)
		})}, nil
	})
}

// UpdateAuthorizer patches an authorizer.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *v1.UpdateAuthorizerInput) (*v1.Authorizer, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.Authorizer, error) {
		key := api.AuthorizerKey(in.RestApiId, in.AuthorizerId)
		a, err := find[api.Authorizer](tx, key, noAuthorizer)
		if err != nil {
			return nil, err
		}
		if err := authorizerPatches().apply(&a, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkAuthorizer(&a); err != nil {
			return nil, err
		}
		if err := checkAuthorizerName(tx, in.RestApiId, &a); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, a); err != nil {
			return nil, err
		}
		return wireAuthorizer(a), nil
	})
}

// authorizerPatches is what a PATCH may do to an authorizer.
// parity: spec/control-plane.md 3.8.
func authorizerPatches() table[api.Authorizer] {
	source := func(a *api.Authorizer) **string { return &a.IdentitySource }
	arns := func(a *api.Authorizer) *[]string { return &a.ProviderARNs }
	return table[api.Authorizer]{manners: namesPaths, rows: []row[api.Authorizer]{
		{path: "/authorizerUri", replace: setText(func(a *api.Authorizer) **string { return &a.URI })},
		{path: "/authorizerCredentials", replace: setText(func(a *api.Authorizer) **string { return &a.Credentials })},
		{path: "/authorizerResultTtlInSeconds", replace: func(a *api.Authorizer, p patch) error {
			ttl, err := p.number()
			a.ResultTTLSeconds = &ttl
			return err
		}},
		{path: "/authType", replace: setText(func(a *api.Authorizer) **string { return &a.AuthType })},
		{path: "/identitySource", add: setText(source), replace: setText(source), remove: dropText(source)},
		{path: "/identityValidationExpression", replace: setText(
			func(a *api.Authorizer) **string { return &a.IdentityValidationExpression })},
		{path: "/name", replace: func(a *api.Authorizer, p patch) error {
			a.Name = p.text()
			return nil
		}},
		{path: "/type", replace: setChoice(func(a *api.Authorizer) *string { return &a.Type },
			"AuthorizerType", authorizeToken, authorizeRequest, authorizePools)},
		{path: "/providerARNs", add: addItem(arns, inValue), remove: dropItem(arns, inValue)},
	}}
}

// DeleteAuthorizer removes an authorizer that no method names.
func (s *Service) DeleteAuthorizer(
	ctx context.Context, in *v1.DeleteAuthorizerInput,
) (*v1.DeleteAuthorizerOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteAuthorizerOutput, error) {
		key := api.AuthorizerKey(in.RestApiId, in.AuthorizerId)
		a, err := find[api.Authorizer](tx, key, noAuthorizer)
		if err != nil {
			return nil, err
		}
		where, err := user(tx, in.RestApiId, func(m api.Method) bool { return text(m.AuthorizerID) == a.ID })
		if err != nil {
			return nil, err
		}
		if where != nil {
			return nil, fault.Conflict.New(nil,
				"Cannot delete authorizer, is referenced in method: "+where.HTTPMethod+where.path)
		}
		return &v1.DeleteAuthorizerOutput{}, tx.Delete(key)
	})
}

func wireAuthorizer(a api.Authorizer) *v1.Authorizer {
	out := &v1.Authorizer{
		Id: &a.ID, Name: &a.Name, Type: &a.Type, AuthType: a.AuthType, AuthorizerUri: a.URI,
		AuthorizerCredentials: a.Credentials, IdentitySource: a.IdentitySource,
		IdentityValidationExpression: a.IdentityValidationExpression, AuthorizerResultTtlInSeconds: a.ResultTTLSeconds,
	}
	if len(a.ProviderARNs) > 0 {
		out.ProviderARNs = a.ProviderARNs
	}
	return out
}
