package api

import "time"

// LogGroup is a log group that somebody made or set something for; its events
// are not documents.
type LogGroup struct {
	Name      string            `json:"name"`
	Class     string            `json:"class"`               // STANDARD, INFREQUENT_ACCESS, DELIVERY
	Retention *int32            `json:"retention,omitempty"` // days; nil: for ever
	KMSKeyID  *string           `json:"kmsKeyId,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	Created   time.Time         `json:"created"`
}

// LogGroups is the prefix of all log groups.
const LogGroups string = "loggroup/"

// LogGroupKey is one log group.
func LogGroupKey(name string) string { return LogGroups + seg(name) }
