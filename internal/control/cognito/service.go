// Package cognito keeps user pools: who may sign in, and the tokens that say
// who has, with the calls of Amazon Cognito user pools.
//
// It is good for development and for small installations. Passwords are kept as
// PBKDF2 hashes, and as verifiers of SRP which are sealed; codes as hashes;
// keys and client secrets are sealed. Lambda triggers, multi-factor
// authentication, devices and other identity providers do not exist here: a
// pool that asks for a second factor is refused (docs/cognito.md).
package cognito

import (
	"log/slog"
	"maps"
	"runtime"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/seal"
	"github.com/stagedoor/stagedoor/internal/engine/srp"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Config is what the service is told. Seal is needed.
type Config struct {
	// Partition, Region and Account are what ARNs are made of. Default "aws",
	// "us-east-1", "000000000000".
	Partition, Region, Account string

	// Seal hides what must be read again.
	Seal *seal.Seal

	// Rounds of PBKDF2 for passwords that are set from now on. Default 210,000,
	// which takes about a tenth of a second.
	Rounds int

	// Rotate is how long a pool signs with one key. Default 90 days.
	Rotate time.Duration

	Log *slog.Logger

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Service answers the operations. Beside the store it remembers only what was
// tried of late, and the codes that nobody has fetched yet.
type Service struct {
	store   store.Store
	cfg     Config
	group   *srp.Group
	hashing chan struct{} // one place for each password that is hashed now
	tries   *tries
	used    *usedUp
	outbox  *Outbox
	signers sync.Map // id of a key -> *jwt.Signer
}

// New makes a service over the documents in st.
func New(st store.Store, cfg Config) *Service {
	if cfg.Partition == "" {
		cfg.Partition = "aws"
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.Account == "" {
		cfg.Account = "000000000000"
	}
	if cfg.Rounds == 0 {
		cfg.Rounds = 210_000 // parity: OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA512
	}
	if cfg.Rotate == 0 {
		cfg.Rotate = 90 * 24 * time.Hour
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{
		store: st, cfg: cfg, group: srp.NewGroup(), hashing: make(chan struct{}, runtime.GOMAXPROCS(0)),
		tries: newTries(), used: newUsedUp(), outbox: newOutbox(),
	}
}

// now is the present in whole milliseconds, as Cognito shows dates.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// Outbox has the codes and passwords that users are waiting for.
func (s *Service) Outbox() *Outbox { return s.outbox }

// Handlers is the table of the operations that are built, by name.
func (s *Service) Handlers() map[string]wire.Handler {
	all := map[string]wire.Handler{}
	for _, some := range []map[string]wire.Handler{
		s.poolHandlers(), s.adminHandlers(), s.selfHandlers(), s.signInHandlers(), s.groupHandlers(),
	} {
		maps.Copy(all, some)
	}
	return all
}

func (s *Service) poolHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateUserPool":         wire.Op(s.CreateUserPool),
		"DescribeUserPool":       wire.Op(s.DescribeUserPool),
		"ListUserPools":          wire.Op(s.ListUserPools),
		"UpdateUserPool":         wire.Op(s.UpdateUserPool),
		"DeleteUserPool":         wire.Op(s.DeleteUserPool),
		"AddCustomAttributes":    wire.Op(s.AddCustomAttributes),
		"CreateUserPoolClient":   wire.Op(s.CreateUserPoolClient),
		"DescribeUserPoolClient": wire.Op(s.DescribeUserPoolClient),
		"ListUserPoolClients":    wire.Op(s.ListUserPoolClients),
		"UpdateUserPoolClient":   wire.Op(s.UpdateUserPoolClient),
		"DeleteUserPoolClient":   wire.Op(s.DeleteUserPoolClient),
		"CreateResourceServer":   wire.Op(s.CreateResourceServer),
		"DescribeResourceServer": wire.Op(s.DescribeResourceServer),
		"ListResourceServers":    wire.Op(s.ListResourceServers),
		"UpdateResourceServer":   wire.Op(s.UpdateResourceServer),
		"DeleteResourceServer":   wire.Op(s.DeleteResourceServer),
		"CreateUserPoolDomain":   wire.Op(s.CreateUserPoolDomain),
		"DescribeUserPoolDomain": wire.Op(s.DescribeUserPoolDomain),
		"DeleteUserPoolDomain":   wire.Op(s.DeleteUserPoolDomain),
		"TagResource":            wire.Op(s.TagResource),
		"UntagResource":          wire.Op(s.UntagResource),
		"ListTagsForResource":    wire.Op(s.ListTagsForResource),
	}
}

func (s *Service) adminHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"AdminCreateUser":           wire.Op(s.AdminCreateUser),
		"AdminGetUser":              wire.Op(s.AdminGetUser),
		"AdminDeleteUser":           wire.Op(s.AdminDeleteUser),
		"AdminDisableUser":          wire.Op(s.AdminDisableUser),
		"AdminEnableUser":           wire.Op(s.AdminEnableUser),
		"AdminSetUserPassword":      wire.Op(s.AdminSetUserPassword),
		"AdminResetUserPassword":    wire.Op(s.AdminResetUserPassword),
		"AdminUpdateUserAttributes": wire.Op(s.AdminUpdateUserAttributes),
		"AdminDeleteUserAttributes": wire.Op(s.AdminDeleteUserAttributes),
		"AdminConfirmSignUp":        wire.Op(s.AdminConfirmSignUp),
		"AdminUserGlobalSignOut":    wire.Op(s.AdminUserGlobalSignOut),
		"ListUsers":                 wire.Op(s.ListUsers),
	}
}

func (s *Service) selfHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"SignUp":                           wire.Op(s.SignUp),
		"ConfirmSignUp":                    wire.Op(s.ConfirmSignUp),
		"ResendConfirmationCode":           wire.Op(s.ResendConfirmationCode),
		"ForgotPassword":                   wire.Op(s.ForgotPassword),
		"ConfirmForgotPassword":            wire.Op(s.ConfirmForgotPassword),
		"GetUser":                          wire.Op(s.GetUser),
		"DeleteUser":                       wire.Op(s.DeleteUser),
		"ChangePassword":                   wire.Op(s.ChangePassword),
		"UpdateUserAttributes":             wire.Op(s.UpdateUserAttributes),
		"DeleteUserAttributes":             wire.Op(s.DeleteUserAttributes),
		"GetUserAttributeVerificationCode": wire.Op(s.GetUserAttributeVerificationCode),
		"VerifyUserAttribute":              wire.Op(s.VerifyUserAttribute),
		"GlobalSignOut":                    wire.Op(s.GlobalSignOut),
	}
}

func (s *Service) signInHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"InitiateAuth":                wire.Op(s.InitiateAuth),
		"AdminInitiateAuth":           wire.Op(s.AdminInitiateAuth),
		"RespondToAuthChallenge":      wire.Op(s.RespondToAuthChallenge),
		"AdminRespondToAuthChallenge": wire.Op(s.AdminRespondToAuthChallenge),
		"GetTokensFromRefreshToken":   wire.Op(s.GetTokensFromRefreshToken),
		"RevokeToken":                 wire.Op(s.RevokeToken),
	}
}

func (s *Service) groupHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateGroup":              wire.Op(s.CreateGroup),
		"GetGroup":                 wire.Op(s.GetGroup),
		"ListGroups":               wire.Op(s.ListGroups),
		"UpdateGroup":              wire.Op(s.UpdateGroup),
		"DeleteGroup":              wire.Op(s.DeleteGroup),
		"AdminAddUserToGroup":      wire.Op(s.AdminAddUserToGroup),
		"AdminRemoveUserFromGroup": wire.Op(s.AdminRemoveUserFromGroup),
		"AdminListGroupsForUser":   wire.Op(s.AdminListGroupsForUser),
		"ListUsersInGroup":         wire.Op(s.ListUsersInGroup),
	}
}
