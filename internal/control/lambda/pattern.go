package lambda

import "strings"

// arnPattern is the value of an ArnLike condition, taken apart once.
type arnPattern []string

// newARNPattern takes a pattern apart. A pattern that has fewer than six
// parts, and is not "*", matches nothing.
func newARNPattern(text string) arnPattern {
	if text == "*" {
		return arnPattern{"*"}
	}
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 {
		return nil
	}
	return parts
}

// match compares part by part: the first five end at a colon, the sixth is all
// the rest, so that a star never reaches over the colons that make an ARN.
// parity: IAM user guide, "Amazon Resource Name (ARN) condition operators"
func (p arnPattern) match(arn string) bool {
	if len(p) == 1 {
		return true
	}
	if p == nil {
		return false
	}
	for _, part := range p[:5] {
		have, rest, found := strings.Cut(arn, ":")
		if !found || !glob(part, have) {
			return false
		}
		arn = rest
	}
	return glob(p[5], arn)
}

// glob says whether all of text fits pattern, in which * stands for any text
// and ? for one byte. Its time is bounded by the product of the lengths.
func glob(pattern, text string) bool {
	star, mark := -1, 0 // the last star, and where the text that it stands for ends
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
