package lambda

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// CreateFunctionUrlConfig gives a function or an alias an HTTP address.
func (s *Service) CreateFunctionUrlConfig(ctx context.Context, in *model.CreateFunctionUrlConfigInput) (*model.CreateFunctionUrlConfigResponse, error) {
	name, qualifier, err := s.urlSubject(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	u := api.FunctionURL{
		ID: newURLID(), Qualifier: qualifier, AuthType: in.AuthType, InvokeMode: "BUFFERED",
		CORS: corsOf(in.Cors), Created: now, Modified: now,
	}
	set(&u.InvokeMode, in.InvokeMode)
	err = s.change(ctx, name, func(tx store.Tx) error {
		if err := s.qualified(tx, name, qualifier); err != nil {
			return err
		}
		key := api.FunctionURLKey(name, orLatest(qualifier))
		if _, err := tx.Get(key); err == nil {
			return conflict("Failed to create function url config for [functionArn = " + s.here.arn(name, qualifier) +
				"]. Error message:  FunctionUrlConfig exists for this Lambda function")
		} else if !errors.Is(err, store.ErrMissing) {
			return err
		}
		return store.Put(tx, key, u)
	})
	if err != nil {
		return nil, err
	}
	c := s.urlConfig(name, &u)
	return &model.CreateFunctionUrlConfigResponse{
		FunctionUrl: c.FunctionUrl, FunctionArn: c.FunctionArn, AuthType: c.AuthType, Cors: c.Cors, CreationTime: c.CreationTime, InvokeMode: c.InvokeMode,
	}, nil
}

// newURLID is the first label of a function URL's host name.
func newURLID() string { return strings.ToLower(rand.Text()) + strings.ToLower(rand.Text()[:6]) }

// urlSubject reads what a URL belongs to: the function itself or an alias.
func (s *Service) urlSubject(text string, qualifier *string) (string, string, error) {
	name, qual, err := s.here.target(text, qualifier)
	if err == nil && (qual == api.Latest || isVersion(qual)) {
		err = constraint(qual, "qualifier", `satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`)
	}
	return name, qual, err
}

// GetFunctionUrlConfig shows an HTTP address.
func (s *Service) GetFunctionUrlConfig(ctx context.Context, in *model.GetFunctionUrlConfigInput) (*model.GetFunctionUrlConfigResponse, error) {
	name, qualifier, err := s.urlSubject(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var u api.FunctionURL
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		u, err = get[api.FunctionURL](tx, api.FunctionURLKey(name, orLatest(qualifier)), noSuch())
		return err
	})
	if err != nil {
		return nil, err
	}
	c := s.urlConfig(name, &u)
	return &model.GetFunctionUrlConfigResponse{
		FunctionUrl: c.FunctionUrl, FunctionArn: c.FunctionArn, AuthType: c.AuthType, Cors: c.Cors,
		CreationTime: c.CreationTime, LastModifiedTime: c.LastModifiedTime, InvokeMode: c.InvokeMode,
	}, nil
}

// UpdateFunctionUrlConfig changes an HTTP address; it stays the same address.
func (s *Service) UpdateFunctionUrlConfig(ctx context.Context, in *model.UpdateFunctionUrlConfigInput) (*model.UpdateFunctionUrlConfigResponse, error) {
	name, qualifier, err := s.urlSubject(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var u api.FunctionURL
	key := api.FunctionURLKey(name, orLatest(qualifier))
	err = s.change(ctx, name, func(tx store.Tx) (err error) {
		if u, err = get[api.FunctionURL](tx, key, noSuch()); err != nil {
			return err
		}
		set(&u.AuthType, in.AuthType)
		set(&u.InvokeMode, in.InvokeMode)
		if in.Cors != nil {
			u.CORS = corsOf(in.Cors)
		}
		u.Modified = time.Now().UTC()
		return store.Put(tx, key, u)
	})
	if err != nil {
		return nil, err
	}
	c := s.urlConfig(name, &u)
	return &model.UpdateFunctionUrlConfigResponse{
		FunctionUrl: c.FunctionUrl, FunctionArn: c.FunctionArn, AuthType: c.AuthType, Cors: c.Cors,
		CreationTime: c.CreationTime, LastModifiedTime: c.LastModifiedTime, InvokeMode: c.InvokeMode,
	}, nil
}

// DeleteFunctionUrlConfig takes an HTTP address away.
func (s *Service) DeleteFunctionUrlConfig(ctx context.Context, in *model.DeleteFunctionUrlConfigInput) (*model.DeleteFunctionUrlConfigOutput, error) {
	name, qualifier, err := s.urlSubject(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, name, func(tx store.Tx) error {
		err := tx.Delete(api.FunctionURLKey(name, orLatest(qualifier)))
		if errors.Is(err, store.ErrMissing) {
			return noSuch()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteFunctionUrlConfigOutput{}, nil
}

// ListFunctionUrlConfigs lists the HTTP addresses of a function and its aliases.
func (s *Service) ListFunctionUrlConfigs(ctx context.Context, in *model.ListFunctionUrlConfigsInput) (*model.ListFunctionUrlConfigsResponse, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	items := []model.FunctionUrlConfig{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		if _, err := s.function(tx, name, ""); err != nil {
			return err
		}
		for u, err := range store.Scan[api.FunctionURL](tx, api.FunctionURLs(name), "") {
			if err != nil {
				return err
			}
			items = append(items, s.urlConfig(name, &u))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListFunctionUrlConfigsResponse{FunctionUrlConfigs: items, NextMarker: next}, err
}

// urlConfig is a function URL as AWS shows it. Its address is one that leads here.
func (s *Service) urlConfig(name string, u *api.FunctionURL) model.FunctionUrlConfig {
	const form = "2006-01-02T15:04:05.000000Z"
	c := model.FunctionUrlConfig{
		FunctionUrl:  s.cfg.URLScheme + "://" + u.ID + ".lambda-url." + s.here.region + "." + s.cfg.URLHost + "/",
		FunctionArn:  s.here.arn(name, u.Qualifier),
		AuthType:     u.AuthType,
		InvokeMode:   new(u.InvokeMode),
		CreationTime: u.Created.UTC().Format(form), LastModifiedTime: u.Modified.UTC().Format(form),
	}
	if u.CORS != nil {
		c.Cors = new(model.Cors(*u.CORS))
	}
	return c
}

func corsOf(c *model.Cors) *api.FunctionCORS {
	if c == nil {
		return nil
	}
	return new(api.FunctionCORS(*c))
}
