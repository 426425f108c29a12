package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Kinds of sessions: whom they stand for.
const (
	KindRole      = "role"
	KindUser      = "user"
	KindFederated = "federated"
	KindRoot      = "root"
)

// Credentials are what a client signs with for a while.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
	ARN, ID                                    string // of whom they stand for
}

// Sessions gives out temporary credentials. They are documents: they outlive
// the process, and every node knows them.
type Sessions struct {
	store store.Store
	book  *Book
	log   *slog.Logger
	serve services
}

// NewSessions makes sessions of the identities in book.
func NewSessions(st store.Store, book *Book, log *slog.Logger) *Sessions {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Sessions{store: st, book: book, log: log, serve: newServices()}
}

// Issues says whether tokens of an issuer are taken for credentials.
func (s *Sessions) Issues(issuer string) bool { return s.book.Issues(issuer) }

// Wish is what somebody asks a session for.
type Wish struct {
	By         *Identity // who asks; nil: it is not asked who may
	Name       string    // of the session or of the federated user
	Seconds    int32     // 0: the default
	Policies   []string  // session policies, JSON text
	PolicyARNs []string
	Tags       map[string]string

	// Of AssumeRole only.
	Role           string // ARN
	SourceIdentity string
	ExternalID     string
	Circumstance   func(key string) (iam.Attribute, bool) // of the request
}

// Quotas of sessions.
// parity: IAM User Guide, "IAM and AWS STS quotas"
const (
	maxSessionPolicy = 2048
	shortest         = 900
	chained          = 3600    // a role assumed by a role
	longest          = 129_600 // of a user; 36 hours
	rootLongest      = 3600
	userDefault      = 43_200
	roleDefault      = 3600
)

// Assume begins a session of a role, if the role trusts who asks.
// parity: AWS STS API Reference, "AssumeRole"
func (s *Sessions) Assume(ctx context.Context, w *Wish) (Credentials, error) {
	role, err := s.trusted(w)
	if err != nil {
		return Credentials{}, err
	}
	seconds := w.Seconds
	if seconds == 0 {
		seconds = min(roleDefault, role.maxSession)
	}
	switch {
	case seconds > role.maxSession:
		return Credentials{}, fault.BadRequest.Typed("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case w.By != nil && w.By.Type == "AssumedRole" && seconds > chained:
		return Credentials{}, fault.BadRequest.Typed("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return s.begin(ctx, w, api.Session{
		Kind: KindRole, Holder: role.Name, HolderID: role.ID, Name: w.Name, SourceIdentity: w.SourceIdentity, Tags: w.Tags,
	}, seconds)
}

// trusted is the role, if it trusts who asks.
func (s *Sessions) trusted(w *Wish) (*entity, error) {
	s.book.mu.RLock()
	role := s.book.roleByARN(w.Role)
	s.book.mu.RUnlock()
	denied := func(action string) error {
		return &fault.Error{
			Kind: fault.Denied, Type: "AccessDenied", Status: 403,
			Message: "User: " + w.By.name() + " is not authorized to perform: " + action + " on resource: " + w.Role,
		}
	}
	switch {
	case role == nil:
		return nil, denied("sts:AssumeRole")
	case w.By == nil:
		return role, nil
	case w.By.Principal.Kind == iam.Root:
		return nil, &fault.Error{Kind: fault.Denied, Type: "AccessDenied", Status: 403, Message: "Roles may not be assumed by root accounts."}
	}
	actions := []string{"sts:AssumeRole"}
	if len(w.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if w.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		d, _ := w.By.Decide(&Question{Action: action, Resource: w.Role, Policy: role.trust, Circumstance: w.circumstance})
		if d.Outcome != iam.Allowed {
			return nil, denied(action)
		}
	}
	return role, nil
}

// circumstance is an attribute of a wish.
func (w *Wish) circumstance(key string) (iam.Attribute, bool) {
	var value string
	switch key {
	case "sts:rolesessionname":
		value = w.Name
	case "sts:externalid":
		value = w.ExternalID
	case "sts:sourceidentity":
		value = w.SourceIdentity
	case "aws:tagkeys", "sts:transitivetagkeys":
		if len(w.Tags) == 0 || key != "aws:tagkeys" {
			return iam.Attribute{}, false
		}
		return iam.Attribute{Key: key, Values: slices.Sorted(maps.Keys(w.Tags))}, true
	default:
		if name, ok := strings.CutPrefix(key, "aws:requesttag/"); ok {
			for k, v := range w.Tags {
				if strings.EqualFold(k, name) {
					return iam.Attribute{Key: key, Value: v}, true
				}
			}
			return iam.Attribute{}, false
		}
		if w.Circumstance == nil {
			return iam.Attribute{}, false
		}
		return w.Circumstance(key)
	}
	return iam.Attribute{Key: key, Value: value}, value != ""
}

func (id *Identity) name() string {
	if id == nil {
		return "anonymous"
	}
	return id.Principal.ARN
}

// OfUser begins a session of the user who asks, or of the root.
// parity: AWS STS API Reference, "GetSessionToken"
func (s *Sessions) OfUser(ctx context.Context, w *Wish) (Credentials, error) {
	doc, err := s.own(w, "GetSessionToken")
	if err != nil {
		return Credentials{}, err
	}
	return s.begin(ctx, w, doc, length(w, doc.Kind))
}

// Federate begins a session of somebody whom the user who asks vouches for.
// parity: AWS STS API Reference, "GetFederationToken"
func (s *Sessions) Federate(ctx context.Context, w *Wish) (Credentials, error) {
	doc, err := s.own(w, "GetFederationToken")
	if err != nil {
		return Credentials{}, err
	}
	seconds := length(w, doc.Kind)
	if doc.Kind == KindRoot {
		return Credentials{}, fault.Denied.Typed("AccessDenied", "GetFederationToken needs the credentials of a user.")
	}
	doc.Kind, doc.Name, doc.Tags = KindFederated, w.Name, w.Tags
	return s.begin(ctx, w, doc, seconds)
}

// own is a session of who asks, who must have signed with a key of their own.
func (s *Sessions) own(w *Wish, operation string) (api.Session, error) {
	switch {
	case w.By == nil || w.By.Principal.Kind == iam.Root && !w.By.Temporary:
		return api.Session{Kind: KindRoot}, nil
	case w.By.Temporary || w.By.User == "":
		return api.Session{}, &fault.Error{Kind: fault.Denied, Type: "AccessDenied", Status: 403, Message: "Cannot call " + operation + " with session credentials"}
	}
	return api.Session{Kind: KindUser, Holder: w.By.User, HolderID: w.By.Principal.ID}, nil
}

func length(w *Wish, kind string) int32 {
	most := int32(longest)
	if kind == KindRoot {
		most = rootLongest
	}
	if w.Seconds == 0 {
		return min(userDefault, most)
	}
	return min(max(w.Seconds, shortest), most)
}

// begin writes a session down.
func (s *Sessions) begin(ctx context.Context, w *Wish, doc api.Session, seconds int32) (Credentials, error) {
	size := 0
	for _, text := range w.Policies {
		if _, err := iam.Parse([]byte(text), iam.Identity); err != nil {
			return Credentials{}, &fault.Error{Kind: fault.BadRequest, Type: "MalformedPolicyDocument", Status: 400, Message: err.Error()}
		}
		size += iam.Size(text)
	}
	if size > maxSessionPolicy {
		return Credentials{}, &fault.Error{
			Kind: fault.BadRequest, Type: "PackedPolicyTooLarge", Status: 400,
			Message: fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", 100*size/maxSessionPolicy),
		}
	}
	now := s.book.cfg.Now().UTC().Truncate(time.Second)
	doc.ID, doc.Secret, doc.Token = NewAccessKeyID(ShortTerm, s.book.cfg.Account), NewSecret(), newToken()
	doc.Policies, doc.PolicyARNs = w.Policies, w.PolicyARNs
	doc.IssuedDate, doc.ExpiresDate = now, now.Add(time.Duration(seconds)*time.Second)
	err := s.store.Update(ctx, func(tx store.Tx) error { return store.Put(tx, api.SessionKey(doc.ID), doc) })
	if err != nil {
		return Credentials{}, fmt.Errorf("begin a session: %w", err)
	}
	// This node need not wait for its own feed: the caller may use the key at once.
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	s.book.sessions[doc.ID] = doc
	out := Credentials{AccessKeyID: doc.ID, SecretAccessKey: doc.Secret, SessionToken: doc.Token, Expires: doc.ExpiresDate}
	if who := s.book.resolve(doc.ID); who != nil {
		out.ARN, out.ID = who.Principal.ARN, who.Principal.ID
	}
	return out, nil
}

// PackedSize is how much of what a session may say of its policies a wish
// uses, in percent.
func (w *Wish) PackedSize() int32 {
	size := 0
	for _, text := range w.Policies {
		size += iam.Size(text)
	}
	for k, v := range w.Tags {
		size += len(k) + len(v)
	}
	return int32((100*size + maxSessionPolicy - 1) / maxSessionPolicy)
}

// What is left of sessions that are over: they are kept for a while, so that
// their keys are told to be expired and not to be unknown.
const (
	keptFor    = 12 * time.Hour
	sweepEvery = 10 * time.Minute
)

// Run deletes sessions that are over, until ctx is done.
func (s *Sessions) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("sessions that are over could not be deleted", "error", err)
		}
	}
}

// Sweep deletes the sessions that have been over for long enough.
func (s *Sessions) Sweep(ctx context.Context) error {
	before := s.book.cfg.Now().Add(-keptFor)
	var over []string
	s.book.mu.RLock()
	for id, doc := range s.book.sessions {
		if doc.ExpiresDate.Before(before) {
			over = append(over, id)
		}
	}
	s.book.mu.RUnlock()
	if len(over) == 0 {
		return nil
	}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		for _, id := range over {
			if err := tx.Delete(api.SessionKey(id)); err != nil && !errors.Is(err, store.ErrMissing) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	return nil
}
