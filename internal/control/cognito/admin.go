package cognito

import (
	"context"
	"errors"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// AdminCreateUser makes a user who must choose a password at the first sign-in.
// The temporary one waits in the outbox, unless the message is suppressed.
func (s *Service) AdminCreateUser(ctx context.Context, in *wire.AdminCreateUserInput) (*wire.AdminCreateUserResponse, error) {
	if in.MessageAction != nil && *in.MessageAction == "RESEND" {
		return s.inviteAgain(ctx, in)
	}
	var p *pool
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		p, err = s.pool(tx, in.UserPoolId)
		return err
	})
	if err != nil {
		return nil, err
	}
	attributes, err := p.given(in.UserAttributes)
	if err != nil {
		return nil, err
	}
	u, err := s.newUser(p, in.Username, attributes)
	if err != nil {
		return nil, err
	}
	password, err := s.setTemporary(ctx, p, u, in.TemporaryPassword)
	if err != nil {
		return nil, err
	}
	if err := s.store.Update(ctx, func(tx store.Tx) error { return s.addUser(tx, p.ID, u) }); err != nil {
		return nil, err
	}
	if in.MessageAction == nil {
		s.invite(p, u, password)
	}
	return &wire.AdminCreateUserResponse{User: shownUser(u, nil)}, nil
}

// setTemporary gives a user a temporary password: the one given, or a new one.
func (s *Service) setTemporary(ctx context.Context, p *pool, u *api.PoolUser, given *string) (password string, err error) {
	password = p.temporary()
	if given != nil && *given != "" {
		password = *given
	}
	if err := p.checkPassword(password); err != nil {
		return "", err
	}
	if u.Password, err = s.newPassword(ctx, p, u.Name, password); err != nil {
		return "", err
	}
	u.Status, u.Password.Expires = mustChange, s.temporaryEnds(p)
	return password, nil
}

func (s *Service) invite(p *pool, u *api.PoolUser, password string) {
	to := u.Attributes["email"]
	if to == "" {
		to = u.Attributes["phone_number"]
	}
	s.outbox.put(&Message{
		Pool: p.ID, Username: u.Name, Purpose: "invitation", Destination: to, Password: password, Sent: s.now(), Expires: u.Password.Expires,
	})
}

// inviteAgain gives a user who never signed in another temporary password.
func (s *Service) inviteAgain(ctx context.Context, in *wire.AdminCreateUserInput) (*wire.AdminCreateUserResponse, error) {
	p, found, err := s.known(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	if found.Status != mustChange {
		return nil, refuse("UnsupportedUserStateException", "Resend not possible. Current status is %s", found.Status)
	}
	password, err := s.setTemporary(ctx, p, found, in.TemporaryPassword)
	if err != nil {
		return nil, err
	}
	err = s.edit(ctx, p.ID, found.Sub, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		u.Password, u.Status = found.Password, mustChange
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.invite(p, found, password)
	return &wire.AdminCreateUserResponse{User: shownUser(found, nil)}, nil
}

// AdminGetUser reads a user.
func (s *Service) AdminGetUser(ctx context.Context, in *wire.AdminGetUserInput) (*wire.AdminGetUserResponse, error) {
	_, u, err := s.known(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return &wire.AdminGetUserResponse{
		Username: u.Name, UserAttributes: attributesOf(u, nil), UserCreateDate: &u.Created, UserLastModifiedDate: &u.Modified,
		Enabled: new(!u.Disabled), UserStatus: &u.Status,
	}, nil
}

// AdminDeleteUser deletes a user.
func (s *Service) AdminDeleteUser(ctx context.Context, in *wire.AdminDeleteUserInput) (*wire.AdminDeleteUserOutput, error) {
	return &wire.AdminDeleteUserOutput{}, s.dropUser(ctx, in.UserPoolId, in.Username)
}

// AdminDisableUser keeps a user from signing in, and ends what they have begun.
func (s *Service) AdminDisableUser(ctx context.Context, in *wire.AdminDisableUserInput) (*wire.AdminDisableUserResponse, error) {
	return &wire.AdminDisableUserResponse{}, s.edit(ctx, in.UserPoolId, in.Username, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		u.Disabled, u.SignedOut = true, s.now()
		return nil
	})
}

// AdminEnableUser lets a user sign in again.
func (s *Service) AdminEnableUser(ctx context.Context, in *wire.AdminEnableUserInput) (*wire.AdminEnableUserResponse, error) {
	return &wire.AdminEnableUserResponse{}, s.edit(ctx, in.UserPoolId, in.Username, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		u.Disabled = false
		return nil
	})
}

// AdminSetUserPassword gives a user a password, for good or until the next
// sign-in.
func (s *Service) AdminSetUserPassword(ctx context.Context, in *wire.AdminSetUserPasswordInput) (*wire.AdminSetUserPasswordResponse, error) {
	p, found, err := s.known(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	if err := p.checkPassword(in.Password); err != nil {
		return nil, err
	}
	kept, err := s.newPassword(ctx, p, found.Name, in.Password)
	if err != nil {
		return nil, err
	}
	status := mustChange
	if on(in.Permanent) {
		status = confirmed
	} else {
		kept.Expires = s.temporaryEnds(p)
	}
	err = s.edit(ctx, p.ID, found.Sub, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		u.Password, u.Status, u.Code = kept, status, nil
		return nil
	})
	if err == nil {
		s.outbox.drop(p.ID, found.Name, "invitation", forPassword)
		s.tries.forgive(signingIn(p, found.Sub))
	}
	return &wire.AdminSetUserPasswordResponse{}, err
}

// AdminResetUserPassword makes a user choose a new password with a code.
func (s *Service) AdminResetUserPassword(ctx context.Context, in *wire.AdminResetUserPasswordInput) (*wire.AdminResetUserPasswordResponse, error) {
	var send func()
	err := s.edit(ctx, in.UserPoolId, in.Username, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		to := recovery(u)
		if to == "" {
			return invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
		}
		code, kept := s.newCode(forPassword, to)
		u.Code, u.Status, u.SignedOut = kept, mustReset, s.now()
		send = func() { s.send(p, u, code, kept) }
		return nil
	})
	if err == nil {
		send()
	}
	return &wire.AdminResetUserPasswordResponse{}, err
}

// AdminUpdateUserAttributes changes attributes of a user.
func (s *Service) AdminUpdateUserAttributes(ctx context.Context, in *wire.AdminUpdateUserAttributesInput) (*wire.AdminUpdateUserAttributesResponse, error) {
	return &wire.AdminUpdateUserAttributesResponse{}, s.edit(ctx, in.UserPoolId, in.Username, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		changes, err := p.given(in.UserAttributes)
		if err != nil {
			return err
		}
		return p.setAttributes(u, changes)
	})
}

// AdminDeleteUserAttributes takes attributes from a user.
func (s *Service) AdminDeleteUserAttributes(ctx context.Context, in *wire.AdminDeleteUserAttributesInput) (*wire.AdminDeleteUserAttributesResponse, error) {
	return &wire.AdminDeleteUserAttributesResponse{}, s.edit(ctx, in.UserPoolId, in.Username, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		return p.deleteAttributes(u, in.UserAttributeNames)
	})
}

// AdminConfirmSignUp confirms a user without a code.
func (s *Service) AdminConfirmSignUp(ctx context.Context, in *wire.AdminConfirmSignUpInput) (*wire.AdminConfirmSignUpResponse, error) {
	return &wire.AdminConfirmSignUpResponse{}, s.edit(ctx, in.UserPoolId, in.Username, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		if u.Status != unconfirmed {
			return denied("User cannot be confirmed. Current status is %s", u.Status)
		}
		u.Status, u.Code = confirmed, nil
		return nil
	})
}

// AdminUserGlobalSignOut ends all sessions of a user.
func (s *Service) AdminUserGlobalSignOut(ctx context.Context, in *wire.AdminUserGlobalSignOutInput) (*wire.AdminUserGlobalSignOutResponse, error) {
	return &wire.AdminUserGlobalSignOutResponse{}, s.signOut(ctx, in.UserPoolId, in.Username)
}

func (s *Service) signOut(ctx context.Context, poolID, name string) error {
	return s.edit(ctx, poolID, name, func(_ store.Tx, _ *pool, u *api.PoolUser) error {
		u.SignedOut = s.now()
		return nil
	})
}

// sweep deletes the sessions of a pool that are over.
func (s *Service) sweep(tx store.Tx, pool string, now time.Time) error {
	var over []string
	for x, err := range store.Scan[api.PoolSession](tx, api.PoolSessions(pool), "") {
		if err != nil {
			return err
		}
		if now.After(x.Expires) {
			over = append(over, api.PoolSessionKey(pool, x.ID))
		}
	}
	var problems []error
	for _, key := range over {
		problems = append(problems, tx.Delete(key))
	}
	return errors.Join(problems...)
}
