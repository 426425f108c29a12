package cloudformation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	"github.com/stagedoor/stagedoor/internal/fault"
)

// deployment is one change of a stack under way.
type deployment struct {
	engine  *Engine
	request Request
	plan    *cfn.Plan
	stack   api.Stack
	isNew   bool
	changed int
	undo    []undo // what was done, first to last
	after   []api.StackResource

	interrupted string // what was being made when the deployment before was cut short
}

// clear deletes what a first deployment made that was cut short: the stack is
// made afresh, as things below an API may be there without a record of them.
func (d *deployment) clear(ctx context.Context) error {
	if d.interrupted == "" || d.stack.Status != "" {
		return nil
	}
	for _, r := range slices.Backward(d.stack.Resources) {
		r.Retain = false
		if err := d.drop(ctx, r); err != nil {
			return fmt.Errorf("clear what was left of stack %s: %w", d.stack.Name, err)
		}
	}
	d.stack.Resources, d.isNew = nil, true
	return nil
}

// undo is how one change is taken back.
type undo struct {
	what string
	run  func(context.Context) error
}

// apply brings every resource of the plan to its properties, deletes those that
// are no longer in it, and settles the outputs.
func (d *deployment) apply(ctx context.Context) error {
	for _, id := range d.plan.Order() {
		if err := d.resource(ctx, d.plan.Resource(id)); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	outputs, problems := d.plan.Outputs(env{d})
	if len(problems) > 0 {
		return problems[0]
	}
	d.stack.Outputs = nil
	for _, o := range outputs {
		d.stack.Outputs = append(d.stack.Outputs, api.StackOutput(o))
	}
	kept := make([]api.StackResource, 0, len(d.stack.Resources))
	var gone []api.StackResource
	for _, r := range d.stack.Resources {
		if d.plan.Resource(r.LogicalID) == nil {
			gone = append(gone, r)
		} else {
			kept = append(kept, r)
		}
	}
	slices.Reverse(gone)
	d.stack.Resources, d.after = kept, append(d.after, gone...)
	for _, old := range d.after { // nothing refers to these any more
		if err := d.drop(ctx, old); err != nil {
			d.engine.cfg.Log.Warn("resource left behind", "stack", d.stack.Name, "resource", old.LogicalID, "error", err)
		}
		d.changed++
	}
	d.stack.Status, d.stack.Reason = "UPDATE_COMPLETE", ""
	if d.isNew {
		d.stack.Status = "CREATE_COMPLETE"
	}
	if d.changed == 0 && !d.isNew {
		return nil
	}
	return d.engine.save(ctx, d.stack)
}

// resource makes or changes one resource.
func (d *deployment) resource(ctx context.Context, r *cfn.Resource) error {
	value, problems := d.plan.Resolve(r.ID, env{d})
	if len(problems) > 0 {
		return problems[0]
	}
	props, _ := value.Plain().(map[string]any)
	if props == nil {
		props = map[string]any{}
	}
	text, err := json.Marshal(props)
	if err != nil {
		return err
	}
	rec := api.StackResource{
		LogicalID: r.ID, Type: r.Type, Properties: text, Attributes: map[string]any{},
		Retain: r.DeletionPolicy == "Retain", Stub: r.Stub,
	}
	at := d.find(r.ID)
	if r.Stub {
		rec.PhysicalID = d.name(r.ID, 0)
		rec.Ref = rec.PhysicalID
		d.put(at, rec)
		return nil
	}
	j := &job{deployment: d, record: &rec, props: props}
	if rec.Stamp, err = d.stamp(props); err != nil {
		return err
	}
	if at < 0 || d.stack.Resources[at].Type != r.Type {
		return d.create(ctx, j)
	}
	return d.update(ctx, j, d.stack.Resources[at])
}

func (d *deployment) create(ctx context.Context, j *job) error {
	d.stack.Pending = j.record.LogicalID
	if err := d.engine.save(ctx, d.stack); err != nil {
		return err
	}
	if err := d.make(ctx, j); err != nil {
		return j.at(d.plan, err)
	}
	d.stack.Pending = ""
	made := *j.record
	d.undo = append(d.undo, undo{"delete " + made.LogicalID, func(ctx context.Context) error {
		d.stack.Resources = slices.DeleteFunc(d.stack.Resources, func(r api.StackResource) bool {
			return r.PhysicalID == made.PhysicalID && r.LogicalID == made.LogicalID
		})
		return d.drop(ctx, made)
	}})
	d.changed++
	d.put(d.find(made.LogicalID), made)
	return d.engine.save(ctx, d.stack)
}

// make makes a resource. If its name is taken by what a deployment made that was
// cut short before it could take note, that is deleted first.
func (d *deployment) make(ctx context.Context, j *job) error {
	k := d.engine.kinds[j.record.Type]
	fresh := *j.record
	err := k.create(ctx, j)
	if d.interrupted != fresh.LogicalID || !fault.Conflict.Is(err) || j.record.PhysicalID == "" || k.remove == nil {
		return err
	}
	if err := k.remove(ctx, j); err != nil && !missing(err) {
		return fmt.Errorf("delete what was left of it: %w", err)
	}
	*j.record = fresh
	return k.create(ctx, j)
}

// update changes a resource in place, or makes another and leaves the old one
// to be deleted at the end.
func (d *deployment) update(ctx context.Context, j *job, old api.StackResource) error {
	if bytes.Equal(old.Properties, j.record.Properties) && old.Stamp == j.record.Stamp {
		return nil
	}
	var before map[string]any
	if err := json.Unmarshal(old.Properties, &before); err != nil {
		return err
	}
	k := d.engine.kinds[j.record.Type]
	if k.update == nil || j.differs(before, k.replace) {
		j.record.PhysicalID = ""
		j.generation = 1
		if err := d.create(ctx, j); err != nil {
			return err
		}
		if old.PhysicalID != j.record.PhysicalID {
			d.after = append(d.after, old)
		}
		return nil
	}
	j.old = before
	j.record.PhysicalID, j.record.Ref, j.record.Attributes = old.PhysicalID, old.Ref, maps.Clone(old.Attributes)
	if err := k.update(ctx, j); err != nil {
		return j.at(d.plan, err)
	}
	d.undo = append(d.undo, undo{"restore " + old.LogicalID, func(ctx context.Context) error {
		back := old
		d.put(d.find(old.LogicalID), old)
		return k.update(ctx, &job{deployment: d, record: &back, props: before, old: j.props})
	}})
	d.changed++
	d.put(d.find(old.LogicalID), *j.record)
	return d.engine.save(ctx, d.stack)
}

// drop deletes what a record says was made.
func (d *deployment) drop(ctx context.Context, old api.StackResource) error {
	k, ok := d.engine.kinds[old.Type]
	if old.Stub || old.Retain || !ok || k.remove == nil {
		return nil
	}
	var props map[string]any
	if err := json.Unmarshal(old.Properties, &props); err != nil {
		return err
	}
	err := k.remove(ctx, &job{deployment: d, record: &old, props: props})
	if missing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", old.LogicalID, err)
	}
	return nil
}

// rollback takes back what was done, last first.
func (d *deployment) rollback(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	d.stack.Pending = ""
	var failed []error
	for _, u := range slices.Backward(d.undo) {
		if err := u.run(ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", u.what, err))
		}
	}
	d.stack.Status = "UPDATE_ROLLBACK_COMPLETE"
	if d.isNew {
		d.stack.Status = "ROLLBACK_COMPLETE"
	}
	if len(failed) > 0 {
		d.stack.Status = strings.Replace(d.stack.Status, "COMPLETE", "FAILED", 1)
	}
	if err := d.engine.save(ctx, d.stack); err != nil {
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func (d *deployment) find(id string) int {
	return slices.IndexFunc(d.stack.Resources, func(r api.StackResource) bool { return r.LogicalID == id })
}

func (d *deployment) put(at int, rec api.StackResource) {
	if at < 0 {
		d.stack.Resources = append(d.stack.Resources, rec)
		return
	}
	d.stack.Resources[at] = rec
}

// name is the physical name of a resource that has none of its own: the same
// for the same stack and logical id, so a stack deployed afresh keeps its names.
func (d *deployment) name(id string, generation int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", d.stack.ID, id, generation))
	return d.stack.Name + "-" + id + "-" + base32.StdEncoding.EncodeToString(sum[:])[:12]
}

// env answers for the resources made so far.
type env struct{ d *deployment }

// Ref is the Ref value of a resource.
func (e env) Ref(id string) (any, error) {
	if at := e.d.find(id); at >= 0 {
		return e.d.stack.Resources[at].Ref, nil
	}
	return nil, cfn.ErrLater
}

// GetAtt is an attribute of a resource.
func (e env) GetAtt(id, attribute string) (any, error) {
	at := e.d.find(id)
	if at < 0 {
		return nil, cfn.ErrLater
	}
	r := e.d.stack.Resources[at]
	if v, ok := r.Attributes[attribute]; ok {
		return v, nil
	}
	if r.Stub {
		return r.PhysicalID + "." + attribute, nil
	}
	return nil, fmt.Errorf("Template error: resource %s does not support attribute type %s in Fn::GetAtt", id, attribute)
}

// Import finds no exports: stacks do not share values yet.
func (e env) Import(name string) (any, error) {
	return nil, fmt.Errorf("No export named %s found.", name)
}

// Dynamic refuses: there is no parameter store or secrets manager here.
func (e env) Dynamic(service, key string) (string, error) {
	return "", fmt.Errorf("dynamic reference to %s (%s) is not supported", service, key)
}
