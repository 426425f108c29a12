package program

import "time"

// BodyMode is what a route does with the request's body; decided at deployment.
type BodyMode uint8

const (
	BodyDiscard BodyMode = iota // nobody looks at it
	BodyBuffer                  // steps need the whole of it
	BodyStream                  // relayed to the upstream as it comes
)

// Route is what happens to the requests of one method of one resource. "No
// such route" is a route as well.
type Route struct {
	Method   string   // GET, ..., or ANY
	Resource string   // "/pets/{id}"
	Params   []string // names of the path parameters, in order, without braces and '+'

	ResourceID    string
	OperationName string

	Body    BodyMode
	MaxBody int64 // bytes, counted while reading

	Steps  []Step
	Tail   int    // how many of the last Steps are played for every answer that is no refusal, also after Exchange.Finish
	Finish []Step // run after the answer was sent
}

// API is what is common to the stages of one API, as it was deployed.
type API struct {
	ID     string
	Kind   string            // REST, HTTP, WEBSOCKET
	Stages map[string]*Stage // by name
}

// Stage is a running deployment.
type Stage struct {
	APIID        string
	Name         string
	DeploymentID string
	Account      string
	Region       string
	Variables    map[string]string
	EndpointType string // EDGE, REGIONAL or PRIVATE
	WebACL       string // ARN; empty: none

	// Sample decides whether a request is traced whose client has not. Nil:
	// none is, tracing is off.
	Sample func(x *Exchange) bool

	// CanaryRequest is $context.isCanaryRequest: "true" or "false" while the
	// stage has a canary, else empty.
	CanaryRequest string
	// Canary is the deployment that gets a share of the stage's requests, nil
	// if there is none or it gets nothing. It has no canary of its own.
	Canary *Stage
	// CanaryShare is that share, of AllTraffic.
	CanaryShare uint64

	// MaxFields is how many bytes the names and values of a request's fields may
	// have together, MaxTarget the path with its query. 0: any.
	MaxFields, MaxTarget int64

	// Private says that only VPC endpoints lead here.
	Private bool

	// EndpointDisabled says that only custom domain names lead here.
	EndpointDisabled bool

	// Router finds the route of a method and a path below the stage, and
	// appends the path parameters. It never fails: what is not there is a
	// route too.
	Router Router

	// Responses are the compiled gateway responses, by type.
	Responses map[ResponseType]*GatewayResponse

	Compiled time.Time
}

// Router is implemented by compile with engine/route.
type Router interface {
	Match(method, path []byte, params []Param) (*Route, []Param)
	// Routes lists all routes, for explain.
	Routes() []*Route
}
