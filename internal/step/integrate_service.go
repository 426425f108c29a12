package step

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/awscall"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// serviceCall is an integration with a service of AWS other than Lambda.
// parity: spec/rest-data-plane.md 3.5.1; spec/services-observability.md 8.
type serviceCall struct {
	uri      awscall.URI
	service  awscall.Service
	place    awscall.Endpoint
	target   *target
	origin   *program.Origin
	params   requestMappings
	method   []byte
	timeout  time.Duration
	most     int64 // bytes of the answer
	actor    actor
	services *Services
	sources  map[string][]byte // ARN of the caller, by method
	media    []byte            // Content-Type of a named action; nil: the client's
	action   []byte            // X-Amz-Target of a named action of a JSON service; nil: none
	queue    []byte            // SQS by a queue's path, at a substitute: "QueueUrl=...", encoded; else nil
	agent    []byte
	apiID    []byte
}

// IntegrateService calls a service of AWS with the payload that MapRequest
// made, and reads its whole answer. ReadService comes next, then MapResponse.
// A URI that leads nowhere, or to a service that nobody has named a place for,
// is ErrUnreachable.
func (s Scope) IntegrateService(in *api.Integration, origins Origins, services *Services) (program.Step, error) {
	if services == nil {
		services = &Services{}
	}
	params, err := s.requestMappings(in.RequestParameters, true)
	if err != nil {
		return program.Step{}, err
	}
	if params.breaks != "" {
		return RefuseStep(program.APIConfigurationError.Refuse(nil), params.breaks+" cannot be mapped"), nil
	}
	c := &serviceCall{params: params, services: services, timeout: milliseconds(in.TimeoutMillis), most: s.MaxPayload()}
	if err := c.locate(s, in); err != nil {
		return program.Step{}, err
	}
	c.origin = c.target.origin(origins, false)
	c.actor = s.actor(in.Credentials)
	c.agent, c.apiID = []byte("AmazonAPIGateway_"+s.APIID), []byte(s.APIID)
	c.sources = map[string][]byte{}
	for verb, arn := range s.sourceARNs() {
		c.sources[verb] = []byte(arn)
	}
	c.method = []byte("POST")
	if in.HTTPMethod != nil && !c.service.Wrapped && *in.HTTPMethod != "ANY" {
		c.method = []byte(*in.HTTPMethod)
	} else if in.HTTPMethod != nil && *in.HTTPMethod == "ANY" && c.uri.Action == "" {
		c.method = nil // the client's
	}
	if c.uri.Action != "" {
		if media := c.service.Protocol.MediaType(); media != "" {
			c.media = []byte(media)
		}
		if c.service.Target != "" {
			c.action = []byte(c.service.Target + "." + c.uri.Action)
		}
	}
	return program.Step{Name: "integrate", Note: "service " + c.note(), Waits: c.actor.named(), Quick: c.actor.quick, Run: c.run}, nil
}

// locate finds out where the call goes.
func (c *serviceCall) locate(s Scope, in *api.Integration) (err error) {
	uri := ""
	if in.URI != nil {
		uri = s.fillVariables(*in.URI)
	}
	if c.uri, err = awscall.Parse(uri); err != nil {
		return fmt.Errorf("%w: %w: %q", ErrUnreachable, err, uri)
	}
	c.service = awscall.Find(&c.uri)
	var ok bool
	if c.place, ok = c.services.places.Find(c.uri.Host(), c.uri.Service, c.uri.Region); !ok {
		return fmt.Errorf("%w: nothing says where %s is (--aws-endpoint)", errEndpoint, c.uri.Host())
	}
	path := c.uri.Path
	if c.uri.Action != "" {
		path = "/"
		if c.action == nil && c.service.Protocol == awscall.Query || c.service.Protocol == awscall.REST {
			path += "?" + c.query()
		} else if c.uri.Extra != "" {
			path += "?" + c.uri.Extra
		}
	}
	if c.service.Signing == "s3" && c.uri.Subdomain != "" && !c.place.AWS() {
		path = "/" + c.uri.Subdomain + path // substitutes find buckets by path
	}
	if c.uri.Service == "sqs" && strings.Count(strings.Trim(path, "/"), "/") == 1 && !strings.ContainsAny(path, "{?") && !c.place.AWS() {
		c.queue = appendEncoded([]byte("QueueUrl="), []byte(c.place.URL()+path))
	}
	c.target = serviceTarget(&c.place)
	c.target.cut(c.place.Base+path, c.params.path)
	return nil
}

// serviceTarget is a place as a target, without its path. Its port may be any:
// the operator has named it, and not the API.
func serviceTarget(e *awscall.Endpoint) *target {
	host, port, err := net.SplitHostPort(e.Host)
	if err != nil {
		host, port = strings.Trim(e.Host, "[]"), "80"
		if e.Scheme == "https" {
			port = "443"
		}
	}
	return &target{scheme: e.Scheme, host: []byte(e.Host), address: net.JoinHostPort(host, port), serverName: host}
}

// nameQueue tells the queue a second time, as a parameter: some substitutes
// look for it there alone. The queue's path has no placeholders then.
// parity: spec/services-observability.md 8.4 rule 4.
func (c *serviceCall) nameQueue(x *program.Exchange) {
	form := equalFold(mediaType(http1.Get(x.Call.Fields, "content-type")), awscall.Query.MediaType())
	_, query, _ := bytes.Cut(x.Call.Target, []byte{'?'})
	switch {
	case bytes.Contains(x.Call.Body, queueURLBytes) || bytes.Contains(query, queueURLBytes):
	case form && len(x.Call.Body) > 0:
		x.Call.Body = x.KeepBytes(x.Call.Body, ampersandBytes, c.queue)
	case bytes.Contains(query, actionBytes):
		x.Call.Target = append(append(x.Call.Target, '&'), c.queue...)
	}
}

// query is the query of a named action of the Query protocol.
func (c *serviceCall) query() string {
	query := "Action=" + c.uri.Action
	if v := c.service.Version; v != "" && !bytes.Contains([]byte("&"+c.uri.Extra), []byte("&Version=")) {
		query += "&Version=" + v
	}
	if c.uri.Extra != "" {
		query += "&" + c.uri.Extra
	}
	return query
}

func (c *serviceCall) note() string {
	what := c.uri.Path
	if c.uri.Action != "" {
		what = c.uri.Action
	}
	note := fmt.Sprintf("%s %s at %s within %v", c.uri.Host(), what, c.place.URL(), c.timeout)
	if c.actor.role != "" {
		note += " as " + c.actor.role
	}
	return note
}

// run prepares the call.
func (c *serviceCall) run(x *program.Exchange) error {
	x.ShowTrace = true
	with, err := c.actor.find(x)
	if err != nil {
		return program.APIConfigurationError.Refuse(err)
	}
	x.Call.Origin, x.Call.Host, x.Call.Timeout, x.Call.Buffer = c.origin, c.target.host, c.timeout, c.most
	if x.Call.Method = c.method; c.method == nil {
		x.Call.Method = x.Method
	}
	if x.Call.Target, err = c.target.append(x, x.Call.Target[:0]); err != nil {
		return err
	}
	if x.Call.Target, err = c.params.appendQuery(x, x.Call.Target, c.target.query); err != nil {
		return err
	}
	if err := c.params.setHeaders(x); err != nil {
		return err
	}
	x.Call.Host = c.target.host // nobody but the operator says where calls that are signed go
	if err := c.payload(x); err != nil {
		return err
	}
	c.fields(x)
	if c.queue != nil {
		c.nameQueue(x)
	}
	c.sign(x, with)
	x.Await()
	return nil
}

// payload makes the body what the protocol wants.
func (c *serviceCall) payload(x *program.Exchange) error {
	switch {
	case c.action != nil && len(x.Call.Body) == 0 && c.service.Wrapped:
		path, query, _ := bytes.Cut(x.Call.Target, []byte{'?'})
		members, err := awscall.Members(string(query))
		if err != nil {
			return program.APIConfigurationError.Refuse(err)
		}
		x.Call.Target, x.Call.Body = path, members
	case c.action != nil && len(x.Call.Body) == 0:
		x.Call.Body = emptyEvent // no JSON service takes an empty body
	case c.action == nil && bodiless(x.Call.Method):
		x.Call.Body = nil
	}
	return nil
}

// fields adds what the gateway says itself.
func (c *serviceCall) fields(x *program.Exchange) {
	x.Call.Fields = unsigned(x.Call.Fields)
	addMissing(x, nameAccept, jsonBytes)
	addMissing(x, nameUserAgent, c.agent)
	switch {
	case len(x.Call.Body) == 0:
	case c.media != nil:
		addMissing(x, nameContentType, c.media)
	default:
		addMissing(x, nameContentType, contentType(x))
	}
	if c.action != nil {
		addMissing(x, nameAmzTarget, c.action)
	}
	x.Call.Fields = append(x.Call.Fields, http1.Field{Name: nameTrace, Value: x.TraceID()}, http1.Field{Name: nameAPIID, Value: c.apiID})
	if source := c.sources[string(x.Method)]; source != nil {
		x.Call.Fields = append(x.Call.Fields, http1.Field{Name: nameSourceARN, Value: source})
	}
}

// unsigned leaves out the fields that only a signature has, so that nobody can
// put words into the gateway's mouth by a mapping.
func unsigned(fields []http1.Field) []http1.Field {
	kept := fields[:0]
	for _, f := range fields {
		switch {
		case equalFold(f.Name, "authorization"), equalFold(f.Name, "x-amz-date"), equalFold(f.Name, "x-amz-security-token"),
			equalFold(f.Name, "x-amz-content-sha256"), equalFold(f.Name, "x-amz-source-arn"):
		default:
			kept = append(kept, f)
		}
	}
	return kept
}

// sign signs the call. A place with credentials of its own knows no others; AWS
// knows no session of ours, so that the node's own sign there.
func (c *serviceCall) sign(x *program.Exchange, with Credential) {
	switch {
	case c.place.AccessKey != "":
		with = Credential{AccessKey: c.place.AccessKey, Secret: c.place.Secret}
	case c.place.AWS() && c.actor.of != nil:
		with = c.actor.of.Own()
	}
	if with.Secret == "" {
		return
	}
	path, query, _ := bytes.Cut(x.Call.Target, []byte{'?'})
	room, _ := c.services.rooms.Get().(*signRoom)
	if room == nil {
		room = &signRoom{}
	}
	room.request = sigv4.Request{
		Method: x.Call.Method, Path: path, Query: query, Host: x.Call.Host,
		Fields: sigv4.AppendFields(room.fields[:0], x.Call.Fields), Body: x.Call.Body,
	}
	room.as = sigv4.Signature{
		AccessKey: with.AccessKey, Secret: with.Secret, Token: with.Token,
		Region: c.uri.Region, Service: c.service.Signing, Time: time.Now(), S3: c.service.Signing == "s3",
	}
	before := len(x.Call.Fields)
	x.KeepWith(func(memory []byte) []byte { return c.services.signer.Sign(&room.request, &room.as, memory) })
	for _, f := range room.request.Fields[before:] {
		x.Call.Fields = append(x.Call.Fields, http1.Field{Name: f.Name, Value: f.Value})
	}
	room.request, room.as = sigv4.Request{}, sigv4.Signature{} // a secret is not left behind
	clear(room.fields[:])
	c.services.rooms.Put(room)
}

// ReadService makes a service's answer what AWS's own services answer API
// Gateway, which asks for JSON; substitutes know only XML there, and JSON where
// AWS still has its older form. The zero Step: there is nothing to do.
// parity: spec/services-observability.md 8.1.
func (s Scope) ReadService(in *api.Integration) program.Step {
	uri := ""
	if in.URI != nil {
		uri = s.fillVariables(*in.URI)
	}
	u, err := awscall.Parse(uri)
	if err != nil {
		return program.Step{}
	}
	service := awscall.Find(&u)
	switch {
	case service.Protocol == awscall.Query:
		return program.Step{Name: "read", Note: "XML as JSON, unless XML is asked for", Run: readQuery}
	case service.Wrapped && u.Action != "":
		return program.Step{Name: "read", Note: "JSON in the form of the Query protocol", Run: func(x *program.Exchange) error {
			body, err := awscall.AppendWrapped(nil, &u, x.Reply.Response.Status, x.Reply.Body,
				string(http1.Get(x.Reply.Response.Fields, "x-amzn-requestid")), program.AppendJSON[string])
			if err == nil {
				x.Reply.Body = body
			}
			return nil // what is not understood goes on as it is
		}}
	}
	return program.Step{}
}

// readQuery reads XML as JSON where JSON was asked for.
func readQuery(x *program.Exchange) error {
	asked := http1.Get(x.Call.Fields, "accept")
	sent := mediaType(http1.Get(x.Reply.Response.Fields, "content-type"))
	if len(x.Reply.Body) == 0 || !equalFold(mediaType(asked), typeJSON) || !equalFold(sent, "text/xml") && !equalFold(sent, "application/xml") {
		return nil
	}
	body, err := awscall.AppendJSON(nil, x.Reply.Body, program.AppendJSON[string])
	if err != nil {
		return nil //nolint:nilerr // what is not understood goes on as it is
	}
	x.Reply.Body = body
	x.Reply.Response.Fields = setField(x.Reply.Response.Fields, nameContentType, jsonBytes)
	return nil
}
