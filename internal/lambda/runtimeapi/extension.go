package runtimeapi

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"
)

// extension is one registered extension: a process beside the runtime, or a part of it.
type extension struct {
	name             string
	invoke, shutdown bool  // events that it asked for
	poll             *conn // where it waits
}

// register takes an extension in.
// parity: services-observability.md 7.1.2
func (c *conn) register(q *request, b *body) error {
	payload, err := readAll(b, q.length, 64<<10)
	if err != nil {
		return err
	}
	var in struct {
		Events []string `json:"events"`
	}
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &in); err != nil {
			return c.fail(400, "InvalidRequestFormat", "Could not parse the request")
		}
	}
	x := &extension{name: q.extensionName}
	for _, e := range in.Events {
		switch e {
		case "INVOKE":
			x.invoke = true
		case "SHUTDOWN":
			x.shutdown = true
		default:
			return c.fail(400, "InvalidEventType", e+": unknown event type")
		}
	}
	if x.name == "" {
		return c.fail(400, "Extension.MissingName", "Empty extension name")
	}
	id := c.s.enter(x)
	if id == "" {
		return c.fail(403, "Extension.AlreadyRegistered", "Extension with this name already registered, or too many of them")
	}
	about, err := json.Marshal(struct {
		Name    string `json:"functionName"`
		Version string `json:"functionVersion"`
		Handler string `json:"handler"`
		Account string `json:"accountId,omitempty"`
	}{c.s.fn.Name, c.s.fn.Version, c.s.fn.Handler, c.s.fn.Account})
	if err != nil {
		return err
	}
	return c.reply(200, "application/json", "Lambda-Extension-Identifier: "+id+"\r\n", about)
}

// enter gives x its identifier; "" when there is one of its name.
func (s *Server) enter(x *extension) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.extensions) >= maxExtensions {
		return ""
	}
	for _, y := range s.extensions {
		if y.name == x.name {
			return ""
		}
	}
	var r [16]byte
	_, _ = rand.Read(r[:]) // never fails
	h := hex.EncodeToString(r[:])
	id := h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	s.extensions[id] = x
	return id
}

// eventNext opens an extension's long poll. It is the sign that it is done with
// the event before.
func (c *conn) eventNext(q *request) error {
	s := c.s
	s.mu.Lock()
	x := s.extensions[q.extensionID]
	if x == nil || x.poll != nil {
		s.mu.Unlock()
		return c.fail(403, "Extension.UnknownExtensionIdentifier", "Unknown extension "+q.extensionID)
	}
	x.poll = c
	s.settle()
	return nil
}

// extensionError takes an extension out: a call no longer waits for it.
func (c *conn) extensionError(q *request) error {
	s := c.s
	s.mu.Lock()
	if s.extensions[q.extensionID] == nil {
		s.mu.Unlock()
		return c.fail(403, "Extension.UnknownExtensionIdentifier", "Unknown extension "+q.extensionID)
	}
	delete(s.extensions, q.extensionID)
	s.settle()
	return c.accepted()
}

// tell hands an INVOKE event to the extensions that asked for it. mu is held: all
// of them wait, and so small a write does not.
func (s *Server) tell(v *Invocation) {
	if len(s.extensions) == 0 {
		return
	}
	event, err := json.Marshal(struct {
		Type     string            `json:"eventType"`
		Deadline int64             `json:"deadlineMs"`
		ID       string            `json:"requestId"`
		ARN      string            `json:"invokedFunctionArn"`
		Tracing  map[string]string `json:"tracing"`
	}{"INVOKE", v.Deadline.UnixMilli(), v.RequestID, v.ARN, map[string]string{"type": "X-Amzn-Trace-Id", "value": v.TraceID}})
	if err != nil {
		return // strings always marshal
	}
	for _, x := range s.extensions {
		if x.invoke {
			x.send(event)
		}
	}
}

// Shutdown tells the extensions that the environment ends. It reports whether any
// is registered: their processes are owed a SIGTERM and some time.
func (s *Server) Shutdown(reason string, deadline time.Time) bool {
	event, err := json.Marshal(struct {
		Type     string `json:"eventType"`
		Reason   string `json:"shutdownReason"`
		Deadline int64  `json:"deadlineMs"`
	}{"SHUTDOWN", reason, deadline.UnixMilli()})
	if err != nil {
		return false // strings always marshal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.extensions {
		if x.shutdown {
			x.send(event)
		}
	}
	return len(s.extensions) > 0
}

// send answers an extension's long poll. Its connection ends if that fails.
func (x *extension) send(event []byte) {
	if c := x.poll; c != nil {
		x.poll = nil
		if _, err := c.nc.Write(appendReply(nil, 200, "application/json", "", event)); err != nil {
			_ = c.nc.Close()
		}
	}
}
