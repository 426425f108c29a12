package step

import (
	"github.com/stagedoor/stagedoor/internal/program"
)

// authorizerEvent writes what an authorizer's function is asked.
// parity: spec/security.md 4.2, 4.3.
type authorizerEvent struct {
	proxy  *proxyEvent
	prefix []byte // of the method's ARN, up to the verb
}

func (s Scope) authorizerEvent() *authorizerEvent {
	return &authorizerEvent{
		proxy:  s.proxyEvent(),
		prefix: []byte("arn:aws:execute-api:" + s.Region + ":" + s.Account + ":" + s.APIID + "/" + s.Stage + "/"),
	}
}

// token is the event of a TOKEN authorizer: three members and no more.
func (e *authorizerEvent) token(x *program.Exchange, token []byte) []byte {
	arn := methodARN(x, e.prefix)
	return x.KeepVariable(func(_ *program.Exchange, dst []byte) []byte {
		dst = append(dst, `{"type":"TOKEN"`...)
		dst = member(dst, "authorizationToken", token)
		return append(member(dst, "methodArn", arn), '}')
	})
}

// request is the event of a REQUEST authorizer: the request without its body.
func (e *authorizerEvent) request(x *program.Exchange) []byte {
	query := x.Query() // decoded into the exchange's memory, before the event goes there
	way, arn := forwardedOf(x), methodARN(x, e.prefix)
	return x.KeepVariable(func(x *program.Exchange, dst []byte) []byte {
		dst = append(dst, `{"type":"REQUEST"`...)
		dst = append(member(dst, "methodArn", arn), ',')
		dst = append(dst, e.proxy.resource[1:]...) // without its brace
		dst = program.AppendJSON(dst, x.Path)
		dst = member(dst, "httpMethod", x.Method)
		dst = appendHeaders(x, dst, way)
		if len(query) == 0 {
			dst = append(dst, `,"queryStringParameters":{},"multiValueQueryStringParameters":{}`...)
		} else {
			dst = appendQueryMaps(x, dst)
		}
		dst = append(dst, `,"pathParameters":`...)
		if len(x.Params) == 0 {
			dst = append(dst, "{}"...)
		} else {
			dst = appendParams(x, dst)
		}
		dst = append(dst, `,"stageVariables":`...)
		if string(e.proxy.variables) == "null" {
			dst = append(dst, "{}"...)
		} else {
			dst = append(dst, e.proxy.variables...)
		}
		return append(e.proxy.appendContext(x, dst), '}')
	})
}
