// Package rpccbor is Smithy's protocol rpcv2Cbor: every call is a POST to
// /service/SERVICE/operation/OPERATION, and input, output and errors are CBOR
// maps. Law: what Encode writes, Decode reads back as the same value.
package rpccbor

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/stagedoor/stagedoor/internal/wire"
)

const cborType = "application/cbor"

// Bounds of a message.
const (
	maxNested   = 64
	maxElements = 100_000
	maxPairs    = 1 << 16
)

// Codec speaks rpcv2Cbor for one service. It may be used by any number of calls
// at a time.
type Codec struct {
	service *wire.Service
	dec     cbor.DecMode
	enc     cbor.EncMode
}

// New makes the codec of a service.
func New(s *wire.Service) (*Codec, error) {
	dec, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  maxNested,
		MaxArrayElements: maxElements,
		MaxMapPairs:      maxPairs,
		IntDec:           cbor.IntDecConvertSignedOrFail,
		DefaultMapType:   reflect.TypeFor[map[string]any](),
		BignumTag:        cbor.BignumTagForbidden,
		TimeTagToAny:     cbor.TimeTagToTime,
	}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("prepare to read CBOR: %w", err)
	}
	enc, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical}.EncMode()
	if err != nil {
		return nil, fmt.Errorf("prepare to write CBOR: %w", err)
	}
	return &Codec{service: s, dec: dec, enc: enc}, nil
}

// Split takes the names of the service and the operation out of a path.
func Split(path string) (service, operation string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/service/")
	if !ok {
		return "", "", false
	}
	return cutOperation(rest)
}

func cutOperation(rest string) (service, operation string, ok bool) {
	service, operation, ok = strings.Cut(rest, "/operation/")
	return service, operation, ok && service != "" && operation != "" && !strings.Contains(operation, "/")
}

// Decode reads the body of r into in, the input of op. The error is a
// *wire.Malformed.
func (c *Codec) Decode(r *wire.Request, op *wire.Operation, in any, trail *wire.Trail) error {
	fields := map[string]any{}
	if len(r.Body) > 0 {
		var tree any
		if err := c.dec.Unmarshal(r.Body, &tree); err != nil {
			return wire.Malformedf("The body is not CBOR as it should be: %v", err)
		}
		m, ok := tree.(map[string]any)
		if !ok {
			return wire.Malformedf("The body is not a CBOR map")
		}
		fields = m
	}
	d := decoder{service: c.service, trail: trail}
	return d.structure(wire.FieldsOf(reflect.ValueOf(in)), c.service.Shape(op.Input), fields)
}

// Encode writes the answer to op. out is a pointer to its output, or nil.
func (c *Codec) Encode(_ *wire.Request, op *wire.Operation, out any) (*wire.Answer, error) {
	a := &wire.Answer{Status: http.StatusOK, Header: http.Header{"Smithy-Protocol": {"rpc-v2-cbor"}}}
	if op.NoOutput {
		return a, nil
	}
	tree := map[string]any{}
	if out != nil {
		tree = c.structure(reflect.ValueOf(out), c.service.Shape(op.Output))
	}
	body, err := c.enc.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("write the output of %s: %w", op.Name, err)
	}
	a.Header.Set("Content-Type", cborType)
	a.Body = body
	return a, nil
}

// Fail writes a failure as the answer.
func (c *Codec) Fail(_ *wire.Request, _ *wire.Operation, f *wire.Failure) *wire.Answer {
	a := &wire.Answer{Status: f.Status, Header: http.Header{
		"Smithy-Protocol": {"rpc-v2-cbor"}, "Content-Type": {cborType}, "X-Amzn-Errortype": {f.Code},
	}}
	tree := map[string]any{}
	name := f.Code
	if f.Value != nil {
		tree = c.structure(reflect.ValueOf(f.Value), f.Shape)
		name = f.Shape.Name
		c.queryError(a.Header, f.Shape.Error)
	} else {
		tree["message"] = f.Message
	}
	if c.service.Namespace != "" {
		name = c.service.Namespace + "#" + name
	}
	tree["__type"] = name
	body, err := c.enc.Marshal(tree)
	if err != nil { // cannot be: a tree holds only what CBOR has
		a.Status = http.StatusInternalServerError
		return a
	}
	a.Body = body
	return a
}

// queryError tells the error's code in awsQuery, for services that once spoke
// it and clients that look for it.
func (c *Codec) queryError(h http.Header, e *wire.Fault) {
	if !c.service.QueryErrors || e == nil || e.Code == "" {
		return
	}
	side := "Sender"
	if e.Server {
		side = "Receiver"
	}
	h.Set("X-Amzn-Query-Error", e.Code+";"+side)
}
