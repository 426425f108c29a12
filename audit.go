package stagedoor

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/cloudtrail"
)

// auditor keeps the records of calls.
func (s *Server) auditor() control.Auditor {
	if s.trail == nil { // the tables alone are asked for
		return nil
	}
	return s.trail
}

// audit shows the records of control-plane calls, the newest first, one page at
// a time: {"Records": [...], "Next": "..."}.
func (s *Server) audit(w http.ResponseWriter, r *http.Request) {
	q, err := auditQuery(r.URL.Query())
	var page cloudtrail.Page
	if err == nil {
		page, err = s.trail.Lookup(r.Context(), q)
	}
	if err != nil {
		status := http.StatusBadRequest
		if !errors.Is(err, cloudtrail.ErrToken) && !errors.Is(err, errQuery) {
			status = http.StatusInternalServerError
		}
		http.Error(w, err.Error(), status)
		return
	}
	records := make([]json.RawMessage, 0, len(page.Events))
	for i := range page.Events {
		records = append(records, page.Events[i].Record)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Records []json.RawMessage
		Next    string `json:",omitempty"`
	}{records, page.Next})
}

// errQuery is a question that cannot be understood.
var errQuery = errors.New("audit")

// auditQuery reads ?from= and to= (RFC 3339), name=, source=, user=, key=,
// type=, resource=, id=, max= and after=.
func auditQuery(v url.Values) (q cloudtrail.Query, err error) {
	for name, to := range map[string]*string{
		"name": &q.Name, "source": &q.Source, "user": &q.User, "key": &q.KeyID, "type": &q.Type, "resource": &q.Resource, "id": &q.ID, "after": &q.After,
	} {
		*to = v.Get(name)
	}
	for name, to := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := v.Get(name); text != "" {
			if *to, err = time.Parse(time.RFC3339, text); err != nil {
				return q, fmt.Errorf("%w: %s %q is no RFC 3339 time", errQuery, name, text)
			}
		}
	}
	if text := v.Get("max"); text != "" {
		if q.Max, err = strconv.Atoi(text); err != nil || q.Max < 1 {
			return q, fmt.Errorf("%w: max %q is no number of records", errQuery, text)
		}
	}
	return q, nil
}
