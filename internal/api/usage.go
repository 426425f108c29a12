package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// APIKey tells a customer from others, so that their calls can be counted and
// throttled. It is no proof of who calls.
type APIKey struct {
	ID          string  `json:"id"`
	Value       string  `json:"value"` // what callers send; no other key has it
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	CustomerID  *string `json:"customerId,omitempty"`
	Enabled     bool    `json:"enabled"`
	// StageKeys are "{api}/{stage}", from before there were usage plans.
	StageKeys []string `json:"stageKeys,omitempty"`
	Labels    []string `json:"labels,omitempty"`
	// CreatedDate is kept to the nanosecond: lists begin with the newest.
	CreatedDate     time.Time         `json:"createdDate"`
	LastUpdatedDate time.Time         `json:"lastUpdatedDate"`
	Tags            map[string]string `json:"tags,omitempty"`
}

// UsagePlan says what the callers with its keys may use, and how much.
type UsagePlan struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description *string           `json:"description,omitempty"`
	ProductCode *string           `json:"productCode,omitempty"`
	Stages      []PlanStage       `json:"apiStages,omitempty"`
	Throttle    *Throttle         `json:"throttle,omitempty"` // for each key, in each stage
	Quota       *Quota            `json:"quota,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// PlanStage is a stage that a usage plan opens.
type PlanStage struct {
	API   string `json:"apiId"`
	Stage string `json:"stage"`
	// Throttle overrides the plan's for single methods: "/pets/GET".
	Throttle map[string]Throttle `json:"throttle,omitempty"`
}

// Throttle is a token bucket's size and rate. What is nil is not limited.
type Throttle struct {
	BurstLimit *int32   `json:"burstLimit,omitempty"` // requests
	RateLimit  *float64 `json:"rateLimit,omitempty"`  // requests a second
}

// Quota is how many requests a key may make in a period.
type Quota struct {
	Limit  int32  `json:"limit"`
	Offset int32  `json:"offset"` // taken off the limit of the first period
	Period string `json:"period"` // DAY, WEEK, MONTH
}

// UsagePlanKey puts an API key into a usage plan.
type UsagePlanKey struct {
	Plan      string    `json:"usagePlanId"`
	Key       string    `json:"keyId"`
	AddedDate time.Time `json:"addedDate"` // to the nanosecond: lists begin with the newest
}

// KeyEntry is what a list of API keys looks at before it reads a key.
type KeyEntry struct {
	ID         string  `json:"id"`
	Name       *string `json:"name,omitempty"`
	CustomerID *string `json:"customerId,omitempty"`
}

// APIKeys is the prefix of all API keys.
const APIKeys string = "apikey/"

// APIKeyKey is one API key.
func APIKeyKey(id string) string { return APIKeys + seg(id) }

// APIKeyValueKey leads from a key's value to its id, which the document is (as
// a JSON string). The value itself is not in it.
func APIKeyValueKey(value string) string {
	sum := sha256.Sum256([]byte(value))
	return "apikeyvalue/" + hex.EncodeToString(sum[:])
}

// KeyEntries is the prefix of the entries of all API keys, the newest first.
const KeyEntries string = "apikeyentry/"

// KeyEntryKey is the entry of one API key.
func KeyEntryKey(made time.Time, id string) string { return KeyEntries + newest(made) + "/" + seg(id) }

// newest is a segment that sorts before those of all that is older.
func newest(made time.Time) string { return fmt.Sprintf("%019d", math.MaxInt64-made.UnixNano()) }

// UsagePlans is the prefix of all usage plans.
const UsagePlans string = "usageplan/"

// UsagePlanAt is one usage plan. (UsagePlanKey is a noun.)
func UsagePlanAt(id string) string { return UsagePlans + seg(id) }

// PlanKeys is the prefix of which API keys are in which usage plan.
const PlanKeys string = "usageplankey/"

// KeysOfPlan is the prefix of the API keys in one usage plan.
func KeysOfPlan(plan string) string { return PlanKeys + seg(plan) + "/" }

// PlanKeyKey is one API key in one usage plan.
func PlanKeyKey(plan, key string) string { return KeysOfPlan(plan) + seg(key) }

// PlanKeyEntries is the prefix of the ids of the API keys in one usage plan,
// those that came last into it first.
func PlanKeyEntries(plan string) string { return "usageplankeyentry/" + seg(plan) + "/" }

// PlanKeyEntryKey is where the id of one API key in a usage plan is.
func PlanKeyEntryKey(k UsagePlanKey) string {
	return PlanKeyEntries(k.Plan) + newest(k.AddedDate) + "/" + seg(k.Key)
}
