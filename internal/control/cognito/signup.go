package cognito

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// SignUp makes a user who confirms with a code that they were sent.
func (s *Service) SignUp(ctx context.Context, in *wire.SignUpInput) (*wire.SignUpResponse, error) {
	p, c, err := s.caller(ctx, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if on(p.settings.AdminCreateUserConfig.AllowAdminCreateUserOnly) {
		return nil, denied("SignUp is not permitted for this user pool")
	}
	if in.Password == nil {
		return nil, invalid("Password is required to sign up.")
	}
	if err := p.checkPassword(*in.Password); err != nil {
		return nil, err
	}
	attributes, err := p.byUser(c, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	u, err := s.newUser(p, in.Username, attributes)
	if err != nil {
		return nil, err
	}
	if u.Password, err = s.newPassword(ctx, p, u.Name, *in.Password); err != nil {
		return nil, err
	}
	u.Status = unconfirmed
	out := &wire.SignUpResponse{UserSub: u.Sub}
	code := ""
	if to := p.verified(u); to != "" {
		code, u.Code = s.newCode(forSignUp, to)
		out.CodeDeliveryDetails = delivery(to, u.Attributes[to])
	}
	if err := s.store.Update(ctx, func(tx store.Tx) error { return s.addUser(tx, p.ID, u) }); err != nil {
		return nil, err
	}
	if code != "" {
		s.send(p, u, code, u.Code)
	}
	return out, nil
}

// caller is a client with its pool, whose secret hash for a name is right.
func (s *Service) caller(ctx context.Context, id string, hash *string, name string) (*pool, *client, error) {
	p, c, err := s.clientOf(ctx, id, "")
	if err != nil {
		return nil, nil, err
	}
	return p, c, s.checkSecret(c, *or(hash, ""), name)
}

// verified is the attribute that a code for signing up goes to; empty: none.
func (p *pool) verified(u *api.PoolUser) string {
	for _, name := range []string{"phone_number", "email"} { // parity: SMS comes first where both are verified
		if slices.Contains(p.settings.AutoVerifiedAttributes, name) && u.Attributes[name] != "" {
			return name
		}
	}
	return ""
}

// recovery is the attribute that a code for a new password goes to; empty: none.
func recovery(u *api.PoolUser) string {
	for _, name := range []string{"email", "phone_number"} {
		if u.Attributes[name] != "" && u.Attributes[name+"_verified"] == "true" {
			return name
		}
	}
	return ""
}

// noCombination is the answer for a user who does not exist, where the answer
// may say so.
func noCombination() error {
	return refuse("UserNotFoundException", "Username/client id combination not found.")
}

// byCode changes a user who has a code, and writes down a wrong one.
func (s *Service) byCode(ctx context.Context, p *pool, c *client, name string, change func(u *api.PoolUser) error) error {
	var wrong error
	err := s.store.Update(ctx, func(tx store.Tx) error {
		wrong = nil
		u, err := s.find(tx, p, name)
		if errors.Is(err, errNobody) {
			if c.hides() {
				return wrongCode()
			}
			return noCombination()
		}
		if err != nil {
			return err
		}
		was := *u
		was.Attributes = maps.Clone(u.Attributes)
		counted := 0
		if u.Code != nil {
			counted = u.Code.Wrong
		}
		if wrong = change(u); wrong != nil {
			if u.Code == nil || u.Code.Wrong == counted {
				return wrong
			}
			return s.putUser(tx, p, &was, u) // the count alone
		}
		if err := s.putUser(tx, p, &was, u); errors.Is(err, errTaken) {
			return refuse("AliasExistsException", "An account with the given email already exists.")
		} else if err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return wrong
}

// ConfirmSignUp confirms a user by the code, and with it the address.
func (s *Service) ConfirmSignUp(ctx context.Context, in *wire.ConfirmSignUpInput) (*wire.ConfirmSignUpResponse, error) {
	p, c, err := s.caller(ctx, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	who := ""
	err = s.byCode(ctx, p, c, in.Username, func(u *api.PoolUser) error {
		if u.Status != unconfirmed {
			if c.hides() {
				return wrongCode()
			}
			return denied("User cannot be confirmed. Current status is %s", u.Status)
		}
		if err := s.checkCode(u.Code, forSignUp, in.ConfirmationCode); err != nil {
			return err
		}
		u.Attributes[u.Code.Attribute+"_verified"] = "true"
		u.Status, u.Code, who = confirmed, nil, u.Name
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.outbox.drop(p.ID, who, forSignUp)
	return &wire.ConfirmSignUpResponse{}, nil
}

// mayAsk counts who asks for codes: each one is a message to somebody.
func (s *Service) mayAsk(p *pool, name string) error {
	if !s.tries.begin("code\x00"+p.ID+"\x00"+name, s.now()) {
		return tooOften()
	}
	return nil
}

// ResendConfirmationCode sends another code to a user who has not confirmed.
func (s *Service) ResendConfirmationCode(ctx context.Context, in *wire.ResendConfirmationCodeInput) (*wire.ResendConfirmationCodeResponse, error) {
	p, c, err := s.caller(ctx, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if err := s.mayAsk(p, in.Username); err != nil {
		return nil, err
	}
	out := &wire.ResendConfirmationCodeResponse{}
	var sent func()
	err = s.edit(ctx, p.ID, in.Username, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		to := p.verified(u)
		if u.Status != unconfirmed || to == "" {
			if c.hides() {
				return noUser() // which the caller is not told
			}
			return invalid("User is already confirmed.")
		}
		code, kept := s.newCode(forSignUp, to)
		u.Code, out.CodeDeliveryDetails = kept, delivery(to, u.Attributes[to])
		sent = func() { s.send(p, u, code, kept) }
		return nil
	})
	return out, s.asked(c, in.Username, err, sent, &out.CodeDeliveryDetails)
}

// asked ends a call for a code: it is sent, or the caller gets an answer that
// does not tell whether anybody is there.
func (s *Service) asked(c *client, name string, err error, sent func(), shown **wire.CodeDeliveryDetailsType) error {
	if err == nil {
		sent()
		return nil
	}
	if !isFault(err, "UserNotFoundException") {
		return err
	}
	if !c.hides() {
		return noCombination()
	}
	to := name
	if !isEmail(to) {
		to = name + "@" + name
	}
	*shown = delivery("email", to)
	return nil
}

// ForgotPassword sends a code to choose a new password with.
func (s *Service) ForgotPassword(ctx context.Context, in *wire.ForgotPasswordInput) (*wire.ForgotPasswordResponse, error) {
	p, c, err := s.caller(ctx, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if err := s.mayAsk(p, in.Username); err != nil {
		return nil, err
	}
	out := &wire.ForgotPasswordResponse{}
	var sent func()
	err = s.edit(ctx, p.ID, in.Username, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		to := recovery(u)
		switch {
		case c.hides() && (to == "" || u.Disabled || u.Status == mustChange):
			return noUser() // which the caller is not told
		case u.Disabled:
			return denied("User is disabled.")
		case u.Status == mustChange:
			return denied("User password cannot be reset in the current state.")
		case to == "":
			return invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
		}
		code, kept := s.newCode(forPassword, to)
		u.Code, out.CodeDeliveryDetails = kept, delivery(to, u.Attributes[to])
		sent = func() { s.send(p, u, code, kept) }
		return nil
	})
	return out, s.asked(c, in.Username, err, sent, &out.CodeDeliveryDetails)
}

// ConfirmForgotPassword sets a new password by the code. Sessions that were
// begun with the old one are over.
func (s *Service) ConfirmForgotPassword(ctx context.Context, in *wire.ConfirmForgotPasswordInput) (*wire.ConfirmForgotPasswordResponse, error) {
	p, c, err := s.caller(ctx, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if err := p.checkPassword(in.Password); err != nil {
		return nil, err
	}
	found, key, err := s.candidate(ctx, p, in.Username)
	if err != nil {
		return nil, err
	}
	var kept *api.PoolPassword
	if found != nil && found.Code != nil {
		if kept, err = s.newPassword(ctx, p, found.Name, in.Password); err != nil {
			return nil, err
		}
	}
	err = s.byCode(ctx, p, c, in.Username, func(u *api.PoolUser) error {
		if err := s.checkCode(u.Code, forPassword, in.ConfirmationCode); err != nil {
			if c.hides() && u.Code == nil {
				return wrongCode()
			}
			return err
		}
		if kept == nil || found.Name != u.Name {
			return oldCode()
		}
		u.Password, u.Status, u.Code, u.SignedOut = kept, confirmed, nil, s.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.outbox.drop(p.ID, found.Name, forPassword)
	s.tries.forgive(key)
	return &wire.ConfirmForgotPasswordResponse{}, nil
}
