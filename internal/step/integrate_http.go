package step

import (
	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// IntegrateHTTP calls an HTTP endpoint with the payload that MapRequest made,
// and reads its whole answer for MapResponse.
// parity: spec/rest-data-plane.md 3.7.1.
func (s Scope) IntegrateHTTP(in *api.Integration, origins Origins) (program.Step, error) {
	c, err := s.httpCall(in, origins)
	if err != nil {
		return program.Step{}, err
	}
	if c.params.breaks != "" {
		return RefuseStep(program.APIConfigurationError.Refuse(nil), c.params.breaks+" cannot be mapped"), nil
	}
	agent, most := []byte("AmazonAPIGateway_"+s.APIID), s.MaxPayload()
	return program.Step{Name: "integrate", Note: "http " + c.note(), Run: func(x *program.Exchange) error {
		if bodiless(c.method) {
			x.Call.Body = nil
		}
		if err := c.begin(x); err != nil {
			return err
		}
		var err error
		if x.Call.Target, err = c.params.appendQuery(x, x.Call.Target, c.target.query); err != nil {
			return err
		}
		addMissing(x, nameAccept, jsonBytes)
		addMissing(x, nameUserAgent, agent)
		if len(x.Call.Body) > 0 {
			addMissing(x, nameContentType, contentType(x))
		}
		x.Call.Fields = append(x.Call.Fields, fieldTrace.Own(x.TraceID()), c.apiID)
		x.Call.Buffer = most
		x.ShowTrace = true // not of what fails before the call; parity: spec/rest-data-plane.md 3.6.3
		x.Await()
		return nil
	}}, nil
}

// bodiless says whether a call with the method carries no body. A proxy passes
// on what it got, whatever the method.
// parity: spec/rest-data-plane.md 3.7.1, last row; for HTTP_PROXY it leaves
// open what AWS does.
func bodiless(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS":
		return true
	}
	return false
}

// contentType is the client's, or JSON.
func contentType(x *program.Exchange) []byte {
	if v := x.Header("content-type"); len(v) > 0 {
		return v
	}
	return jsonBytes
}

// addMissing adds a field that no mapping has set.
func addMissing(x *program.Exchange, name, value []byte) {
	if fieldAt(x.Call.Fields, name) < 0 {
		x.Call.Fields = append(x.Call.Fields, http1.Field{Name: name, Value: value})
	}
}
