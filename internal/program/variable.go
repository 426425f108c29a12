package program

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// Variable appends the value of one $context variable. It appends nothing if
// there is none.
type Variable func(x *Exchange, dst []byte) []byte

// ContextVariable is the $context variable of a name without "$context.", nil
// if nothing has that name: it is then always empty.
// parity: spec/rest-data-plane.md 4.2.
func ContextVariable(name string) Variable {
	group, member, nested := strings.Cut(name, ".")
	switch {
	case !nested:
		return requestVariable(name)
	case group == "identity":
		return identityVariable(member)
	case group == "authorizer":
		return authorizerVariable(member)
	case group == "error":
		return errorVariable(member)
	case group == "responseOverride" && member == "status":
		return func(x *Exchange, dst []byte) []byte {
			if x.Overrides == nil || x.Overrides.Status == 0 {
				return dst
			}
			return strconv.AppendInt(dst, int64(x.Overrides.Status), 10)
		}
	}
	return nil
}

func requestVariable(name string) Variable {
	switch name {
	case "accountId":
		return stageVariable(func(s *Stage) string { return s.Account })
	case "apiId":
		return stageVariable(func(s *Stage) string { return s.APIID })
	case "deploymentId":
		return stageVariable(func(s *Stage) string { return s.DeploymentID })
	case "stage":
		return stageVariable(func(s *Stage) string { return s.Name })
	case "isCanaryRequest":
		return stageVariable(func(s *Stage) string { return s.CanaryRequest })
	case "resourceId":
		return routeVariable(func(r *Route) string { return r.ResourceID })
	case "resourcePath":
		return routeVariable(func(r *Route) string { return r.Resource })
	case "operationName":
		return routeVariable(func(r *Route) string { return r.OperationName })
	case "domainName":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.DomainName()...) }
	case "domainPrefix":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.DomainPrefix()...) }
	case "extendedRequestId":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.ExtendedID[:]...) }
	case "requestId":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.ID[:]...) }
	case "httpMethod":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.Method...) }
	case "path":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.FullPath...) }
	case "protocol":
		return func(_ *Exchange, dst []byte) []byte { return append(dst, protocol...) }
	case "requestTime":
		return (*Exchange).AppendRequestTime
	case "requestTimeEpoch":
		return func(x *Exchange, dst []byte) []byte { return strconv.AppendInt(dst, x.Start.UnixMilli(), 10) }
	case "xrayTraceId":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.TraceID()...) }
	case "status":
		return func(x *Exchange, dst []byte) []byte { return strconv.AppendInt(dst, int64(x.Answer.Status), 10) }
	}
	return nil
}

func stageVariable(of func(*Stage) string) Variable {
	return func(x *Exchange, dst []byte) []byte {
		if x.Stage == nil {
			return dst
		}
		return append(dst, of(x.Stage)...)
	}
}

func routeVariable(of func(*Route) string) Variable {
	return func(x *Exchange, dst []byte) []byte {
		if x.Route == nil {
			return dst
		}
		return append(dst, of(x.Route)...)
	}
}

func identityVariable(member string) Variable {
	switch member {
	case "sourceIp":
		return func(x *Exchange, dst []byte) []byte { return x.AppendSourceIP(dst) }
	case "userAgent":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.Header("user-agent")...) }
	case "apiKey":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.Grant.Key().Value...) }
	case "apiKeyId":
		return func(x *Exchange, dst []byte) []byte { return append(dst, x.Grant.Key().ID...) }
	}
	of := identityMember(member)
	if of == nil {
		return nil
	}
	return func(x *Exchange, dst []byte) []byte {
		if x.Caller == nil {
			return dst
		}
		return append(dst, of(x.Caller)...)
	}
}

// identityMember reads one member of $context.identity that a Caller has; nil
// if there is no such member.
func identityMember(name string) func(*Caller) string {
	switch name {
	case "accessKey":
		return func(c *Caller) string { return c.AccessKey }
	case "accountId":
		return func(c *Caller) string { return c.AccountID }
	case "caller":
		return func(c *Caller) string { return c.Caller }
	case "cognitoAuthenticationProvider":
		return func(c *Caller) string { return c.CognitoAuthenticationProvider }
	case "cognitoAuthenticationType":
		return func(c *Caller) string { return c.CognitoAuthenticationType }
	case "cognitoIdentityId":
		return func(c *Caller) string { return c.CognitoIdentityID }
	case "cognitoIdentityPoolId":
		return func(c *Caller) string { return c.CognitoIdentityPoolID }
	case "principalOrgId":
		return func(c *Caller) string { return c.PrincipalOrgID }
	case "user":
		return func(c *Caller) string { return c.User }
	case "userArn":
		return func(c *Caller) string { return c.UserARN }
	}
	return nil
}

func authorizerVariable(member string) Variable {
	claim, isClaim := strings.CutPrefix(member, "claims.")
	return func(x *Exchange, dst []byte) []byte {
		switch {
		case x.Caller == nil:
			return dst
		case member == "principalId":
			return append(dst, x.Caller.Principal...)
		case isClaim:
			return append(dst, x.Caller.Claims[claim]...)
		}
		return append(dst, x.Caller.Context[member]...)
	}
}

// errorVariable: messageString is in quotes, and null without a message.
// parity: spec/rest-data-plane.md 6.3.
func errorVariable(member string) Variable {
	switch member {
	case "message":
		return failure(func(r *Refusal, dst []byte) []byte { return append(dst, r.Message...) })
	case "messageString":
		return failure(func(r *Refusal, dst []byte) []byte {
			if r.Message == "" {
				return append(dst, "null"...)
			}
			return AppendJSON(dst, r.Message)
		})
	case "responseType":
		return failure(func(r *Refusal, dst []byte) []byte { return append(dst, r.Type...) })
	case "validationErrorString":
		return failure(func(r *Refusal, dst []byte) []byte { return append(dst, r.Detail...) })
	}
	return nil
}

func failure(of func(*Refusal, []byte) []byte) Variable {
	return func(x *Exchange, dst []byte) []byte {
		if x.Failure == nil {
			return dst
		}
		return of(x.Failure, dst)
	}
}

// DomainName is the host that the client called, without port.
func (x *Exchange) DomainName() []byte {
	host := x.Request.Host
	if len(host) > 0 && host[0] == '[' {
		if i := bytes.IndexByte(host, ']'); i > 0 {
			return host[:i+1]
		}
		return host
	}
	if i := bytes.LastIndexByte(host, ':'); i >= 0 {
		return host[:i]
	}
	return host
}

// DomainPrefix is the first label of DomainName.
func (x *Exchange) DomainPrefix() []byte {
	name, _, _ := bytes.Cut(x.DomainName(), []byte("."))
	return name
}

// SourceIP is the client's address: whom a trusted proxy speaks for, else the
// connection's other end. Policies, logs, events and throttles all use it.
// parity: spec/security.md 9.9.
func (x *Exchange) SourceIP() netip.Addr {
	if x.Client.IsValid() {
		return x.Client
	}
	return x.Remote.Addr().Unmap().WithZone("")
}
