package api

import (
	"encoding/json"
	"time"
)

// Stack is what a template was deployed as. It is written after every resource
// that was made, so a deployment that is cut off knows what it left.
type Stack struct {
	ID        string            `json:"id"` // ARN
	Name      string            `json:"name"`
	Status    string            `json:"status"` // CREATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE, ...
	Reason    string            `json:"reason,omitempty"`
	Template  string            `json:"template"`
	Created   time.Time         `json:"created"`
	Updated   time.Time         `json:"updated"`
	Params    map[string]string `json:"parameters,omitempty"` // NoEcho values are masked
	Outputs   []StackOutput     `json:"outputs,omitempty"`
	Resources []StackResource   `json:"resources"` // in the order in which they were made
	// Pending is the logical id of the resource that is being made: it may be
	// there without a record. Empty unless a deployment is under way or was cut short.
	Pending string `json:"pending,omitempty"`
}

// StackOutput is one output of a stack.
type StackOutput struct {
	Key         string `json:"key"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	Export      string `json:"export,omitempty"`
}

// StackResource is one resource of a stack.
type StackResource struct {
	LogicalID  string          `json:"logicalId"`
	Type       string          `json:"type"`
	PhysicalID string          `json:"physicalId"`
	Ref        string          `json:"ref"`             // what Ref gives
	Attributes map[string]any  `json:"attributes"`      // what GetAtt gives
	Properties json.RawMessage `json:"properties"`      // resolved
	Stamp      string          `json:"stamp,omitempty"` // of files the properties name; a new one is a change
	Retain     bool            `json:"retain,omitempty"`
	Stub       bool            `json:"stub,omitempty"` // a tolerated type: nothing was made
}

// Stacks is the prefix of all stacks.
const Stacks = "stack/"

// StackKey is one stack.
func StackKey(name string) string { return Stacks + seg(name) }
