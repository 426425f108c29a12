package api

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Event is the record of one control-plane call, kept for whoever asks later
// what was done. Record is the event as CloudTrail shows it; the other fields
// say what it can be found by.
type Event struct {
	ID        string          `json:"id"`
	Time      time.Time       `json:"time"`
	Name      string          `json:"name"`   // such as CreateRestApi
	Source    string          `json:"source"` // such as apigateway.amazonaws.com
	ReadOnly  bool            `json:"readOnly,omitempty"`
	User      string          `json:"user,omitempty"`
	KeyID     string          `json:"keyId,omitempty"` // of the access key
	Resources []EventResource `json:"resources,omitempty"`
	Record    json.RawMessage `json:"record"`
}

// EventResource is something that a call had to do with.
type EventResource struct {
	Type string `json:"type"` // such as AWS::ApiGateway::RestApi
	Name string `json:"name"`
}

// Events is the prefix of all records of calls. They come with the newest
// first.
const Events string = "event/"

// EventsFrom is what comes before the keys of all events at t and earlier, and
// after those of later ones.
func EventsFrom(t time.Time) string {
	return fmt.Sprintf("%s%019d", Events, math.MaxInt64-t.UnixNano())
}

// Key is where the event is kept.
func (e *Event) Key() string { return EventsFrom(e.Time) + "/" + seg(e.ID) }
