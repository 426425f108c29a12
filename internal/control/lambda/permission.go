package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

const maxPolicy = 20480 // bytes of a policy document

// AddPermission adds a statement to the policy of a function, a version or an
// alias. What it belongs to exists when it commits, and gets a new revision.
func (s *Service) AddPermission(ctx context.Context, in *model.AddPermissionInput) (*model.AddPermissionResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	statement, err := newStatement(in, s.here.arn(name, qualifier), s.here.partition)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, name, func(tx store.Tx) error {
		subject, err := s.subject(tx, name, qualifier)
		if err != nil {
			return err
		}
		if in.RevisionId != nil && *in.RevisionId != subject.revision {
			return stale("GetPolicy")
		}
		key := api.FunctionPolicyKey(name, orLatest(qualifier))
		policy, err := store.Get[api.FunctionPolicy](tx, key)
		if err != nil && !errors.Is(err, store.ErrMissing) {
			return err
		}
		if slices.ContainsFunc(policy.Statements, func(g api.FunctionGrant) bool { return g.Sid == in.StatementId }) {
			return conflict("The statement id (" + in.StatementId + ") provided already exists. Please provide a new statement id, or remove the existing statement.")
		}
		policy.Statements = append(policy.Statements, statement)
		if err := checkPolicy(policy); err != nil {
			return err
		}
		if err := store.Put(tx, key, policy); err != nil {
			return err
		}
		return subject.touch()
	})
	if err != nil {
		return nil, err
	}
	text, err := plainJSON(statement)
	if err != nil {
		return nil, err
	}
	return &model.AddPermissionResponse{Statement: new(text)}, nil
}

func checkPolicy(policy api.FunctionPolicy) error {
	text, err := document(policy)
	if err != nil {
		return err
	}
	if len(text) > maxPolicy {
		return fault.BadRequest.Typed("PolicyLengthExceededException",
			fmt.Sprintf("The final policy size (%d) is bigger than the limit (%d).", len(text), maxPolicy))
	}
	return nil
}

// newStatement is the statement that a call asks for.
// parity: services-observability.md 7.5
func newStatement(in *model.AddPermissionInput, resource, partition string) (api.FunctionGrant, error) {
	principal, err := newPrincipal(in.Principal, partition)
	if err != nil {
		return api.FunctionGrant{}, err
	}
	if in.FunctionUrlAuthType != nil && !strings.EqualFold(in.Action, "lambda:InvokeFunctionUrl") {
		return api.FunctionGrant{}, invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
	}
	g := api.FunctionGrant{Sid: in.StatementId, Effect: "Allow", Principal: principal, Action: in.Action, Resource: resource}
	var c api.GrantCondition
	add := func(values *map[string]string, key string, value *string) {
		if value == nil || *value == "" {
			return
		}
		if *values == nil {
			*values = map[string]string{}
		}
		(*values)[key] = *value
		g.Condition = &c
	}
	add(&c.StringEquals, "AWS:SourceAccount", in.SourceAccount)
	add(&c.StringEquals, "aws:PrincipalOrgID", in.PrincipalOrgID)
	add(&c.StringEquals, "lambda:EventSourceToken", in.EventSourceToken)
	add(&c.StringEquals, "lambda:FunctionUrlAuthType", in.FunctionUrlAuthType)
	add(&c.ArnLike, "AWS:SourceArn", in.SourceArn)
	if in.InvokedViaFunctionUrl != nil {
		add(&c.Bool, "lambda:InvokedViaFunctionUrl", new(fmt.Sprint(*in.InvokedViaFunctionUrl)))
	}
	return g, nil
}

func newPrincipal(text, partition string) (api.GrantPrincipal, error) {
	switch {
	case text == "*":
		return api.GrantPrincipal{Value: "*"}, nil
	case isAccount(text):
		return api.GrantPrincipal{Kind: "AWS", Value: "arn:" + partition + ":iam::" + text + ":root"}, nil
	case isPrincipalARN(text):
		return api.GrantPrincipal{Kind: "AWS", Value: text}, nil
	case isService(text):
		return api.GrantPrincipal{Kind: "Service", Value: text}, nil
	}
	return api.GrantPrincipal{}, invalid("The provided principal was invalid. Please check the principal and try again.")
}

func isPrincipalARN(s string) bool {
	p := strings.SplitN(s, ":", 6)
	return len(p) == 6 && p[0] == "arn" && isPartition(p[1]) && (p[2] == "iam" || p[2] == "sts") && isAccount(p[4]) && p[5] != ""
}

// isService has the form of a service principal: apigateway.amazonaws.com.
func isService(s string) bool {
	rest, found := strings.CutSuffix(strings.TrimSuffix(s, ".cn"), ".amazonaws.com")
	if !found {
		if rest, found = strings.CutSuffix(s, ".amazon.com"); !found { // alexa-appkit.amazon.com
			return false
		}
	}
	for i := range len(rest) {
		if c := rest[i]; c != '.' && !isName(string(c)) {
			return false
		}
	}
	return rest != ""
}

// subject is what a policy belongs to.
type subject struct {
	revision string
	touch    func() error // gives it a new revision
}

// subject finds what a qualifier means: only a policy tells an alias from the
// version that it names.
func (s *Service) subject(tx store.Tx, name, qualifier string) (subject, error) {
	fn, err := s.function(tx, name, qualifier)
	switch {
	case err != nil:
		return subject{}, err
	case qualifier == api.Latest:
		return subject{}, invalid("We currently do not support adding policies for $LATEST.")
	case qualifier == "":
		return subject{fn.Latest.RevisionID, func() error {
			fn.Latest.RevisionID = uuid.NewString()
			return store.Put(tx, api.FunctionKey(name), fn)
		}}, nil
	case isVersion(qualifier):
		key := api.FunctionVersionKey(name, qualifier)
		v, err := get[api.FunctionVersion](tx, key, noFunction(s.here.arn(name, qualifier)))
		return subject{v.RevisionID, func() error {
			v.RevisionID = uuid.NewString()
			return store.Put(tx, key, v)
		}}, err
	default:
		key := api.FunctionAliasKey(name, qualifier)
		a, err := get[api.FunctionAlias](tx, key, notFound("Cannot find alias arn: "+s.here.arn(name, qualifier)))
		return subject{a.RevisionID, func() error {
			a.RevisionID = uuid.NewString()
			return store.Put(tx, key, a)
		}}, err
	}
}

// RemovePermission takes a statement out of a policy; a policy without
// statements is none.
func (s *Service) RemovePermission(ctx context.Context, in *model.RemovePermissionInput) (*model.RemovePermissionOutput, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, name, func(tx store.Tx) error {
		subject, err := s.subject(tx, name, qualifier)
		if err != nil {
			return err
		}
		key := api.FunctionPolicyKey(name, orLatest(qualifier))
		policy, err := get[api.FunctionPolicy](tx, key, notFound("No policy is associated with the given resource."))
		if err != nil {
			return err
		}
		kept := slices.DeleteFunc(policy.Statements, func(g api.FunctionGrant) bool { return g.Sid == in.StatementId })
		if len(kept) == len(policy.Statements) {
			return notFound("Statement " + in.StatementId + " is not found in resource policy.")
		}
		if in.RevisionId != nil && *in.RevisionId != subject.revision {
			return stale("GetPolicy")
		}
		if len(kept) == 0 {
			err = tx.Delete(key)
		} else {
			err = store.Put(tx, key, api.FunctionPolicy{Statements: kept})
		}
		if err != nil {
			return err
		}
		return subject.touch()
	})
	if err != nil {
		return nil, err
	}
	return &model.RemovePermissionOutput{}, nil
}

// GetPolicy shows a policy as a document.
func (s *Service) GetPolicy(ctx context.Context, in *model.GetPolicyInput) (*model.GetPolicyResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	out := &model.GetPolicyResponse{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		if qualifier == api.Latest {
			return noSuch() // none can be added there
		}
		subject, err := s.subject(tx, name, qualifier)
		if err != nil {
			return err
		}
		policy, err := get[api.FunctionPolicy](tx, api.FunctionPolicyKey(name, orLatest(qualifier)), noSuch())
		if err != nil {
			return err
		}
		text, err := document(policy)
		out.Policy, out.RevisionId = new(text), new(subject.revision)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// document is a policy as AWS writes it.
func document(p api.FunctionPolicy) (string, error) {
	return plainJSON(struct {
		Version   string
		Id        string // IAM's spelling
		Statement []api.FunctionGrant
	}{"2012-10-17", "default", p.Statements})
}

// plainJSON is JSON on one line that leaves <, > and & as they are.
func plainJSON(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
