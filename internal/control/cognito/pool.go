package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// pool is a pool with its settings read.
type pool struct {
	api.UserPool
	settings wire.UserPoolType
}

// short is the pool's name in SRP: what stands behind the underscore of its id.
func (p *pool) short() string { return p.ID[strings.LastIndexByte(p.ID, '_')+1:] }

func (s *Service) arn(pool string) string {
	return "arn:" + s.cfg.Partition + ":cognito-idp:" + s.cfg.Region + ":" + s.cfg.Account + ":userpool/" + pool
}

// host is where Cognito's pools are in this region.
func (s *Service) host() string {
	suffix := "amazonaws.com"
	if s.cfg.Partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	return "cognito-idp." + s.cfg.Region + "." + suffix
}

// issuer is what iss is in the tokens of a pool.
func (s *Service) issuer(pool string) string { return "https://" + s.host() + "/" + pool }

// pool reads one pool.
func (s *Service) pool(tx store.Tx, id string) (*pool, error) {
	doc, err := store.Get[api.UserPool](tx, api.UserPoolKey(id))
	if errors.Is(err, store.ErrMissing) {
		return nil, missing("User pool %s does not exist.", id)
	}
	if err != nil {
		return nil, err
	}
	p := &pool{UserPool: doc}
	if err := json.Unmarshal(doc.Settings, &p.settings); err != nil {
		return nil, fmt.Errorf("read the settings of user pool %s: %w", id, err)
	}
	return p, nil
}

func (s *Service) putPool(tx store.Tx, p *pool) (err error) {
	if p.Settings, err = json.Marshal(p.settings); err != nil {
		return err
	}
	return store.Put(tx, api.UserPoolKey(p.ID), p.UserPool)
}

// shown is a pool as callers see it.
func (s *Service) shown(p *pool) *wire.UserPoolType {
	out := p.settings
	out.Id, out.Name, out.Arn = &p.ID, &p.Name, new(s.arn(p.ID))
	out.CreationDate, out.LastModifiedDate = &p.Created, &p.Modified
	out.EstimatedNumberOfUsers, out.UserPoolTags = new(int32(p.UserNumber)), p.Tags
	if p.Domain != "" {
		out.Domain = &p.Domain
	}
	return &out
}

// idTag chooses the id of a pool, as it does for APIs.
const idTag = "stagedoor:id"

// poolID is what the id of a pool may be.
// parity: the model's UserPoolIdType
const poolID = `^[\w-]+_[0-9a-zA-Z]+$`

// newID is the id of a pool: the region and nine letters and digits.
func (s *Service) newID(tags map[string]string) (string, error) {
	if id := tags[idTag]; id != "" {
		if len(id) > 55 || !regexp.MustCompile(poolID).MatchString(id) || !strings.HasPrefix(id, s.cfg.Region+"_") {
			return "", invalid("The tag %s must be %s_ and letters or digits.", idTag, s.cfg.Region)
		}
		return id, nil
	}
	return s.cfg.Region + "_" + text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 9), nil
}

// text is a text of n letters of an alphabet, by chance.
func text(alphabet string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[below(len(alphabet))]
	}
	return string(out)
}

// CreateUserPool makes a pool, with keys of its own to sign with.
func (s *Service) CreateUserPool(ctx context.Context, in *wire.CreateUserPoolInput) (*wire.CreateUserPoolResponse, error) {
	p := &pool{settings: settingsOf(in)}
	if err := p.complete(in.Schema); err != nil {
		return nil, err
	}
	var err error
	if p.ID, err = s.newID(in.UserPoolTags); err != nil {
		return nil, err
	}
	keys, err := s.newKeys(p.ID)
	if err != nil {
		return nil, err
	}
	p.Name, p.Created, p.Modified, p.Tags = in.PoolName, s.now(), s.now(), in.UserPoolTags
	// parity: names of users are case sensitive unless UsernameConfiguration says otherwise
	p.FoldNames = in.UsernameConfiguration != nil && !in.UsernameConfiguration.CaseSensitive || len(in.UsernameAttributes) > 0
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.Get(api.UserPoolKey(p.ID)); !errors.Is(err, store.ErrMissing) {
			return errors.Join(err, invalid("A user pool %s exists already.", p.ID))
		}
		if err := store.Put(tx, api.PoolKeysKey(p.ID), keys); err != nil {
			return err
		}
		return s.putPool(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateUserPoolResponse{UserPool: s.shown(p)}, nil
}

// DescribeUserPool reads a pool.
func (s *Service) DescribeUserPool(ctx context.Context, in *wire.DescribeUserPoolInput) (*wire.DescribeUserPoolResponse, error) {
	out := &wire.DescribeUserPoolResponse{}
	return out, s.store.View(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, in.UserPoolId)
		if err == nil {
			out.UserPool = s.shown(p)
		}
		return err
	})
}

// ListUserPools lists pools in the order of their ids.
func (s *Service) ListUserPools(ctx context.Context, in *wire.ListUserPoolsInput) (*wire.ListUserPoolsResponse, error) {
	out := &wire.ListUserPoolsResponse{UserPools: []wire.UserPoolDescriptionType{}}
	var err error
	out.NextToken, err = list(ctx, s, listing[api.UserPool]{
		prefix: func(store.Tx) (string, error) { return api.UserPools, nil },
		token:  in.NextToken, limit: in.MaxResults, key: func(p *api.UserPool) string { return api.UserPoolKey(p.ID) },
		take: func(p *api.UserPool) {
			out.UserPools = append(out.UserPools, wire.UserPoolDescriptionType{
				Id: &p.ID, Name: &p.Name, CreationDate: &p.Created, LastModifiedDate: &p.Modified, LambdaConfig: &wire.LambdaConfigType{},
			})
		},
	})
	return out, err
}

// editPool changes a pool.
func (s *Service) editPool(ctx context.Context, id string, edit func(p *pool) error) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, id)
		if err != nil {
			return err
		}
		if err := edit(p); err != nil {
			return err
		}
		p.Modified = s.now()
		return s.putPool(tx, p)
	})
}

// UpdateUserPool replaces the settings of a pool: what is not given becomes
// what it is by default.
func (s *Service) UpdateUserPool(ctx context.Context, in *wire.UpdateUserPoolInput) (*wire.UpdateUserPoolResponse, error) {
	return &wire.UpdateUserPoolResponse{}, s.editPool(ctx, in.UserPoolId, func(p *pool) error {
		was := p.settings
		p.settings = changedSettings(in)
		p.settings.SchemaAttributes, p.settings.UsernameAttributes = was.SchemaAttributes, was.UsernameAttributes
		p.settings.AliasAttributes, p.settings.UsernameConfiguration = was.AliasAttributes, was.UsernameConfiguration
		if in.PoolName != nil {
			p.Name = *in.PoolName
		}
		if in.UserPoolTags != nil {
			p.Tags = in.UserPoolTags
		}
		return p.complete(nil)
	})
}

// DeleteUserPool deletes a pool with all that belongs to it.
func (s *Service) DeleteUserPool(ctx context.Context, in *wire.DeleteUserPoolInput) (*wire.DeleteUserPoolOutput, error) {
	err := s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		if p.settings.DeletionProtection != nil && *p.settings.DeletionProtection == "ACTIVE" {
			return invalid("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		}
		if p.Domain != "" {
			return invalid("User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		clients, err := store.All[api.PoolClient](tx, api.PoolClients(p.ID))
		if err != nil {
			return err
		}
		for i := range clients {
			err = errors.Join(err, tx.Delete(api.PoolClientIDKey(clients[i].ID)))
		}
		return errors.Join(err, store.DeleteAll(tx, api.PoolTree(p.ID)), tx.Delete(api.PoolKeysKey(p.ID)), tx.Delete(api.UserPoolKey(p.ID)))
	})
	if err == nil {
		s.outbox.drop(in.UserPoolId, "")
	}
	return &wire.DeleteUserPoolOutput{}, err
}

// AddCustomAttributes adds attributes that users of the pool may have.
func (s *Service) AddCustomAttributes(ctx context.Context, in *wire.AddCustomAttributesInput) (*wire.AddCustomAttributesResponse, error) {
	return &wire.AddCustomAttributesResponse{}, s.editPool(ctx, in.UserPoolId, func(p *pool) error {
		for _, a := range in.CustomAttributes {
			if a.Name != nil && p.attribute(customName(&a)) != nil {
				return invalid("%s: Existing attribute already has name %s.", customName(&a), customName(&a))
			}
		}
		return p.addAttributes(in.CustomAttributes, true)
	})
}

// TagResource adds tags to a pool.
func (s *Service) TagResource(ctx context.Context, in *wire.TagResourceInput) (*wire.TagResourceResponse, error) {
	return &wire.TagResourceResponse{}, s.editTagged(ctx, in.ResourceArn, func(tags map[string]string) {
		maps.Copy(tags, in.Tags)
	})
}

// UntagResource takes tags from a pool.
func (s *Service) UntagResource(ctx context.Context, in *wire.UntagResourceInput) (*wire.UntagResourceResponse, error) {
	return &wire.UntagResourceResponse{}, s.editTagged(ctx, in.ResourceArn, func(tags map[string]string) {
		maps.DeleteFunc(tags, func(name, _ string) bool { return slices.Contains(in.TagKeys, name) })
	})
}

func (s *Service) editTagged(ctx context.Context, arn string, edit func(map[string]string)) error {
	return s.editPool(ctx, strings.TrimPrefix(arn, s.arn("")), func(p *pool) error {
		if p.Tags == nil {
			p.Tags = map[string]string{}
		}
		if edit(p.Tags); len(p.Tags) > 50 { // parity: "Tag restrictions"
			return invalid("A user pool can have 50 tags at most.")
		}
		return nil
	})
}

// ListTagsForResource lists the tags of a pool.
func (s *Service) ListTagsForResource(ctx context.Context, in *wire.ListTagsForResourceInput) (*wire.ListTagsForResourceResponse, error) {
	out := &wire.ListTagsForResourceResponse{Tags: map[string]string{}}
	return out, s.store.View(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, strings.TrimPrefix(in.ResourceArn, s.arn("")))
		if err == nil {
			maps.Copy(out.Tags, p.Tags)
		}
		return err
	})
}
