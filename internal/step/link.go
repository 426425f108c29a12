package step

import (
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/links"
	"github.com/stagedoor/stagedoor/internal/program"
)

// vpcLink is the connection type of integrations that lead to a VPC link.
const vpcLink = "VPC_LINK"

// HasLink says whether an integration leads to a VPC link. The request's body
// is then read whole, so that another target may be asked.
func HasLink(in *api.Integration) bool {
	return in.ConnectionType != nil && *in.ConnectionType == vpcLink
}

// linkTargets are the targets of a VPC link as origins.
type linkTargets struct {
	link    *links.Link
	origins []*program.Origin // by the index of the link's addresses
}

// link finds the targets of an integration's VPC link; nil if it has none. A
// link that leads nowhere is ErrUnreachable. The integration's URI names host,
// scheme and path; where the connection goes is the operator's word alone.
// parity: spec/rest-data-plane.md 3.9.
func (s Scope) link(in *api.Integration, t *target, origins Origins) (*linkTargets, error) {
	if !HasLink(in) {
		return nil, nil
	}
	var found *links.Link
	for _, id := range []*string{in.IntegrationTarget, in.ConnectionID} {
		if id != nil && found == nil {
			found = s.Links.Find(s.fillVariables(*id))
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%w: the VPC link has no targets (--vpc-link)", ErrUnreachable)
	}
	all := &linkTargets{link: found}
	for _, address := range found.Addresses {
		at := *t
		at.address = address
		all.origins = append(all.origins, at.origin(origins, in.InsecureSkipVerify != nil && *in.InsecureSkipVerify))
	}
	return all, nil
}

// aim gives a call the target whose turn it is.
func (l *linkTargets) aim(c *program.Call) {
	c.Origin, c.Others, c.Tried = l.origins[l.link.Next(time.Now())], l, 0
}

// Other implements program.Alternates.
func (l *linkTargets) Other(failed *program.Origin, tried int) *program.Origin {
	for i, o := range l.origins {
		if o == failed {
			if next, ok := l.link.Failed(i, tried, time.Now()); ok {
				return l.origins[next]
			}
		}
	}
	return nil
}
