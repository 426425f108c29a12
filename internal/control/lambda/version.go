package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// PublishVersion makes a version of $LATEST. If $LATEST is what the last
// version was made of, that version is the answer.
func (s *Service) PublishVersion(ctx context.Context, in *model.PublishVersionInput) (*model.FunctionConfiguration, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	for {
		fn, _, err := s.find(ctx, name, "")
		if err != nil {
			return nil, err
		}
		frozen, thaw, err := s.freeze(ctx, fn.Latest.Code)
		if err != nil {
			return nil, err
		}
		v, err := s.publish(ctx, name, in, fn.Latest.Code, frozen)
		thaw()
		if errors.Is(err, errMoved) {
			continue // the code was changed meanwhile: freeze that
		}
		if err != nil {
			return nil, err
		}
		return s.configuration(name, v.Version, &v), nil
	}
}

// errMoved says that $LATEST has other code than was frozen.
var errMoved = errors.New("the code changed while it was frozen")

func (s *Service) publish(ctx context.Context, name string, in *model.PublishVersionInput, was, frozen api.FunctionCode) (v api.FunctionVersion, err error) {
	err = s.change(ctx, name, func(tx store.Tx) error {
		fn, err := s.function(tx, name, "")
		if err != nil {
			return err
		}
		if in.RevisionId != nil && *in.RevisionId != fn.Latest.RevisionID {
			return stale("GetFunction/GetAlias")
		}
		if sum, err := code.ParseSum(fn.Latest.Code.Sum); err == nil && in.CodeSha256 != nil && *in.CodeSha256 != "" && *in.CodeSha256 != sum.Base64() {
			return invalid(fmt.Sprintf("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
				*in.CodeSha256, sum.Base64()))
		}
		if fn.Latest.Code != was {
			return errMoved
		}
		if v, err = publishVersion(tx, &fn, frozen, in.Description); err != nil {
			return err
		}
		return store.Put(tx, api.FunctionKey(name), fn)
	})
	return v, err
}

// freezeIf is freeze for calls that may also publish.
func (s *Service) freezeIf(ctx context.Context, publish *bool, c api.FunctionCode) (api.FunctionCode, func(), error) {
	if publish == nil || !*publish {
		return c, func() {}, nil
	}
	return s.freeze(ctx, c)
}

// publishIf publishes if the call says so; else it answers with $LATEST.
func publishIf(tx store.Tx, publish *bool, fn *api.Function, frozen api.FunctionCode, description *string) (api.FunctionVersion, error) {
	if publish == nil || !*publish {
		return fn.Latest, nil
	}
	return publishVersion(tx, fn, frozen, description)
}

// publishVersion writes a version of $LATEST and counts it in fn, which the
// caller writes.
func publishVersion(tx store.Tx, fn *api.Function, frozen api.FunctionCode, description *string) (api.FunctionVersion, error) {
	v := fn.Latest
	v.Code = frozen
	if fn.LastVersion > 0 {
		last, err := store.Get[api.FunctionVersion](tx, api.FunctionVersionKey(fn.Name, strconv.FormatInt(fn.LastVersion, 10)))
		if err == nil && sameVersion(last, v) {
			return last, nil
		}
		if err != nil && !errors.Is(err, store.ErrMissing) {
			return v, err
		}
	}
	fn.LastVersion++
	v.Version, v.RevisionID = strconv.FormatInt(fn.LastVersion, 10), uuid.NewString()
	set(&v.Description, description)
	return v, store.Put(tx, api.FunctionVersionKey(fn.Name, v.Version), v)
}

// sameVersion says whether two versions run the same. Description and
// revision make no version of their own.
// parity: API reference of PublishVersion
func sameVersion(a, b api.FunctionVersion) bool {
	for _, v := range []*api.FunctionVersion{&a, &b} {
		v.Version, v.RevisionID, v.Description, v.LastModified = "", "", "", time.Time{}
	}
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

// ListVersionsByFunction lists $LATEST and the versions by their numbers.
func (s *Service) ListVersionsByFunction(ctx context.Context, in *model.ListVersionsByFunctionInput) (*model.ListVersionsByFunctionResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	items := []model.FunctionConfiguration{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		fn, err := s.function(tx, name, qualifier)
		if err != nil {
			return err
		}
		items = append(items, s.listed(name, api.Latest, &fn.Latest))
		for v, err := range store.Scan[api.FunctionVersion](tx, api.FunctionVersions(name), "") {
			if err != nil {
				return err
			}
			items = append(items, s.listed(name, v.Version, &v))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListVersionsByFunctionResponse{Versions: items, NextMarker: next}, err
}

// deleteVersion removes a version and what hangs on it. A version that does
// not exist is gone already; one that an alias points to stays.
func (s *Service) deleteVersion(tx store.Tx, name, number string) error {
	var users []string
	for a, err := range store.Scan[api.FunctionAlias](tx, api.FunctionAliases(name), "") {
		if err != nil {
			return err
		}
		if _, weighted := a.Weights[number]; weighted || a.Version == number {
			users = append(users, a.Name)
		}
	}
	if len(users) > 0 {
		return conflict("Unable to delete version because the following aliases reference it: [" + strings.Join(users, ", ") + "]")
	}
	return drop(tx, append(hangingOn(name, number), api.FunctionVersionKey(name, number))...)
}

// hangingOn is the documents that belong to a version or an alias.
func hangingOn(name, qualifier string) []store.Key {
	return []store.Key{
		api.FunctionPolicyKey(name, qualifier), api.FunctionURLKey(name, qualifier),
		api.FunctionAsyncKey(name, qualifier), api.FunctionProvisionedKey(name, qualifier),
	}
}

// drop removes documents that may be there.
func drop(tx store.Tx, keys ...store.Key) error {
	for _, key := range keys {
		if err := tx.Delete(key); err != nil && !errors.Is(err, store.ErrMissing) {
			return err
		}
	}
	return nil
}
