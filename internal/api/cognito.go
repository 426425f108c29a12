package api

import (
	"encoding/json"
	"strings"
	"time"
)

// UserPool is a user pool of Cognito that is kept here.
type UserPool struct {
	ID         string            `json:"id"` // REGION_LETTERS
	Name       string            `json:"name"`
	Created    time.Time         `json:"created"`
	Modified   time.Time         `json:"modified"`
	Domain     string            `json:"domain,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
	Settings   json.RawMessage   `json:"settings"`   // as DescribeUserPool shows them
	FoldNames  bool              `json:"foldNames"`  // names of users differ in more than case
	UserNumber int               `json:"userNumber"` // how many users there are
}

// PoolKeys are the keys that a pool signs with, the one in use first. All are
// published: the second is the next one, so that nobody meets a key that they
// have not heard of.
type PoolKeys struct {
	Pool    string    `json:"pool"`
	Keys    []PoolKey `json:"keys"`
	Rotated time.Time `json:"rotated"`
}

// PoolKey is one key. What is sealed is of no use without the key of this
// installation.
type PoolKey struct {
	ID     string          `json:"id"`
	Public json.RawMessage `json:"public"`           // a JWK
	Sealed []byte          `json:"sealed,omitempty"` // PKCS #8; empty: it only verifies
}

// PoolClient is an app client of a pool.
type PoolClient struct {
	ID       string          `json:"id"`
	Pool     string          `json:"pool"`
	Name     string          `json:"name"`
	Secret   []byte          `json:"secret,omitempty"` // sealed; empty: it has none
	Created  time.Time       `json:"created"`
	Modified time.Time       `json:"modified"`
	Settings json.RawMessage `json:"settings"` // as DescribeUserPoolClient shows them, without the secret
}

// PoolUser is a user of a pool.
type PoolUser struct {
	Name       string            `json:"name"`
	Sub        string            `json:"sub"`
	Attributes map[string]string `json:"attributes"` // sub is not among them
	Groups     []string          `json:"groups,omitempty"`
	Status     string            `json:"status"`
	Disabled   bool              `json:"disabled,omitempty"`
	Created    time.Time         `json:"created"`
	Modified   time.Time         `json:"modified"`
	Password   *PoolPassword     `json:"password,omitempty"` // nil: none was ever set
	Code       *PoolCode         `json:"code,omitempty"`     // the last one that was sent
	Verify     *PoolCode         `json:"verify,omitempty"`   // of an attribute, the last one
	SignedOut  time.Time         `json:"signedOut"`          // sessions that began before are over
}

// PoolPassword is what a password is checked with. Nothing of it tells the
// password.
type PoolPassword struct {
	Salt     []byte    `json:"salt"`     // of Hash
	Rounds   int       `json:"rounds"`   // of PBKDF2
	Hash     []byte    `json:"hash"`     // PBKDF2 with HMAC-SHA-512
	SRPSalt  []byte    `json:"srpSalt"`  // of the verifier
	Verifier []byte    `json:"verifier"` // of SRP, sealed
	Expires  time.Time `json:"expires"`  // of a temporary one; zero: never
}

// PoolCode is a code that was sent to a user, once.
type PoolCode struct {
	Purpose   string    `json:"purpose"`   // signup, password, or attribute
	Attribute string    `json:"attribute"` // that it was sent to
	Salt      []byte    `json:"salt"`
	Hash      []byte    `json:"hash"`
	Expires   time.Time `json:"expires"`
	Wrong     int       `json:"wrong,omitempty"` // how often something else was given for it
}

// PoolSession is a user who is signed in with a client: it stands for a refresh
// token, and for the other tokens that were given out with it.
type PoolSession struct {
	ID       string    `json:"id"` // origin_jti of its tokens
	Pool     string    `json:"pool"`
	Client   string    `json:"client"`
	User     string    `json:"user"` // sub
	Hash     []byte    `json:"hash"` // of the refresh token
	Former   []byte    `json:"former,omitempty"`
	Grace    time.Time `json:"grace"` // until when the former one is taken
	AuthTime time.Time `json:"authTime"`
	Expires  time.Time `json:"expires"`
}

// PoolGroup is a group of users. The users know their groups.
type PoolGroup struct {
	Name        string    `json:"name"`
	Description *string   `json:"description,omitempty"`
	RoleARN     *string   `json:"roleArn,omitempty"`
	Precedence  *int32    `json:"precedence,omitempty"`
	Created     time.Time `json:"created"`
	Modified    time.Time `json:"modified"`
}

// PoolServer is a resource server: it has the scopes that access tokens may have.
type PoolServer struct {
	Identifier string      `json:"identifier"`
	Name       string      `json:"name"`
	Scopes     [][2]string `json:"scopes,omitempty"` // name and description
}

// Keys of user pools.
const (
	UserPools      string = "cognito/pool/"
	PoolKeySets    string = "cognito/keys/"
	PoolClientIDs  string = "cognito/clientid/"
	PoolDomainList string = "cognito/domain/"
)

// UserPoolKey is one pool.
func UserPoolKey(id string) string { return UserPools + seg(id) }

// PoolKeysKey are the keys of a pool.
func PoolKeysKey(id string) string { return PoolKeySets + seg(id) }

// PoolTree is the prefix of everything that belongs to one pool but its own
// document, its keys, and the marks that lead to it.
func PoolTree(pool string) string { return "cognito/tree/" + seg(pool) + "/" }

// PoolClients is the prefix of the clients of a pool.
func PoolClients(pool string) string { return PoolTree(pool) + "client/" }

// PoolClientKey is one client.
func PoolClientKey(pool, id string) string { return PoolClients(pool) + seg(id) }

// PoolClientIDKey leads from the id of a client to its pool's (a JSON string).
func PoolClientIDKey(id string) string { return PoolClientIDs + seg(id) }

// PoolDomainKey leads from a domain to the pool's id (a JSON string).
func PoolDomainKey(domain string) string { return PoolDomainList + folded(domain) }

// PoolUsers is the prefix of the users of a pool.
func PoolUsers(pool string) string { return PoolTree(pool) + "user/" }

// PoolUserKey is one user, by the sub: names may be changed where they are
// attributes.
func PoolUserKey(pool, sub string) string { return PoolUsers(pool) + seg(sub) }

// PoolNameKey leads from a name or another attribute that a user signs in with
// to the sub (a JSON string). kind is name, email, phone_number or
// preferred_username.
func PoolNameKey(pool, kind, value string, fold bool) string {
	if fold || kind == "email" {
		value = strings.ToLower(value)
	}
	return PoolTree(pool) + "name/" + seg(kind) + "/" + seg(value)
}

// PoolSessions is the prefix of the sessions of a pool.
func PoolSessions(pool string) string { return PoolTree(pool) + "session/" }

// PoolSessionKey is one session.
func PoolSessionKey(pool, id string) string { return PoolSessions(pool) + seg(id) }

// PoolGroups is the prefix of the groups of a pool.
func PoolGroups(pool string) string { return PoolTree(pool) + "group/" }

// PoolGroupKey is one group.
func PoolGroupKey(pool, name string) string { return PoolGroups(pool) + seg(name) }

// PoolServers is the prefix of the resource servers of a pool.
func PoolServers(pool string) string { return PoolTree(pool) + "server/" }

// PoolServerKey is one resource server.
func PoolServerKey(pool, identifier string) string { return PoolServers(pool) + seg(identifier) }
