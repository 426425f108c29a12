package cognito

import (
	"context"
	"crypto/hmac"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// GetUser reads the user of an access token.
func (s *Service) GetUser(ctx context.Context, in *wire.GetUserInput) (*wire.GetUserResponse, error) {
	_, u, err := s.holder(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &wire.GetUserResponse{Username: u.Name, UserAttributes: attributesOf(u, nil)}, nil
}

// DeleteUser deletes the user of an access token.
func (s *Service) DeleteUser(ctx context.Context, in *wire.DeleteUserInput) (*wire.DeleteUserOutput, error) {
	p, u, err := s.holder(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &wire.DeleteUserOutput{}, s.dropUser(ctx, p.ID, u.Sub)
}

// ChangePassword changes the password of who knows the old one.
func (s *Service) ChangePassword(ctx context.Context, in *wire.ChangePasswordInput) (*wire.ChangePasswordResponse, error) {
	p, found, err := s.holder(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	key := signingIn(p, found.Sub)
	if !s.tries.begin(key, s.now()) {
		return nil, tooOften()
	}
	ok, err := s.matches(ctx, found.Password, *or(in.PreviousPassword, ""))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, wrongPassword()
	}
	s.tries.forgive(key)
	if err := p.checkPassword(in.ProposedPassword); err != nil {
		return nil, err
	}
	kept, err := s.newPassword(ctx, p, found.Name, in.ProposedPassword)
	if err != nil {
		return nil, err
	}
	return &wire.ChangePasswordResponse{}, s.edit(ctx, p.ID, found.Sub, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		u.Password = kept
		return nil
	})
}

// UpdateUserAttributes changes attributes of the user of an access token. An
// address that changed is verified with a code.
func (s *Service) UpdateUserAttributes(ctx context.Context, in *wire.UpdateUserAttributesInput) (*wire.UpdateUserAttributesResponse, error) {
	p, c, found, err := s.holderAndClient(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	changes, err := p.byUser(c, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	out := &wire.UpdateUserAttributesResponse{CodeDeliveryDetailsList: []wire.CodeDeliveryDetailsType{}}
	sent := func() {}
	err = s.edit(ctx, p.ID, found.Sub, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		out.CodeDeliveryDetailsList, sent = out.CodeDeliveryDetailsList[:0], func() {}
		if err := p.setAttributes(u, changes); err != nil {
			return err
		}
		to := p.verified(u)
		if to == "" || changes[to] == "" || u.Attributes[to+"_verified"] == "true" {
			return nil
		}
		code, kept := s.newCode(forAttribute, to)
		u.Verify = kept
		out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, *delivery(to, u.Attributes[to]))
		sent = func() { s.send(p, u, code, kept) }
		return nil
	})
	if err != nil {
		return nil, err
	}
	sent()
	return out, nil
}

// holderAndClient finds who an access token is of, and the client that it was
// given to.
func (s *Service) holderAndClient(ctx context.Context, token string) (p *pool, c *client, u *api.PoolUser, err error) {
	if p, u, err = s.holder(ctx, token); err != nil {
		return nil, nil, nil, err
	}
	p, c, err = s.clientOf(ctx, clientIDOf(token), p.ID)
	return p, c, u, err
}

// DeleteUserAttributes takes attributes from the user of an access token.
func (s *Service) DeleteUserAttributes(ctx context.Context, in *wire.DeleteUserAttributesInput) (*wire.DeleteUserAttributesResponse, error) {
	p, c, found, err := s.holderAndClient(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	for _, name := range in.UserAttributeNames {
		if _, err := p.byUser(c, []wire.AttributeType{{Name: name, Value: some(found.Attributes[name])}}); err != nil {
			return nil, err
		}
	}
	return &wire.DeleteUserAttributesResponse{}, s.edit(ctx, p.ID, found.Sub, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		return p.deleteAttributes(u, in.UserAttributeNames)
	})
}

// GetUserAttributeVerificationCode sends a code to an address of the user.
func (s *Service) GetUserAttributeVerificationCode(ctx context.Context, in *wire.GetUserAttributeVerificationCodeInput) (*wire.GetUserAttributeVerificationCodeResponse, error) {
	p, found, err := s.holder(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := s.mayAsk(p, found.Sub); err != nil {
		return nil, err
	}
	out := &wire.GetUserAttributeVerificationCodeResponse{}
	to := in.AttributeName
	if to != "email" && to != "phone_number" || found.Attributes[to] == "" {
		return nil, invalid("User does not have the attribute %s to verify.", to)
	}
	code, kept := s.newCode(forAttribute, to)
	err = s.edit(ctx, p.ID, found.Sub, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		u.Verify, out.CodeDeliveryDetails = kept, delivery(to, u.Attributes[to])
		found = u
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.send(p, found, code, kept)
	return out, nil
}

// VerifyUserAttribute verifies an address by the code that was sent there.
func (s *Service) VerifyUserAttribute(ctx context.Context, in *wire.VerifyUserAttributeInput) (*wire.VerifyUserAttributeResponse, error) {
	p, found, err := s.holder(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	var wrong error
	err = s.edit(ctx, p.ID, found.Sub, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		if u.Verify == nil || u.Verify.Attribute != in.AttributeName {
			return oldCode()
		}
		if wrong = s.checkCode(u.Verify, forAttribute, in.Code); wrong != nil {
			return nil //nolint:nilerr // wrong is the answer, and the count is to be kept
		}
		u.Attributes[in.AttributeName+"_verified"], u.Verify = "true", nil
		return nil
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return nil, err
	}
	s.outbox.drop(p.ID, found.Name, forAttribute)
	return &wire.VerifyUserAttributeResponse{}, nil
}

// GlobalSignOut ends all sessions of the user of an access token.
func (s *Service) GlobalSignOut(ctx context.Context, in *wire.GlobalSignOutInput) (*wire.GlobalSignOutResponse, error) {
	p, u, err := s.holder(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &wire.GlobalSignOutResponse{}, s.signOut(ctx, p.ID, u.Sub)
}

// GetTokensFromRefreshToken gives new tokens for a refresh token, which is
// replaced where the client has it so.
func (s *Service) GetTokensFromRefreshToken(ctx context.Context, in *wire.GetTokensFromRefreshTokenInput) (*wire.GetTokensFromRefreshTokenResponse, error) {
	p, c, err := s.bySecret(ctx, in.ClientId, in.ClientSecret)
	if err != nil {
		return nil, err
	}
	result, err := s.refreshed(ctx, p, c, in.RefreshToken, c.rotates())
	return &wire.GetTokensFromRefreshTokenResponse{AuthenticationResult: result}, err
}

// RevokeToken ends the session of a refresh token. A token that is none is no
// error, as OAuth has it.
func (s *Service) RevokeToken(ctx context.Context, in *wire.RevokeTokenInput) (*wire.RevokeTokenResponse, error) {
	p, c, err := s.bySecret(ctx, in.ClientId, in.ClientSecret)
	if err != nil {
		return nil, err
	}
	if !on(c.settings.EnableTokenRevocation) {
		return nil, refuse("UnsupportedOperationException", "Token revocation is not enabled for the client.")
	}
	if session, _ := refreshParts(in.Token); session == "" {
		return nil, refuse("UnsupportedTokenTypeException", "Unsupported token type")
	}
	return &wire.RevokeTokenResponse{}, s.store.Update(ctx, func(tx store.Tx) error {
		_, x, err := s.session(tx, p, c, in.Token)
		if err == nil {
			err = tx.Delete(api.PoolSessionKey(p.ID, x.ID))
		}
		if isDenied(err) {
			return nil
		}
		return err
	})
}

// bySecret is a client that shows its secret itself.
func (s *Service) bySecret(ctx context.Context, id string, given *string) (*pool, *client, error) {
	p, c, err := s.clientOf(ctx, id, "")
	if err != nil {
		return nil, nil, err
	}
	secret, err := s.secret(c)
	if err != nil {
		return nil, nil, err
	}
	if secret != "" && !hmac.Equal([]byte(secret), []byte(*or(given, ""))) {
		return nil, nil, denied("Invalid client secret for the client: %s", c.ID)
	}
	return p, c, nil
}
