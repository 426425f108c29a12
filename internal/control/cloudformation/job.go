package cloudformation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	"github.com/stagedoor/stagedoor/internal/fault"
)

// job is one resource being made, changed or deleted.
type job struct {
	*deployment
	record     *api.StackResource
	props      map[string]any // resolved
	old        map[string]any // before; nil unless it is a change
	generation int
}

// kind is how resources of one type are made. update nil: always replaced.
type kind struct {
	create  func(context.Context, *job) error
	update  func(context.Context, *job) error
	remove  func(context.Context, *job) error
	replace []string // properties that cannot change in place
}

// call runs an operation and gives its output as O.
func call[O any](ctx context.Context, j *job, service, operation string, in any) (*O, error) {
	out, err := j.engine.cfg.Control.Call(ctx, service, operation, in)
	if err != nil {
		return nil, err
	}
	o, _ := out.(*O)
	if o == nil {
		o = new(O)
	}
	return o, nil
}

// do runs an operation whose output does not matter.
func (j *job) do(ctx context.Context, service, operation string, in any) error {
	_, err := j.engine.cfg.Control.Call(ctx, service, operation, in)
	return err
}

// made records what the resource is called and what it answers with.
func (j *job) made(physical string, attributes map[string]any) {
	j.record.PhysicalID, j.record.Ref = physical, physical
	j.record.Attributes = attributes
	if attributes == nil {
		j.record.Attributes = map[string]any{}
	}
}

// tries notes what the resource will be called before it is made, so that what is
// left of an attempt that was cut short can be deleted.
func (j *job) tries(physical string) { j.record.PhysicalID = physical }

// text is a property as text, empty if it was not given.
func (j *job) text(name string) string { return text(j.props[name]) }

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool, json.Number:
		return fmt.Sprint(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// nameOr is a property that names the resource, or a name made for it.
func (j *job) nameOr(property string) string {
	if n := j.text(property); n != "" {
		return n
	}
	return j.name(j.record.LogicalID, j.generation)
}

// differs says whether one of the properties named is not what it was.
func (j *job) differs(before map[string]any, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return changed(before[n], j.props[n]) })
}

// changed compares values as CloudFormation does: scalars by their text.
func changed(a, b any) bool {
	switch a.(type) {
	case map[string]any, []any:
		return !reflect.DeepEqual(normal(a), normal(b))
	}
	return text(a) != text(b)
}

func normal(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(b, &out) != nil {
		return v
	}
	return out
}

// at adds the resource's place in the template to an error.
func (j *job) at(plan *cfn.Plan, err error) error {
	r := plan.Resource(j.record.LogicalID)
	message := err.Error()
	if f, ok := errors.AsType[*fault.Error](err); ok {
		message = f.Message
	}
	if _, known := errors.AsType[cfn.Problem](err); r == nil || known {
		return err
	}
	return placed{cfn.Problem{
		File: r.At.File, Line: int(r.At.Line), Column: int(r.At.Column),
		Path: "Resources." + r.ID, Message: message, Hint: r.Type,
	}, err}
}

// placed is an error of an operation with the place of the resource.
type placed struct {
	cfn.Problem
	cause error
}

func (p placed) Unwrap() []error { return []error{p.Problem, p.cause} }

// missing says whether a delete found nothing to delete.
func missing(err error) bool {
	return fault.NotFound.Is(err)
}

// file is the path of a file or folder that the template names.
func (d *deployment) file(name string) (string, error) {
	if d.request.Dir == "" {
		return "", fmt.Errorf("%s is a local file, and this deployment may not read any", name)
	}
	if filepath.IsAbs(name) {
		return filepath.Clean(name), nil
	}
	return filepath.Join(d.request.Dir, name), nil
}

// local is the path that an S3 location of the template stands for, if it is
// one beside the template.
func (d *deployment) local(location map[string]any, bucket, key string) (string, bool, error) {
	if text(location[bucket]) != cfn.LocalBucket {
		return "", false, nil
	}
	path, err := d.file(text(location[key]))
	return path, true, err
}

// stamp is a hash over names, sizes and times of the files that the properties
// name: a change of them is a change of the resource.
func (d *deployment) stamp(props map[string]any) (string, error) {
	h := sha256.New()
	seen := false
	for _, names := range [][3]string{{"Code", "S3Bucket", "S3Key"}, {"Content", "S3Bucket", "S3Key"}, {"BodyS3Location", "Bucket", "Key"}} {
		location, _ := props[names[0]].(map[string]any)
		path, ok, err := d.local(location, names[1], names[2])
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		seen = true
		err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			if !e.IsDir() {
				fmt.Fprintln(h, strings.TrimPrefix(p, path), info.Size(), info.ModTime().UnixNano(), info.Mode())
			}
			return nil
		})
		if errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("%s: there is no such file or folder", path)
		}
		if err != nil {
			return "", err
		}
	}
	if !seen {
		return "", nil
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}
