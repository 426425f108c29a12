package control

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Auditor keeps the records of calls that change something.
type Auditor interface {
	// Join gives a ctx under which what the call changes commits together with
	// the record, which then tells only what was asked.
	Join(ctx context.Context, e *api.Event) (context.Context, error)
	// Keep writes the record, whole now, and returns when it is durable.
	Keep(ctx context.Context, e *api.Event) error
}

// record is an event as CloudTrail writes it.
//
// parity: services-observability.md 9.6
type record struct {
	EventVersion       string           `json:"eventVersion"`
	UserIdentity       identity         `json:"userIdentity"`
	EventTime          string           `json:"eventTime"`
	EventSource        string           `json:"eventSource"`
	EventName          string           `json:"eventName"`
	AWSRegion          string           `json:"awsRegion"`
	SourceIPAddress    string           `json:"sourceIPAddress"`
	UserAgent          string           `json:"userAgent"`
	ErrorCode          string           `json:"errorCode,omitempty"`
	ErrorMessage       string           `json:"errorMessage,omitempty"`
	RequestParameters  any              `json:"requestParameters"`
	ResponseElements   any              `json:"responseElements"`
	RequestID          string           `json:"requestID"`
	EventID            string           `json:"eventID"`
	ReadOnly           bool             `json:"readOnly"`
	Resources          []recordResource `json:"resources,omitempty"`
	EventType          string           `json:"eventType"`
	ManagementEvent    bool             `json:"managementEvent"`
	RecipientAccountID string           `json:"recipientAccountId"`
	EventCategory      string           `json:"eventCategory"`
}

type recordResource struct {
	ARN       string `json:"ARN"`
	AccountID string `json:"accountId"`
	Type      string `json:"type,omitempty"`
}

// entry is the record of a call under way. A nil entry is a call that leaves
// none.
type entry struct {
	server  *Server
	service *service
	op      *wire.Operation
	ctx     context.Context //nolint:containedctx // what Join gave; the entry lives as long as the call
	event   api.Event
	record  record
	veil    veil
	labels  map[string]string // what the call is for, by the labels of paths
}

// begin notes a call. in is its input, or nil for one that could not be read.
func (s *Server) begin(ctx context.Context, one *service, op *wire.Operation, in any) *entry {
	if s.audit == nil || ctx == nil || !recorded(one.table, op) {
		return nil
	}
	o := OriginOf(ctx)
	now := time.Now().UTC()
	e := &entry{server: s, service: one, op: op, ctx: ctx, veil: veil{table: one.table}}
	e.record = record{
		EventVersion: "1.09", UserIdentity: identify(o), EventTime: now.Truncate(time.Second).Format(time.RFC3339),
		EventSource: one.table.Signing + ".amazonaws.com", EventName: eventName(one.table, op), AWSRegion: o.Region,
		SourceIPAddress: o.SourceIP, UserAgent: cut(o.UserAgent, mostAgent), RequestID: o.RequestID, EventID: newEventID(),
		ReadOnly: readOnly(one.table, op), EventType: "AwsApiCall", ManagementEvent: true,
		RecipientAccountID: s.account, EventCategory: "Management",
	}
	e.event = api.Event{
		ID: e.record.EventID, Time: now, Name: e.record.EventName, Source: e.record.EventSource, ReadOnly: e.record.ReadOnly,
		User: e.record.UserIdentity.name(), KeyID: o.Caller.AccessKey,
	}
	if in != nil {
		e.record.RequestParameters = e.veil.parameters(op, in)
		e.touch(e.veil.labels(op, in))
	}
	return e
}

// newEventID makes the id of an event. Those of one process come in the order
// of their times.
func newEventID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return newID()
	}
	return id.String()
}

// join gives the ctx that the handler gets.
func (e *entry) join(ctx context.Context) (context.Context, error) {
	if e == nil {
		return ctx, nil
	}
	if err := e.write(); err != nil {
		return nil, err
	}
	joined, err := e.server.audit.Join(ctx, &e.event)
	if err != nil {
		return nil, err
	}
	e.ctx = joined
	return joined, nil
}

// end keeps the record of a call that went well or not. The call's change, if
// it made one, is on disk with its record by now, so that an answer that cannot
// be added does not make it fail.
func (e *entry) end(out any, failure error) {
	if e == nil {
		return
	}
	if failure != nil {
		f := e.service.render(failure)
		e.record.ErrorCode, e.record.ErrorMessage = f.Code, cut(e.veil.scrub(f.Message), mostMessage)
	} else if out != nil && !e.record.ReadOnly && !e.op.NoOutput && e.op.Method != http.MethodDelete {
		e.answered(out)
	}
	err := e.write()
	if err == nil {
		err = e.server.audit.Keep(e.ctx, &e.event)
	}
	if err != nil {
		e.server.log.Error("the record of a call cannot be kept", "operation", e.op.Name, "request_id", e.record.RequestID, "error", err)
	}
}

// answered notes what a call gave. What it made may have a secret for a name: an
// API key without an id of its own is its value.
func (e *entry) answered(out any) {
	labels := e.veil.named(e.op, out, e.labels)
	elements := e.veil.elements(e.op, out)
	for _, s := range e.veil.secrets {
		for name, value := range labels {
			if value == s {
				labels[name] = hidden
			}
		}
		for name, value := range elements {
			if value == s {
				elements[name] = hidden
			}
		}
	}
	e.touch(labels)
	if gatewayV1(e.service.table) {
		relations(elements, e.service.table.Shape(e.op.Output).Name, labels, e.service.memberOf())
	}
	if len(elements) > 0 {
		e.record.ResponseElements = elements
	}
}

// write puts the record into the event.
func (e *entry) write() (err error) {
	e.record.RequestParameters = bounded(e.record.RequestParameters)
	e.record.ResponseElements = bounded(e.record.ResponseElements)
	e.event.Record, err = json.Marshal(&e.record)
	return err
}

// Limits of what a record repeats of a call, in bytes.
const (
	mostElements = 100 << 10
	mostAgent    = 1 << 10
	mostMessage  = 1 << 10
)

// bounded leaves out what is too large.
//
// parity: services-observability.md 9.6, more than 100 KB is cut
func bounded(v any) any {
	if _, done := v.(json.RawMessage); done || v == nil {
		return v
	}
	text, err := json.Marshal(v)
	if err == nil && len(text) <= mostElements {
		return json.RawMessage(text)
	}
	text, err = json.Marshal(map[string]any{"omitted": true, "originalSize": len(text), "reason": "larger than 100 KB"})
	if err != nil {
		return nil
	}
	return json.RawMessage(text)
}

// cut bounds a text.
func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// identity is who made a call, as CloudTrail tells it.
type identity struct {
	Type           string          `json:"type"`
	PrincipalID    string          `json:"principalId,omitempty"`
	ARN            string          `json:"arn,omitempty"`
	AccountID      string          `json:"accountId,omitempty"`
	AccessKeyID    string          `json:"accessKeyId,omitempty"`
	UserName       string          `json:"userName,omitempty"`
	SessionContext *sessionContext `json:"sessionContext,omitempty"`
	InvokedBy      string          `json:"invokedBy,omitempty"`
}

type sessionContext struct {
	SessionIssuer identity       `json:"sessionIssuer"`
	Attributes    map[string]any `json:"attributes"`
}

// name is what look-ups find the caller by.
func (i *identity) name() string {
	switch {
	case i.UserName != "":
		return i.UserName
	case i.Type == "Root":
		return "root"
	}
	_, name, _ := strings.Cut(i.PrincipalID, ":")
	return name
}

// identify tells who makes a call by the form of the ARN.
func identify(o Origin) identity {
	c := o.Caller
	i := identity{Type: "Root", PrincipalID: c.UserID, ARN: c.ARN, AccountID: c.Account, AccessKeyID: c.AccessKey}
	if o.SourceIP == cloudFormation {
		i.InvokedBy = cloudFormation
	}
	parts := strings.SplitN(c.ARN, ":", 6)
	if len(parts) < 6 {
		return i
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch kind {
	case "user":
		i.Type, i.UserName = "IAMUser", rest[strings.LastIndexByte(rest, '/')+1:]
	case "federated-user":
		i.Type = "FederatedUser"
	case "assumed-role":
		i.Type = "AssumedRole"
		role, _, _ := strings.Cut(rest, "/")
		id, _, _ := strings.Cut(c.UserID, ":")
		i.SessionContext = &sessionContext{
			SessionIssuer: identity{
				Type: "Role", PrincipalID: id, ARN: strings.Join(parts[:2], ":") + ":iam::" + c.Account + ":role/" + role,
				AccountID: c.Account, UserName: role,
			},
			Attributes: map[string]any{"mfaAuthenticated": "false"},
		}
	}
	return i
}

// cloudFormation is where calls come from that a stack makes.
//
// parity: services-observability.md 9.6
const cloudFormation = "cloudformation.amazonaws.com"

// panicked is what a call ends with whose handler panicked.
func panicked() error { return fault.Internal.New(nil, "") }
