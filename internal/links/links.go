// Package links leads VPC links to their targets: addresses that the operator
// has named, by the id or the name of a link or by the ARN of a load balancer.
//
// A Link knows which of its targets could not be reached lately and which is
// next. It outlives deployments. Readers never wait.
package links

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Links are the links that lead somewhere. Refresh is called by one goroutine
// at a time, the rest by any number.
type Links struct {
	given map[string]*Link                  // by what the operator calls them
	names atomic.Pointer[map[string]string] // of the links that were created: id -> name
}

var errLink = errors.New("must be ID_OR_NAME=HOST:PORT,HOST:PORT")

// Parse reads "ID_OR_NAME=HOST:PORT,HOST:PORT"; a space may stand for a comma.
// The error says which are wrong.
func Parse(given []string) (*Links, error) {
	all := &Links{given: map[string]*Link{}}
	all.names.Store(&map[string]string{})
	var problems []error
	for _, text := range given {
		name, list, _ := strings.Cut(text, "=")
		addresses := strings.Split(strings.ReplaceAll(list, " ", ","), ",")
		ok := name != "" && all.given[name] == nil
		for _, a := range addresses {
			host, port, err := net.SplitHostPort(a)
			n, nerr := strconv.Atoi(port)
			ok = ok && err == nil && nerr == nil && host != "" && n > 0 && n < 1<<16
		}
		if !ok {
			problems = append(problems, fmt.Errorf("vpc-link %q: %w, each name once", text, errLink))
			continue
		}
		all.given[name] = &Link{Addresses: addresses, spots: make([]spot, len(addresses))}
	}
	return all, errors.Join(problems...)
}

// Find is the link of an id, a name or a load balancer's ARN; nil: it leads
// nowhere.
func (l *Links) Find(id string) *Link {
	if l == nil || id == "" {
		return nil
	}
	if found := l.given[id]; found != nil {
		return found
	}
	return l.given[(*l.names.Load())[id]]
}

// Follows reports whether a document is one that Refresh reads.
func (l *Links) Follows(name store.Key) bool { return strings.HasPrefix(name, api.VPCLinks) }

// Refresh takes up the links that were created, or changed their names.
func (l *Links) Refresh(tx store.Tx, changed []store.Key, all bool) error {
	names := map[string]string{}
	if !all {
		names = maps.Clone(*l.names.Load())
		touched := false
		for _, key := range changed {
			if !l.Follows(key) {
				continue
			}
			touched = true
			doc, err := store.Get[api.VPCLink](tx, key)
			switch {
			case err == nil:
				names[doc.ID] = doc.Name
			case errors.Is(err, store.ErrMissing):
				delete(names, api.Split(key)[1])
			default:
				return fmt.Errorf("refresh %s: %w", key, err)
			}
		}
		if !touched {
			return nil
		}
	} else {
		for doc, err := range store.Scan[api.VPCLink](tx, api.VPCLinks, "") {
			if err != nil {
				return fmt.Errorf("read the VPC links: %w", err)
			}
			names[doc.ID] = doc.Name
		}
	}
	l.names.Store(&names)
	return nil
}

// Link is the targets of one link.
type Link struct {
	Addresses []string // host:port, at least one

	spots []spot
	turn  atomic.Uint32
}

// spot is what is known of one target.
type spot struct{ down atomic.Int64 } // until when it is not asked, in Unix nanoseconds; 0: it is well

// pause is how long a target is left alone that could not be reached.
const pause = 5 * time.Second

// Next is the target whose turn it is, by its index in Addresses: the next one
// that is well, or just the next one if none is.
func (l *Link) Next(now time.Time) int {
	n := uint32(len(l.spots))
	first := (l.turn.Add(1) - 1) % n
	for i := range n {
		if at := (first + i) % n; l.well(int(at), now) {
			return int(at)
		}
	}
	return int(first)
}

// Failed takes note that a target could not be reached, and gives another one
// to be asked after tried of them; ok is false if all were.
func (l *Link) Failed(at, tried int, now time.Time) (next int, ok bool) {
	l.spots[at].down.Store(now.Add(pause).UnixNano())
	n := len(l.spots)
	if tried >= n {
		return 0, false
	}
	for i := 1; i < n; i++ {
		if next = (at + i) % n; l.well(next, now) {
			return next, true
		}
	}
	return (at + 1) % n, true
}

// well says whether a target is to be asked.
func (l *Link) well(at int, now time.Time) bool {
	until := l.spots[at].down.Load()
	return until == 0 || now.UnixNano() >= until
}
