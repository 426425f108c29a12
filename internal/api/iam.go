package api

import (
	"strings"
	"time"
)

// Identity is what roles, users and groups of IAM have in common.
type Identity struct {
	Name        string            `json:"name"`
	ID          string            `json:"id"` // AROA..., AIDA... or AGPA..., never used again
	Path        string            `json:"path"`
	CreatedDate time.Time         `json:"createdDate"`
	Inline      map[string]string `json:"inline,omitempty"`   // policy name -> JSON text as sent
	Attached    []string          `json:"attached,omitempty"` // ARNs of managed policies, in the order of attachment
	Boundary    *string           `json:"boundary,omitempty"` // ARN of a managed policy; not of a group
	Tags        map[string]string `json:"tags,omitempty"`     // not of a group; keys differ in more than case
}

// Role is an identity that others take on.
type Role struct {
	Identity
	TrustPolicy string  `json:"trustPolicy"` // JSON text as sent: who may assume the role
	Description *string `json:"description,omitempty"`
	MaxSession  int32   `json:"maxSession"` // seconds
}

// User is an identity with access keys of its own.
type User struct {
	Identity
	Groups     []string `json:"groups,omitempty"`     // names
	AccessKeys []string `json:"accessKeys,omitempty"` // ids
}

// Group is a set of users that share policies. The users know their groups.
type Group struct {
	Identity
}

// AccessKey is a user's access key. The secret is kept as it is: a signature
// cannot be checked without it.
type AccessKey struct {
	ID          string    `json:"id"` // AKIA...
	Secret      string    `json:"secret"`
	User        string    `json:"user"` // name
	Active      bool      `json:"active"`
	CreatedDate time.Time `json:"createdDate"`
}

// Session is a set of temporary credentials, as STS gives them out. The secret
// is kept as it is, like that of an AccessKey.
type Session struct {
	ID             string            `json:"id"` // ASIA...
	Secret         string            `json:"secret"`
	Token          string            `json:"token"`
	Kind           string            `json:"kind"`               // role, user, federated, root
	Holder         string            `json:"holder,omitempty"`   // name of the role or user that it stands for
	HolderID       string            `json:"holderId,omitempty"` // its id: the session ends with it
	Name           string            `json:"name,omitempty"`     // of the session of a role, or of the federated user
	Policies       []string          `json:"policies,omitempty"` // session policies, JSON text
	PolicyARNs     []string          `json:"policyArns,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
	SourceIdentity string            `json:"sourceIdentity,omitempty"`
	IssuedDate     time.Time         `json:"issuedDate"`
	ExpiresDate    time.Time         `json:"expiresDate"`
}

// ManagedPolicy is a policy that is attached to identities by its ARN, with
// all its versions.
type ManagedPolicy struct {
	Name        string            `json:"name"`
	ID          string            `json:"id"` // ANPA...
	ARN         string            `json:"arn"`
	Path        string            `json:"path"`
	Description *string           `json:"description,omitempty"`
	Default     string            `json:"default"` // id of a version
	LastVersion int               `json:"lastVersion"`
	Versions    []PolicyVersion   `json:"versions"` // the oldest first
	CreatedDate time.Time         `json:"createdDate"`
	UpdatedDate time.Time         `json:"updatedDate"`
	Tags        map[string]string `json:"tags,omitempty"` // keys differ in more than case
}

// PolicyVersion is one text of a managed policy.
type PolicyVersion struct {
	ID          string    `json:"id"`       // v1, v2, ...
	Document    string    `json:"document"` // JSON text as sent
	CreatedDate time.Time `json:"createdDate"`
}

// PolicyUse marks one identity that uses a managed policy, so that a policy
// finds them. It is written and deleted with the use itself.
type PolicyUse struct {
	Kind string `json:"kind"` // role, user, group
	Name string `json:"name"`
	ID   string `json:"id"`
	Path string `json:"path"`
}

// Keys of IAM. Names differ in more than case (parity: IAM User Guide, "IAM
// names": they are not distinguished by case), so keys are in lower case.

// Roles is the prefix of all roles.
const Roles string = "iam/role/"

// RoleKey is one role.
func RoleKey(name string) string { return Roles + folded(name) }

// Users is the prefix of all users.
const Users string = "iam/user/"

// UserKey is one user.
func UserKey(name string) string { return Users + folded(name) }

// Groups is the prefix of all groups.
const Groups string = "iam/group/"

// GroupKey is one group.
func GroupKey(name string) string { return Groups + folded(name) }

// ManagedPolicies is the prefix of the account's own managed policies.
const ManagedPolicies string = "iam/policy/"

// ManagedPolicyKey is one managed policy: their names differ, whatever their paths.
func ManagedPolicyKey(name string) string { return ManagedPolicies + folded(name) }

// OIDCProvider is an OpenID Connect issuer whose tokens can be given for
// credentials.
type OIDCProvider struct {
	URL         string            `json:"url"` // as iss has it
	ClientIDs   []string          `json:"clientIds,omitempty"`
	Thumbprints []string          `json:"thumbprints,omitempty"` // kept, and not asked: AWS's roots count
	CreatedDate time.Time         `json:"createdDate"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// Name is the issuer's URL without its scheme: the end of the provider's ARN and
// the beginning of condition keys.
func (p *OIDCProvider) Name() string {
	_, name, _ := strings.Cut(p.URL, "://")
	return name
}

// OIDCProviders is the prefix of all of them.
const OIDCProviders string = "iam/oidc/"

// OIDCProviderKey is one of them, by its name.
func OIDCProviderKey(name string) string { return OIDCProviders + seg(name) }

// AccessKeys is the prefix of all access keys.
const AccessKeys string = "iam/accesskey/"

// AccessKeyKey is one access key.
func AccessKeyKey(id string) string { return AccessKeys + seg(id) }

// Sessions is the prefix of all sessions.
const Sessions string = "iam/session/"

// SessionKey is one session, by its access key.
func SessionKey(id string) string { return Sessions + seg(id) }

// PolicyUses is the prefix of the marks of all who use a managed policy, the
// account's own or AWS's, as a policy or as a boundary of permissions.
func PolicyUses(arn string, boundary bool) string {
	if boundary {
		return "iam/boundary/" + seg(arn) + "/"
	}
	return "iam/attachment/" + seg(arn) + "/"
}

// PolicyUseKey is the mark of one identity, which is named by its own key.
func PolicyUseKey(arn string, boundary bool, identity string) string {
	return PolicyUses(arn, boundary) + seg(identity)
}

func folded(name string) string { return seg(strings.ToLower(name)) }
