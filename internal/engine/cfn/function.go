package cfn

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const (
	joinUsage   = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
	splitUsage  = "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split."
	selectUsage = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
	findUsage   = "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"
	cidrUsage   = "Template error: every Fn::Cidr object requires two required parameters, (1) ipBlock and (2) count, and an optional third, cidrBits"
	ifUsage     = "Template error: Fn::If requires a list argument with three elements, the first being the name of a condition"
)

func (e *evaluator) join(v, arg *Value) *Value {
	delimiter, ok := arg.Item(0).Str()
	if !ok || arg.Len() != 2 {
		return e.fail(v, joinUsage, "")
	}
	list := e.eval(arg.Item(1))
	if list.Is(doc.Unknown) {
		return list
	}
	if !list.Is(doc.List) {
		return e.failed(v, list, arg.Item(1), joinUsage)
	}
	parts := make([]string, 0, list.Len())
	price := 0
	for _, it := range list.Items() {
		if it.Is(doc.Unknown) {
			return it
		}
		s, ok := it.Scalar()
		if !ok {
			return e.fail(v, joinUsage, "an item is a "+it.Kind().String())
		}
		parts = append(parts, s)
		price += len(s) + len(delimiter)
	}
	if !e.spend(v, price) {
		return nil
	}
	return doc.NewString(strings.Join(parts, delimiter))
}

// failed notes a problem of usage, unless what was evaluated had one already.
func (e *evaluator) failed(v, got, asked *Value, usage string) *Value {
	if got == nil && asked.Is(doc.Map) {
		if len(e.problems) > 0 {
			return nil
		}
	}
	return e.fail(v, usage, "")
}

func (e *evaluator) split(v, arg *Value) *Value {
	delimiter, ok := arg.Item(0).Str()
	if !ok || arg.Len() != 2 || delimiter == "" {
		return e.fail(v, splitUsage, "")
	}
	text := e.eval(arg.Item(1))
	if text.Is(doc.Unknown) {
		return text
	}
	s, ok := text.Scalar()
	if !ok {
		return e.failed(v, text, arg.Item(1), splitUsage)
	}
	if !e.spend(v, len(s)+valuePrice*(1+strings.Count(s, delimiter))) {
		return nil
	}
	l := doc.NewList()
	for part := range strings.SplitSeq(s, delimiter) {
		l.Append(e.placed(v, doc.NewString(part)))
	}
	return l
}

func (e *evaluator) selectItem(v, arg *Value) *Value {
	if arg.Len() != 2 || !arg.Is(doc.List) {
		return e.fail(v, selectUsage, "")
	}
	index, list := e.eval(arg.Item(0)), e.eval(arg.Item(1))
	for _, x := range []*Value{index, list} {
		if x.Is(doc.Unknown) {
			return x
		}
	}
	i, err := strconv.Atoi(index.Text())
	if err != nil || !list.Is(doc.List) {
		return e.failed(v, list, arg.Item(1), selectUsage)
	}
	item := list.Item(i)
	if item == nil || item.Is(doc.Null) {
		return e.fail(v, "Template error: Fn::Select cannot select nonexistent value at index "+strconv.Itoa(i), "")
	}
	return item
}

func (e *evaluator) ifThen(v, arg *Value) *Value {
	chosen, ok := e.branch(v, arg)
	if !ok {
		return nil
	}
	return e.eval(chosen)
}

// branch is the argument of an Fn::If that counts.
func (e *evaluator) branch(v, arg *Value) (*Value, bool) {
	name, ok := arg.Item(0).Str()
	if !ok || arg.Len() != 3 {
		e.fail(v, ifUsage, "")
		return nil, false
	}
	holds, ok := e.conditions[name]
	if !ok {
		e.fail(arg.Item(0), "Template error: unresolved condition dependency "+name+" in Fn::If", "no condition has that name")
		return nil, false
	}
	if holds {
		return arg.Item(1), true
	}
	return arg.Item(2), true
}

func (e *evaluator) findInMap(v, arg *Value) *Value {
	if !arg.Is(doc.List) || arg.Len() < 3 || arg.Len() > 4 {
		return e.fail(v, findUsage, "")
	}
	var keys [3]string
	for i := range keys {
		x := e.eval(arg.Item(i))
		s, ok := x.Scalar()
		if !ok {
			return e.failed(v, x, arg.Item(i), findUsage)
		}
		keys[i] = s
	}
	fallback := arg.Item(3).Get("DefaultValue")
	if found := e.mappings.Find(keys[:]...); found != nil {
		if !e.spend(v, found.Size()) {
			return nil
		}
		return found
	}
	if fallback != nil {
		return e.eval(fallback)
	}
	if !e.mappings.Has(keys[0]) {
		return e.fail(v, "Template error: Mapping named '"+keys[0]+"' is not present in the 'Mappings' section of template.", "")
	}
	return e.fail(v, "Template error: Unable to get mapping for "+strings.Join(keys[:], "::"), "")
}

func (e *evaluator) base64(v, arg *Value) *Value {
	x := e.eval(arg)
	if x.Is(doc.Unknown) {
		return x
	}
	s, ok := x.Scalar()
	if !ok {
		return e.failed(v, x, arg, "Template error: every Fn::Base64 object must have a String-typed value.")
	}
	if !e.spend(v, 2*len(s)) {
		return nil
	}
	return doc.NewString(base64.StdEncoding.EncodeToString([]byte(s)))
}

// zones are the zones of a region; the names are made up but for their form.
func (e *evaluator) zones(v, arg *Value) *Value {
	region := e.eval(arg).Text()
	if region == "" {
		region = e.pseudo["AWS::Region"].Text()
	}
	l := doc.NewList()
	for _, letter := range []string{"a", "b", "c"} {
		l.Append(e.placed(v, doc.NewString(region+letter)))
	}
	return l
}

func (e *evaluator) length(v, arg *Value) *Value {
	if !e.language {
		return e.fail(v, "Template error: Fn::Length needs the transform "+macroLanguage, "add Transform: "+macroLanguage)
	}
	x := e.eval(arg)
	if x.Is(doc.Unknown) {
		return x
	}
	if !x.Is(doc.List) {
		return e.failed(v, x, arg, "Template error: Fn::Length requires a list or a function that returns a list")
	}
	return doc.NewInt(x.Len())
}

func (e *evaluator) toJSON(v, arg *Value) *Value {
	if !e.language {
		return e.fail(v, "Template error: Fn::ToJsonString needs the transform "+macroLanguage, "add Transform: "+macroLanguage)
	}
	x := e.eval(arg)
	if hasUnknown(x) {
		return doc.NewUnknown("Fn::ToJsonString")
	}
	if !x.Is(doc.List) && !x.Is(doc.Map) {
		return e.failed(v, x, arg, "Template error: Fn::ToJsonString requires an object or a list")
	}
	text := x.JSON()
	if !e.spend(v, len(text)) {
		return nil
	}
	return doc.NewString(text)
}

// cidr cuts an address block into count smaller ones, of so many host bits.
func (e *evaluator) cidr(v, arg *Value) *Value {
	if !arg.Is(doc.List) || arg.Len() < 2 || arg.Len() > 3 {
		return e.fail(v, cidrUsage, "")
	}
	args := make([]string, 0, 3)
	for _, it := range arg.Items() {
		x := e.eval(it)
		if x.Is(doc.Unknown) {
			return x
		}
		args = append(args, x.Text())
	}
	block, err := netip.ParsePrefix(args[0])
	count, err2 := strconv.Atoi(args[1])
	if err != nil || err2 != nil || count < 1 || count > 256 {
		return e.fail(v, cidrUsage, "the block is an address with a mask, the count 1 to 256")
	}
	width := block.Addr().BitLen()
	bits := width - block.Bits()
	if len(args) == 3 {
		if bits, err = strconv.Atoi(args[2]); err != nil || bits < 1 || bits > width {
			return e.fail(v, cidrUsage, "cidrBits is the number of host bits")
		}
	} else if width == 32 {
		bits = min(bits, 8)
	} else {
		bits = 64
	}
	if bits+block.Bits() > width || new(big.Int).Lsh(big.NewInt(1), uint(width-block.Bits()-bits)).Cmp(big.NewInt(int64(count))) < 0 {
		return e.fail(v, "Template error: Fn::Cidr cannot fit "+args[1]+" blocks of "+strconv.Itoa(bits)+" bits into "+args[0], "")
	}
	return e.blocks(v, block.Masked(), count, bits)
}

func (e *evaluator) blocks(v *Value, block netip.Prefix, count, bits int) *Value {
	width := block.Addr().BitLen()
	base := new(big.Int).SetBytes(block.Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	l := doc.NewList()
	for range count {
		addr, _ := netip.AddrFromSlice(base.FillBytes(make([]byte, width/8)))
		l.Append(e.placed(v, doc.NewString(netip.PrefixFrom(addr, width-bits).String())))
		base.Add(base, step)
	}
	return l
}
