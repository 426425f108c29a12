package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/cognito"
	"github.com/stagedoor/stagedoor/internal/engine/seal"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const account = "987654321098"

// harness is the service behind the whole control plane, and Amazon's client.
type harness struct {
	*sdk.Client
	t       *testing.T
	service *cognito.Service
	store   store.Store
	url     string
	web     *http.Client
	ahead   time.Duration // of the clock
}

func start(t *testing.T) *harness {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{t: t, store: st}
	h.service = cognito.New(st, cognito.Config{
		Account: account, Region: "eu-west-1", Seal: seal.Random(), Rounds: 1000, Now: func() time.Time { return time.Now().Add(h.ahead) },
	})
	server, err := control.New(control.Config{
		Account: account, Region: "eu-west-1", Log: slog.New(slog.DiscardHandler),
		Services: []control.Service{{Table: wire.Table(), Handlers: h.service.Handlers()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h.service.Door(control.NoForeignPages(server), server))
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.Close()
		if err := st.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	h.url, h.web = web.URL, &http.Client{Transport: transport}
	h.Client = sdk.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &web.URL, RetryMaxAttempts: 1, HTTPClient: h.web,
		Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	})
	return h
}

// ok fails the test where a call failed.
func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused holds an error to Cognito's name and words.
func refused(t *testing.T, what string, err error, code, message string) {
	t.Helper()
	var said smithy.APIError
	if !errors.As(err, &said) || said.ErrorCode() != code || !strings.Contains(said.ErrorMessage(), message) {
		t.Errorf("%s: %v, want %s: %s", what, err, code, message)
	}
}

const password = "Correct-horse-7"

// pool makes a pool whose users verify their mail, and a client of it.
func (h *harness) pool(change func(*sdk.CreateUserPoolClientInput)) (pool, client string) {
	h.t.Helper()
	p := ok[*sdk.CreateUserPoolOutput](h.t)(h.CreateUserPool(h.t.Context(), &sdk.CreateUserPoolInput{
		PoolName: aws.String("users"), AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"},
	}))
	return *p.UserPool.Id, h.client(*p.UserPool.Id, change)
}

func (h *harness) client(pool string, change func(*sdk.CreateUserPoolClientInput)) string {
	h.t.Helper()
	in := &sdk.CreateUserPoolClientInput{
		UserPoolId: &pool, ClientName: aws.String("app"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}
	if change != nil {
		change(in)
	}
	return *ok[*sdk.CreateUserPoolClientOutput](h.t)(h.CreateUserPoolClient(h.t.Context(), in)).UserPoolClient.ClientId
}

// user makes a user with the password.
func (h *harness) user(pool, name string) {
	h.t.Helper()
	ok[*sdk.AdminCreateUserOutput](h.t)(h.AdminCreateUser(h.t.Context(), &sdk.AdminCreateUserInput{
		UserPoolId: &pool, Username: &name, MessageAction: "SUPPRESS",
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(name + "@example.org")}, {Name: aws.String("email_verified"), Value: aws.String("true")}},
	}))
	ok[*sdk.AdminSetUserPasswordOutput](h.t)(h.AdminSetUserPassword(h.t.Context(), &sdk.AdminSetUserPasswordInput{
		UserPoolId: &pool, Username: &name, Password: aws.String(password), Permanent: true,
	}))
}

func (h *harness) login(client, name, password string) (*sdk.InitiateAuthOutput, error) {
	return h.InitiateAuth(h.t.Context(), &sdk.InitiateAuthInput{
		ClientId: &client, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
}

func (h *harness) refresh(client, token string) (*sdk.InitiateAuthOutput, error) {
	return h.InitiateAuth(h.t.Context(), &sdk.InitiateAuthInput{
		ClientId: &client, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: map[string]string{"REFRESH_TOKEN": token},
	})
}

// code is what waits for a user in the outbox.
func (h *harness) code(pool, name, purpose string) string {
	h.t.Helper()
	for _, m := range h.service.Outbox().Waiting(pool, time.Now().Add(h.ahead)) {
		if m.Username == name && m.Purpose == purpose {
			return m.Code + m.Password
		}
	}
	h.t.Fatalf("no message %s for %s", purpose, name)
	return ""
}

// claims are what a token says, without looking at its signature.
func claims(t *testing.T, token *string) map[string]any {
	t.Helper()
	payload := ok[[]byte](t)(decode(strings.Split(*token, ".")[1]))
	var c map[string]any
	if err := json.Unmarshal(payload, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSignUp takes a user from signing up to signing out.
func TestSignUp(t *testing.T) {
	h, ctx := start(t), t.Context()
	pool, client := h.pool(nil)
	name, mail := "ann", []types.AttributeType{{Name: aws.String("email"), Value: aws.String("ann@example.org")}}
	signUp := func(password string, attributes []types.AttributeType) (*sdk.SignUpOutput, error) {
		return h.SignUp(ctx, &sdk.SignUpInput{ClientId: &client, Username: &name, Password: &password, UserAttributes: attributes})
	}
	for bad, why := range map[string]string{
		"Sh-1": "Password not long enough", "UPPER-UPPER-1": "lowercase", "lower-lower-1": "uppercase", "No-digits-here": "numeric", "NoSymbols77": "symbol",
	} {
		_, err := signUp(bad, mail)
		refused(t, bad, err, "InvalidPasswordException", "Password did not conform with policy: "+map[bool]string{true: why, false: "Password must have " + why + " characters"}[strings.HasPrefix(why, "Password")])
	}
	_, err := signUp(password, []types.AttributeType{{Name: aws.String("email_verified"), Value: aws.String("true")}})
	refused(t, "verifying oneself", err, "NotAuthorizedException", "unauthorized attribute")
	_, err = signUp(password, []types.AttributeType{{Name: aws.String("custom:x"), Value: aws.String("y")}})
	refused(t, "an unknown attribute", err, "InvalidParameterException", "custom:x")
	out := ok[*sdk.SignUpOutput](t)(signUp(password, mail))
	if out.UserConfirmed || *out.CodeDeliveryDetails.Destination != "a***@e***" {
		t.Errorf("SignUp = %+v", out)
	}
	_, err = signUp(password, mail)
	refused(t, "again", err, "UsernameExistsException", "User already exists")
	_, err = h.login(client, name, password)
	refused(t, "before confirming", err, "UserNotConfirmedException", "User is not confirmed.")

	confirm := func(code string) error {
		_, err := h.ConfirmSignUp(ctx, &sdk.ConfirmSignUpInput{ClientId: &client, Username: &name, ConfirmationCode: &code})
		return err
	}
	old := h.code(pool, name, "signup")
	refused(t, "a wrong code", confirm("nonsense"), "CodeMismatchException", "Invalid verification code provided, please try again.")
	ok[*sdk.ResendConfirmationCodeOutput](t)(h.ResendConfirmationCode(ctx, &sdk.ResendConfirmationCodeInput{ClientId: &client, Username: &name}))
	if now := h.code(pool, name, "signup"); now != old {
		refused(t, "an old code", confirm(old), "CodeMismatchException", "")
	}
	h.ahead = 25 * time.Hour
	refused(t, "a late code", confirm(h.code2(pool, name)), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	h.ahead = 0
	if err := confirm(h.code(pool, name, "signup")); err != nil {
		t.Fatal(err)
	}
	refused(t, "twice", confirm("123456"), "NotAuthorizedException", "Current status is CONFIRMED")
	if left := h.service.Outbox().Waiting(pool, time.Now()); len(left) > 0 {
		t.Errorf("still waiting: %v", left)
	}

	in := ok[*sdk.InitiateAuthOutput](t)(h.login(client, name, password)).AuthenticationResult
	id, access := claims(t, in.IdToken), claims(t, in.AccessToken)
	if id["token_use"] != "id" || id["aud"] != client || id["cognito:username"] != name || id["email"] != "ann@example.org" || id["email_verified"] != true ||
		id["iss"] != "https://cognito-idp.eu-west-1.amazonaws.com/"+pool || id["sub"] != *out.UserSub || id["exp"].(float64)-id["iat"].(float64) != 3600 {
		t.Errorf("ID token = %v", id)
	}
	if access["token_use"] != "access" || access["client_id"] != client || access["username"] != name || access["scope"] != "aws.cognito.signin.user.admin" ||
		access["origin_jti"] != id["origin_jti"] || access["jti"] == id["jti"] || access["aud"] != nil {
		t.Errorf("access token = %v", access)
	}
	me := ok[*sdk.GetUserOutput](t)(h.GetUser(ctx, &sdk.GetUserInput{AccessToken: in.AccessToken}))
	if *me.Username != name || len(me.UserAttributes) != 3 {
		t.Errorf("GetUser = %+v", me)
	}
	_, err = h.GetUser(ctx, &sdk.GetUserInput{AccessToken: in.IdToken})
	refused(t, "an ID token", err, "NotAuthorizedException", "Invalid Access Token")
	ok[*sdk.GlobalSignOutOutput](t)(h.GlobalSignOut(ctx, &sdk.GlobalSignOutInput{AccessToken: in.AccessToken}))
	_, err = h.GetUser(ctx, &sdk.GetUserInput{AccessToken: in.AccessToken})
	refused(t, "signed out", err, "NotAuthorizedException", "Access Token has been revoked")
	_, err = h.refresh(client, *in.RefreshToken)
	refused(t, "refresh", err, "NotAuthorizedException", "Refresh Token has been revoked")
}

// code2 is a code that is over and would be shown no more.
func (h *harness) code2(pool, name string) string {
	back := h.ahead
	h.ahead = 0
	defer func() { h.ahead = back }()
	return h.code(pool, name, "signup")
}

// TestAdminCreateUser takes a user from an invitation to a password of their own.
func TestAdminCreateUser(t *testing.T) {
	h, ctx := start(t), t.Context()
	pool, client := h.pool(nil)
	name := "bob"
	made := ok[*sdk.AdminCreateUserOutput](t)(h.AdminCreateUser(ctx, &sdk.AdminCreateUserInput{UserPoolId: &pool, Username: &name}))
	if made.User.UserStatus != "FORCE_CHANGE_PASSWORD" || !made.User.Enabled {
		t.Errorf("made %+v", made.User)
	}
	temporary := h.code(pool, name, "invitation")
	got := ok[*sdk.InitiateAuthOutput](t)(h.login(client, name, temporary))
	if got.ChallengeName != "NEW_PASSWORD_REQUIRED" || got.ChallengeParameters["USER_ID_FOR_SRP"] != name || got.AuthenticationResult != nil {
		t.Fatalf("sign in = %+v", got)
	}
	answer := func(session, client, password string) (*sdk.RespondToAuthChallengeOutput, error) {
		return h.RespondToAuthChallenge(ctx, &sdk.RespondToAuthChallengeInput{
			ChallengeName: "NEW_PASSWORD_REQUIRED", ClientId: &client, Session: &session,
			ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": password, "userAttributes.name": "Bob"},
		})
	}
	_, err := answer(*got.Session, client, "weak")
	refused(t, "a weak one", err, "InvalidPasswordException", "not long enough")
	_, err = answer(*got.Session, h.client(pool, nil), password)
	refused(t, "another client's session", err, "NotAuthorizedException", "Invalid session")
	_, err = answer(strings.Repeat("A", 100), client, password)
	refused(t, "a made-up session", err, "NotAuthorizedException", "Invalid session")
	h.ahead = 4 * time.Minute
	_, err = answer(*got.Session, client, password)
	refused(t, "late", err, "NotAuthorizedException", "session is expired")
	h.ahead = 0
	in := ok[*sdk.RespondToAuthChallengeOutput](t)(answer(*got.Session, client, password))
	if claims(t, in.AuthenticationResult.IdToken)["name"] != "Bob" {
		t.Error("the attribute given with the password is not there")
	}
	_, err = answer(*got.Session, client, password+"x")
	refused(t, "the session again", err, "NotAuthorizedException", "Invalid session")

	user := ok[*sdk.AdminGetUserOutput](t)(h.AdminGetUser(ctx, &sdk.AdminGetUserInput{UserPoolId: &pool, Username: &name}))
	if user.UserStatus != "CONFIRMED" {
		t.Errorf("status = %s", user.UserStatus)
	}
	ok[*sdk.ChangePasswordOutput](t)(h.ChangePassword(ctx, &sdk.ChangePasswordInput{
		AccessToken: in.AuthenticationResult.AccessToken, PreviousPassword: aws.String(password), ProposedPassword: aws.String(password + "8"),
	}))
	_, err = h.login(client, name, password)
	refused(t, "the old password", err, "NotAuthorizedException", "Incorrect username or password.")
	ok[*sdk.AdminDisableUserOutput](t)(h.AdminDisableUser(ctx, &sdk.AdminDisableUserInput{UserPoolId: &pool, Username: &name}))
	_, err = h.login(client, name, password+"8")
	refused(t, "disabled", err, "NotAuthorizedException", "User is disabled.")
	_, err = h.refresh(client, *in.AuthenticationResult.RefreshToken)
	refused(t, "disabled, refresh", err, "NotAuthorizedException", "User is disabled.")
	ok[*sdk.AdminEnableUserOutput](t)(h.AdminEnableUser(ctx, &sdk.AdminEnableUserInput{UserPoolId: &pool, Username: &name}))
	ok[*sdk.InitiateAuthOutput](t)(h.login(client, name, password+"8"))
	ok[*sdk.AdminDeleteUserOutput](t)(h.AdminDeleteUser(ctx, &sdk.AdminDeleteUserInput{UserPoolId: &pool, Username: &name}))
	_, err = h.login(client, name, password+"8")
	refused(t, "deleted", err, "UserNotFoundException", "User does not exist.")
}

// TestLateInvitation: a temporary password has an end.
func TestLateInvitation(t *testing.T) {
	h := start(t)
	pool, client := h.pool(nil)
	ok[*sdk.AdminCreateUserOutput](t)(h.AdminCreateUser(t.Context(), &sdk.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("late")}))
	temporary := h.code(pool, "late", "invitation")
	h.ahead = 8 * 24 * time.Hour
	_, err := h.login(client, "late", temporary)
	refused(t, "after a week", err, "NotAuthorizedException", "Temporary password has expired")
}

// TestForgotPassword resets a password by a code.
func TestForgotPassword(t *testing.T) {
	h, ctx := start(t), t.Context()
	pool, client := h.pool(nil)
	h.user(pool, "carol")
	in := ok[*sdk.InitiateAuthOutput](t)(h.login(client, "carol", password)).AuthenticationResult
	ok[*sdk.ForgotPasswordOutput](t)(h.ForgotPassword(ctx, &sdk.ForgotPasswordInput{ClientId: &client, Username: aws.String("carol")}))
	code := h.code(pool, "carol", "password")
	confirm := func(code string) error {
		_, err := h.ConfirmForgotPassword(ctx, &sdk.ConfirmForgotPasswordInput{
			ClientId: &client, Username: aws.String("carol"), ConfirmationCode: &code, Password: aws.String("New-horse-8"),
		})
		return err
	}
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for range 5 {
		refused(t, "a wrong code", confirm(wrong), "CodeMismatchException", "")
	}
	refused(t, "the right one after five wrong ones", confirm(code), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	ok[*sdk.ForgotPasswordOutput](t)(h.ForgotPassword(ctx, &sdk.ForgotPasswordInput{ClientId: &client, Username: aws.String("carol")}))
	if err := confirm(h.code(pool, "carol", "password")); err != nil {
		t.Fatal(err)
	}
	_, err := h.refresh(client, *in.RefreshToken)
	refused(t, "a session from before", err, "NotAuthorizedException", "revoked")
	ok[*sdk.InitiateAuthOutput](t)(h.login(client, "carol", "New-horse-8"))
	for range 10 {
		_, err = h.ForgotPassword(ctx, &sdk.ForgotPasswordInput{ClientId: &client, Username: aws.String("carol")})
	}
	refused(t, "asking again and again", err, "LimitExceededException", "Attempt limit exceeded")
}

// TestNobodyIsTold: with PreventUserExistenceErrors nothing tells who exists.
func TestNobodyIsTold(t *testing.T) {
	h, ctx := start(t), t.Context()
	pool, client := h.pool(func(in *sdk.CreateUserPoolClientInput) { in.PreventUserExistenceErrors = "ENABLED" })
	h.user(pool, "dora")
	for _, name := range []string{"dora", "nobody"} {
		_, err := h.login(client, name, "wrong")
		refused(t, name, err, "NotAuthorizedException", "Incorrect username or password.")
		srp := ok[*sdk.InitiateAuthOutput](t)(h.InitiateAuth(ctx, &sdk.InitiateAuthInput{
			ClientId: &client, AuthFlow: "USER_SRP_AUTH", AuthParameters: map[string]string{"USERNAME": name, "SRP_A": "1234567890abcdef"},
		}))
		if srp.ChallengeName != "PASSWORD_VERIFIER" || srp.ChallengeParameters["USER_ID_FOR_SRP"] != name || len(srp.ChallengeParameters["SALT"]) < 28 {
			t.Errorf("%s: %+v", name, srp.ChallengeParameters)
		}
		forgot := ok[*sdk.ForgotPasswordOutput](t)(h.ForgotPassword(ctx, &sdk.ForgotPasswordInput{ClientId: &client, Username: &name}))
		if forgot.CodeDeliveryDetails == nil || forgot.CodeDeliveryDetails.DeliveryMedium != "EMAIL" {
			t.Errorf("%s: %+v", name, forgot.CodeDeliveryDetails)
		}
		_, err = h.ConfirmForgotPassword(ctx, &sdk.ConfirmForgotPasswordInput{
			ClientId: &client, Username: &name, ConfirmationCode: aws.String("abc"), Password: aws.String(password),
		})
		refused(t, name, err, "CodeMismatchException", "Invalid verification code")
	}
	_, err := h.ForgotPassword(ctx, &sdk.ForgotPasswordInput{ClientId: new(h.client(pool, nil)), Username: aws.String("nobody")})
	refused(t, "where it may be told", err, "UserNotFoundException", "Username/client id combination not found.")
}

// TestAttempts: wrong passwords are counted, for those who do not exist too,
// and under all names of a user together.
func TestAttempts(t *testing.T) {
	h := start(t)
	pool, client := h.pool(nil)
	h.user(pool, "erin")
	user := ok[*sdk.AdminGetUserOutput](t)(h.AdminGetUser(t.Context(), &sdk.AdminGetUserInput{UserPoolId: &pool, Username: aws.String("erin")}))
	sub := *user.UserAttributes[slices.IndexFunc(user.UserAttributes, func(a types.AttributeType) bool { return *a.Name == "sub" })].Value
	for i := range 5 {
		_, err := h.login(client, []string{"erin", sub}[i%2], "wrong")
		refused(t, "wrong", err, "NotAuthorizedException", "Incorrect username or password.")
	}
	_, err := h.login(client, "erin", password)
	refused(t, "the right one, too soon", err, "NotAuthorizedException", "Password attempts exceeded")
	h.ahead = 2 * time.Second
	ok[*sdk.InitiateAuthOutput](t)(h.login(client, "erin", password))
	for range 5 {
		if _, err = h.login(client, "stranger", "wrong"); err == nil {
			t.Fatal("a stranger was let in")
		}
	}
	_, err = h.login(client, "stranger", "wrong")
	refused(t, "a stranger", err, "NotAuthorizedException", "Password attempts exceeded")
}

// TestFlows: a client has the flows that it was given, and its secret.
func TestFlows(t *testing.T) {
	h, ctx := start(t), t.Context()
	pool, _ := h.pool(nil)
	h.user(pool, "finn")
	plain := h.client(pool, func(in *sdk.CreateUserPoolClientInput) { in.ExplicitAuthFlows = nil })
	_, err := h.login(plain, "finn", password)
	refused(t, "a flow not given", err, "InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client")
	admin := map[string]string{"USERNAME": "finn", "PASSWORD": password}
	_, err = h.InitiateAuth(ctx, &sdk.InitiateAuthInput{ClientId: &plain, AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters: admin})
	refused(t, "a server's flow", err, "InvalidParameterException", "Initiate Auth method not supported.")
	_, err = h.AdminInitiateAuth(ctx, &sdk.AdminInitiateAuthInput{UserPoolId: &pool, ClientId: &plain, AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters: admin})
	refused(t, "a server's flow not given", err, "InvalidParameterException", "Auth flow not enabled for this client")

	secretive := h.client(pool, func(in *sdk.CreateUserPoolClientInput) { in.GenerateSecret = true })
	secret := *ok[*sdk.DescribeUserPoolClientOutput](t)(h.DescribeUserPoolClient(ctx, &sdk.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &secretive})).UserPoolClient.ClientSecret
	_, err = h.login(secretive, "finn", password)
	refused(t, "no secret hash", err, "NotAuthorizedException", "is configured with secret but SECRET_HASH was not received")
	auth := func(hash string) (*sdk.AdminInitiateAuthOutput, error) {
		return h.AdminInitiateAuth(ctx, &sdk.AdminInitiateAuthInput{
			UserPoolId: &pool, ClientId: &secretive, AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
			AuthParameters: map[string]string{"USERNAME": "finn", "PASSWORD": password, "SECRET_HASH": hash},
		})
	}
	_, err = auth(secretHash(secret+"x", "finn"+secretive))
	refused(t, "a wrong secret hash", err, "NotAuthorizedException", "SecretHash does not match")
	in := ok[*sdk.AdminInitiateAuthOutput](t)(auth(secretHash(secret, "finn"+secretive))).AuthenticationResult
	again := ok[*sdk.InitiateAuthOutput](t)(h.InitiateAuth(ctx, &sdk.InitiateAuthInput{
		ClientId: &secretive, AuthFlow: "REFRESH_TOKEN_AUTH",
		AuthParameters: map[string]string{"REFRESH_TOKEN": *in.RefreshToken, "SECRET_HASH": secretHash(secret, "finn"+secretive)},
	})).AuthenticationResult
	if again.RefreshToken != nil || claims(t, again.IdToken)["origin_jti"] != claims(t, in.IdToken)["origin_jti"] {
		t.Errorf("refreshed: %+v", again)
	}
	_, err = h.refresh(h.client(pool, nil), *in.RefreshToken)
	refused(t, "another client's refresh token", err, "NotAuthorizedException", "Invalid Refresh Token")
	ok[*sdk.RevokeTokenOutput](t)(h.RevokeToken(ctx, &sdk.RevokeTokenInput{ClientId: &secretive, ClientSecret: &secret, Token: in.RefreshToken}))
	_, err = h.GetUser(ctx, &sdk.GetUserInput{AccessToken: again.AccessToken})
	refused(t, "after the revocation", err, "NotAuthorizedException", "Access Token has been revoked")
}

// TestRotation: a refresh token is replaced, and the old one ends.
func TestRotation(t *testing.T) {
	h, ctx := start(t), t.Context()
	pool, client := h.pool(func(in *sdk.CreateUserPoolClientInput) {
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: "ENABLED", RetryGracePeriodSeconds: aws.Int32(10)}
	})
	h.user(pool, "gwen")
	in := ok[*sdk.InitiateAuthOutput](t)(h.login(client, "gwen", password)).AuthenticationResult
	_, err := h.refresh(client, *in.RefreshToken)
	refused(t, "the old flow", err, "InvalidParameterException", "not enabled")
	use := func(token string) (*sdk.GetTokensFromRefreshTokenOutput, error) {
		return h.GetTokensFromRefreshToken(ctx, &sdk.GetTokensFromRefreshTokenInput{ClientId: &client, RefreshToken: &token})
	}
	next := ok[*sdk.GetTokensFromRefreshTokenOutput](t)(use(*in.RefreshToken)).AuthenticationResult
	if next.RefreshToken == nil || *next.RefreshToken == *in.RefreshToken {
		t.Fatal("not replaced")
	}
	h.ahead = 11 * time.Second
	_, err = use(*in.RefreshToken)
	refused(t, "the former one", err, "NotAuthorizedException", "Invalid Refresh Token")
	ok[*sdk.GetTokensFromRefreshTokenOutput](t)(use(*next.RefreshToken))
	h.ahead = 31 * 24 * time.Hour
	_, err = use(*next.RefreshToken)
	if err == nil {
		t.Error("a refresh token outlived its time")
	}
}

// TestSecretsAreNotKept: what is in the store tells no secret.
func TestSecretsAreNotKept(t *testing.T) {
	h := start(t)
	pool, client := h.pool(func(in *sdk.CreateUserPoolClientInput) { in.ClientSecret = aws.String("a_secret_of_the_operator_24") })
	h.user(pool, "hugo")
	ok[*sdk.AdminCreateUserOutput](t)(h.AdminCreateUser(t.Context(), &sdk.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("ida")}))
	temporary := h.code(pool, "ida", "invitation")
	in := ok[*sdk.AdminInitiateAuthOutput](t)(h.AdminInitiateAuth(t.Context(), &sdk.AdminInitiateAuthInput{
		UserPoolId: &pool, ClientId: &client, AuthFlow: "ADMIN_NO_SRP_AUTH",
		AuthParameters: map[string]string{"USERNAME": "hugo", "PASSWORD": password, "SECRET_HASH": secretHash("a_secret_of_the_operator_24", "hugo"+client)},
	})).AuthenticationResult
	err := h.store.View(context.WithoutCancel(t.Context()), func(tx store.Tx) error {
		for item, err := range tx.Scan("", "") {
			if err != nil {
				return err
			}
			for _, secret := range []string{password, temporary, "a_secret_of_the_operator_24", "PRIVATE KEY", *in.RefreshToken, strings.Split(*in.RefreshToken, ".")[1], *in.IdToken} {
				if strings.Contains(string(item.Doc), secret) {
					t.Errorf("%s has %q in it", item.Key, secret)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
