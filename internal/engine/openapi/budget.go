package openapi

import "fmt"

// errExpanded refuses a document that is small only because it repeats itself.
var errExpanded = fmt.Errorf("%w: references make more than %d bytes of the document", ErrInvalid, maxExpanded)

// budget counts what a document comes to when its references are followed.
type budget struct {
	spent int
	sizes map[*object]int
}

// spend counts n bytes; what comes after the limit is not looked at.
func (b *budget) spend(n int) { b.spent = min(b.spent+n, maxExpanded+1) }

func (b *budget) exhausted() bool { return b.spent > maxExpanded }

// size is about what v takes as text. An object is measured once.
func (b *budget) size(v any) int {
	switch v := v.(type) {
	case *object:
		if n, ok := b.sizes[v]; ok {
			return n
		}
		n := 2
		for _, name := range v.names {
			n += len(name) + 4 + b.size(v.values[name])
		}
		b.sizes[v] = n
		return n
	case []any:
		n := 2
		for _, e := range v {
			n += 1 + b.size(e)
		}
		return n
	case string:
		return len(v) + 2
	}
	return 8
}
