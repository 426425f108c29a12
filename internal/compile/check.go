package compile

import (
	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
)

// unprotected finds a protection that the definition asks for and that no step
// gives. Such a method is refused: to serve it would be to serve it open.
func (c *compiler) unprotected(m *api.Method) (r *program.Refusal, why string) {
	switch {
	case c.stage.WebACLARN != nil && *c.stage.WebACLARN != "":
		return program.Forbidden.Refuse(nil), "the stage has a web ACL, which is not enforced here"
	case !c.authorizes(m):
		return program.Forbidden.Refuse(nil), "authorization " + m.AuthorizationType + " is not enforced here"
	case m.APIKeyRequired && c.env.Keys == nil:
		return program.InvalidAPIKey.Refuse(nil), "API keys are not enforced here"
	}
	if _, known := c.validator(m); !known {
		return program.Forbidden.Refuse(nil), "request validator " + *m.RequestValidatorID + " is not there"
	}
	return nil, ""
}
