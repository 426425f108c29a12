// Package cloudformation makes stacks of templates: it creates, changes and
// deletes the resources that a template describes by calling the control plane's
// own operations, and remembers what it made.
//
// A change is all or nothing, as far as what is underneath can be undone: when a
// resource fails, those already changed get their old properties back and those
// that were made are deleted. Problems that can be seen in the template stop a
// deployment before anything is touched.
package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	"github.com/stagedoor/stagedoor/internal/store"
)

// caller is all that the engine needs of the control plane.
type caller interface {
	Call(ctx context.Context, service, operation string, in any) (any, error)
}

// Config says where an Engine stands.
type Config struct {
	Store     store.Store
	Control   caller
	Account   string
	Region    string
	Partition string // "aws" if empty
	Now       func() time.Time
	Log       *slog.Logger
}

// Engine deploys templates as stacks. Any number of calls may run at a time,
// one for each stack.
type Engine struct {
	cfg   Config
	kinds map[string]kind
}

// New makes an engine.
func New(cfg Config) *Engine {
	if cfg.Partition == "" {
		cfg.Partition = "aws"
	}
	return &Engine{cfg: cfg, kinds: kinds()}
}

// Request is a template to deploy.
type Request struct {
	Stack      string
	Source     cfn.Source
	Files      cfn.Files
	Dir        string // of the template; code and bodies beside it are read from here. Empty: no local files
	Parameters map[string]string
}

// Result is what a deployment came to.
type Result struct {
	Stack    api.Stack
	Problems []cfn.Problem // why nothing was changed
	Warnings []cfn.Problem
	Changed  int // resources made, changed or deleted
}

// Plan evaluates a template without touching anything.
func (e *Engine) Plan(r Request) (*cfn.Plan, []cfn.Problem) {
	t, problems := cfn.Parse(r.Source, r.Files)
	if len(problems) > 0 {
		return nil, problems
	}
	return t.Transform(cfn.Inputs{
		Parameters: r.Parameters,
		AccountID:  e.cfg.Account, Region: e.cfg.Region, Partition: e.cfg.Partition,
		StackName: r.Stack, StackID: e.stackID(r.Stack),
		Local:     r.Dir != "",
		Supported: e.supported(),
		Unknown:   cfn.StubHarmless,
	})
}

// Deploy makes or changes a stack. Problems of the template are in the result;
// the error is trouble while changing resources, after which the stack is as it
// was before, or says what could not be undone.
func (e *Engine) Deploy(ctx context.Context, r Request) (*Result, error) {
	plan, problems := e.Plan(r)
	if len(problems) > 0 {
		return &Result{Problems: problems}, nil
	}
	stack, err := e.load(ctx, r.Stack)
	if err != nil {
		return nil, err
	}
	stack.Template, stack.Params = string(r.Source.Text), map[string]string{}
	for _, p := range plan.Parameters {
		stack.Params[p.Name] = p.Value
		if p.NoEcho {
			stack.Params[p.Name] = "****"
		}
	}
	warnings := append(slices.Clone(plan.Warnings), externalWarnings(plan)...)
	run := &deployment{engine: e, request: r, plan: plan, stack: stack, isNew: len(stack.Resources) == 0, interrupted: stack.Pending}
	if err := run.clear(ctx); err != nil {
		return nil, err
	}
	if err := run.apply(ctx); err != nil {
		undo := run.rollback(ctx)
		return &Result{Stack: run.stack, Warnings: warnings}, errors.Join(err, undo)
	}
	return &Result{Stack: run.stack, Warnings: warnings, Changed: run.changed}, nil
}

// Delete removes a stack and what it made, in reverse order.
func (e *Engine) Delete(ctx context.Context, name string) error {
	stack, err := e.load(ctx, name)
	if err != nil {
		return err
	}
	run := &deployment{engine: e, request: Request{Stack: name}, stack: stack}
	for _, r := range slices.Backward(stack.Resources) {
		if err := run.drop(ctx, r); err != nil {
			return err
		}
	}
	return e.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Delete(api.StackKey(name)); !errors.Is(err, store.ErrMissing) {
			return err
		}
		return nil
	})
}

func (e *Engine) stackID(name string) string {
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(e.cfg.Account+"/"+e.cfg.Region+"/"+name))
	return fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", e.cfg.Partition, e.cfg.Region, e.cfg.Account, name, id)
}

// load reads a stack; one that does not exist yet is empty.
func (e *Engine) load(ctx context.Context, name string) (api.Stack, error) {
	stack := api.Stack{ID: e.stackID(name), Name: name, Created: e.cfg.Now()}
	err := e.cfg.Store.View(ctx, func(tx store.Tx) error {
		got, err := store.Get[api.Stack](tx, api.StackKey(name))
		if errors.Is(err, store.ErrMissing) {
			return nil
		}
		stack = got
		return err
	})
	return stack, err
}

func (e *Engine) save(ctx context.Context, stack api.Stack) error {
	stack.Updated = e.cfg.Now()
	return e.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return store.Put(tx, api.StackKey(stack.Name), stack)
	})
}

func (e *Engine) supported() []string {
	return slices.Sorted(maps.Keys(e.kinds))
}
