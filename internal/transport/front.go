package transport

import (
	"errors"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// giveUp answers a request that never got a route, and thereby is the only
// place where a driver writes an answer of its own. The connection is closed
// after it.
func (c *conn) giveUp(e *exchange, err error) {
	status := frontStatus(err)
	s := c.ses.srv
	s.Counters.refuse(status)
	s.cfg.Log.Debug("request refused", "remote", c.remote.String(), "status", status, "reason", err)
	e.x.Start = time.Now()
	e.now = s.clock.at(e.x.Start)
	body := frontBody(status)
	r := http1.Response{Status: status, Length: int64(len(body))}
	r.Fields = append(r.Fields, http1.Field{Name: []byte("Content-Type"), Value: []byte("application/json")})
	c.to.reset(e, true)
	if err := c.to.start(&r); err == nil {
		c.to.part([]byte(body))
		c.to.finish()
	}
	c.linger()
}

func frontStatus(err error) int {
	var malformed *http1.Error
	switch {
	case errors.As(err, &malformed):
		return malformed.Status
	case errors.Is(err, errSlow):
		return 408
	case errors.Is(err, errTooLarge):
		return 413
	default:
		return 500
	}
}

// frontBody is what API Gateway's front says, without a space after the colon.
// parity: spec/rest-data-plane.md 1.2, 1.5, 1.13.
func frontBody(status int) string {
	switch status {
	case 408:
		return `{"message":"Request Timeout"}`
	case 413:
		return `{"message":"Request Too Long"}`
	case 414:
		return `{"message":"Request URI too long"}`
	case 417:
		return `{"message":"Expectation Failed"}`
	case 431:
		return `{"message":"Request Header Fields Too Large"}`
	case 500:
		return `{"message":"Internal server error"}`
	case 501:
		return `{"message":"Not Implemented"}`
	case 505:
		return `{"message":"HTTP Version Not Supported"}`
	default:
		return `{"message":"Bad Request"}`
	}
}
