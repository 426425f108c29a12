package compile

import (
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step"
)

// pipeline makes the steps of one method. The first error stays in err; steps
// made after it are of no use.
type pipeline struct {
	*compiler
	scope  step.Scope
	method *api.Method
	err    error
}

// rest is the order in which a REST API treats a request. Nothing else in
// stagedoor decides an order.
func (p *pipeline) rest() []program.Step {
	caller := p.authorize()
	kept := p.cached()
	return program.Compact(
		p.protect(),
		p.limitARN(),
		p.door(),
		p.protectBefore(),
		p.identified(caller.Recall),
		p.identified(caller.Ask),
		p.protectAfter(),
		p.apiKey(),
		p.usagePlan(),
		p.throttle(),
		p.decompress(), // after those that know the caller: a stranger has nothing inflated
		p.validate(),
		kept.Lookup, // an answer that is known ends here
		kept.Wait,
		p.mapRequest(),
		kept.Buffered(p.integrate()),
		p.readReply(),
		p.mapResponse(),
		kept.Fill,
	)
}

// restTail are the steps after those of rest, which every answer gets that is
// no refusal, wherever it came from.
func (p *pipeline) restTail() []program.Step {
	return program.Compact(
		p.compress(),
	)
}

// decompress undoes the content coding of requests' bodies.
func (p *pipeline) decompress() program.Step {
	if p.method.Integration == nil {
		return program.Step{} // nobody looks at the body
	}
	return p.scope.Decompress(p.kind() == "HTTP_PROXY" && p.bodyMode(p.method) == program.BodyStream)
}

// compress compresses answers.
func (p *pipeline) compress() program.Step {
	if !p.scope.Compressed {
		return program.Step{}
	}
	return p.scope.Compress(*p.snap.API.MinimumCompressionSize)
}

// limitARN bounds what policies are asked about.
func (p *pipeline) limitARN() program.Step {
	if t := p.method.AuthorizationType; (t == "" || t == "NONE") && (p.snap.API.Policy == nil || *p.snap.API.Policy == "") {
		return program.Step{}
	}
	return p.scope.LimitARN()
}

// protect refuses what asks for a protection that no step gives.
func (p *pipeline) protect() program.Step {
	r, why := p.unprotected(p.method)
	if r == nil {
		return program.Step{}
	}
	return step.RefuseStep(r, why)
}

// apiKey finds the caller's API key.
func (p *pipeline) apiKey() program.Step {
	if !p.method.APIKeyRequired || p.env.Keys == nil {
		return program.Step{} // without keys protect has refused
	}
	return p.scope.APIKey(p.env.Keys, p.snap.API.APIKeySource)
}

// usagePlan holds the caller to the plan of its key.
func (p *pipeline) usagePlan() program.Step {
	if !p.method.APIKeyRequired || p.env.Keys == nil {
		return program.Step{}
	}
	return step.UsagePlan()
}

// throttle holds all callers to the limits of the method and the account.
func (p *pipeline) throttle() program.Step {
	return p.scope.Throttle(p.stage.MethodSettings, p.env.Buckets, p.env.Throttle)
}

// validate holds requests to the parameters and models that the method declares.
func (p *pipeline) validate() program.Step {
	v, _ := p.validator(p.method)
	return step.Validate(p.method, v, p.model)
}

// mapRequest makes the payload of an integration that is no proxy.
func (p *pipeline) mapRequest() program.Step {
	switch in := p.method.Integration; p.kind() {
	case "HTTP", "AWS", service, serviceProxy:
		return p.take(p.scope.MapRequest(in))
	}
	return program.Step{}
}

// integrate calls what the method is for.
func (p *pipeline) integrate() program.Step {
	in := p.method.Integration
	switch p.kind() {
	case "MOCK":
		return p.take(p.scope.IntegrateMock(p.method))
	case "HTTP":
		return p.take(p.scope.IntegrateHTTP(in, p.origins()))
	case "HTTP_PROXY":
		return p.take(p.scope.IntegrateHTTPProxy(in, p.origins()))
	case "AWS_PROXY":
		return p.take(p.scope.IntegrateLambdaProxy(in, p.env.Functions))
	case "AWS":
		return p.take(p.scope.IntegrateLambda(in, p.env.Functions))
	case service, serviceProxy:
		return p.take(p.scope.IntegrateService(in, p.env.Origins, p.env.Services))
	case "":
		return p.broken("the method has no integration")
	}
	return p.broken(p.kind() + " has no step here")
}

// origins are where HTTP integrations lead.
func (p *pipeline) origins() step.Origins {
	if p.env.ClientOrigins != nil {
		return p.env.ClientOrigins
	}
	return p.env.Origins
}

// readReply makes a service's answer what AWS's own would be.
func (p *pipeline) readReply() program.Step {
	if p.kind() == service {
		return p.scope.ReadService(p.method.Integration)
	}
	return program.Step{}
}

// mapResponse makes the answer of what came back.
func (p *pipeline) mapResponse() program.Step {
	switch p.kind() {
	case "HTTP", service:
		return p.take(p.scope.MapResponse(p.method, false))
	case "AWS":
		return p.take(p.scope.MapResponse(p.method, true))
	case "HTTP_PROXY", serviceProxy:
		return step.RelayHTTPProxy()
	}
	return program.Step{}
}

// Kinds of integrations with AWS services other than Lambda.
const (
	service      = "AWS service"
	serviceProxy = "AWS service proxy" // of Firehose: the request as it is, the answer as it comes
)

// kind is the integration's type, and for AWS services other than Lambda one of
// our own.
func (p *pipeline) kind() string {
	in := p.method.Integration
	if in == nil {
		return ""
	}
	uri := ""
	if in.URI != nil {
		uri = *in.URI
	}
	switch {
	case step.IsLambda(uri):
	case in.Type == "AWS":
		return service
	case in.Type == "AWS_PROXY" && strings.Contains(uri, ":firehose:"):
		return serviceProxy
	case in.Type == "AWS_PROXY":
		return "AWS_PROXY to a service other than Lambda and Firehose"
	}
	return in.Type
}

// take keeps the first error. An integration that leads nowhere is no error:
// its method answers 500.
func (p *pipeline) take(s program.Step, err error) program.Step {
	switch {
	case err == nil:
		return s
	case unreachable(err):
		return p.broken(trimmed(err))
	case p.err == nil:
		p.err = fmt.Errorf("integration %s: %w", p.kind(), err)
	}
	return program.Step{}
}

// broken answers 500, as a definition does on AWS that cannot work.
func (p *pipeline) broken(why string) program.Step {
	return step.RefuseStep(program.APIConfigurationError.Refuse(nil), why)
}
