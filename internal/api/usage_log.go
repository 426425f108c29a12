package api

import "fmt"

// Usage is how often a key was used under a plan, as it stands at the end of a
// day or, for the last day of use, so far. Days are those since 1970-01-01, UTC.
type Usage struct {
	Day   int32 `json:"day"`
	Used  int64 `json:"used"`            // on that day
	Week  int64 `json:"week,omitempty"`  // on the days of its week before it; weeks begin on Monday
	Month int64 `json:"month,omitempty"` // on the days of its month before it
	// Left is what was left of the quota at the end of the day; nil: there was
	// no quota, or the day is not over.
	Left *int64 `json:"left,omitempty"`
}

// UsageGrant is what an operator gave a key on top of a plan's quota, in one
// period.
type UsageGrant struct {
	Period string `json:"period"` // DAY, WEEK, MONTH
	Start  int32  `json:"start"`  // the period's first day
	Amount int64  `json:"amount"` // requests; negative: fewer than the quota
}

// Usages is the prefix of what keys have used, on the last day of their use.
const Usages string = "usage/"

// UsagesOfPlan is the prefix of what the keys of one plan have used.
func UsagesOfPlan(plan string) string { return Usages + seg(plan) + "/" }

// UsageKey is what one key has used of one plan.
func UsageKey(plan, key string) string { return UsagesOfPlan(plan) + seg(key) }

// UsageLogs is the prefix of all days of use that are over, the oldest first.
const UsageLogs string = "usagelog/"

// UsageLogsOfDay is the prefix of one day.
func UsageLogsOfDay(day int32) string { return fmt.Sprintf("%s%06d/", UsageLogs, day) }

// UsageLogsOfPlan is the prefix of one day of one plan.
func UsageLogsOfPlan(day int32, plan string) string { return UsageLogsOfDay(day) + seg(plan) + "/" }

// UsageLogKey is one day of one key under one plan.
func UsageLogKey(day int32, plan, key string) string { return UsageLogsOfPlan(day, plan) + seg(key) }

// UsageGrants is the prefix of what operators granted.
const UsageGrants string = "usagegrant/"

// UsageGrantsOfPlan is the prefix of what was granted under one plan.
func UsageGrantsOfPlan(plan string) string { return UsageGrants + seg(plan) + "/" }

// UsageGrantKey is what was granted to one key under one plan.
func UsageGrantKey(plan, key string) string { return UsageGrantsOfPlan(plan) + seg(key) }
