package program

// Oversize says whether the fields of a request, or its path with the query,
// are larger than the stage allows.
func (s *Stage) Oversize(x *Exchange) (fields, target bool) {
	if s.MaxTarget > 0 && int64(len(x.Request.Target)) > s.MaxTarget {
		return false, true
	}
	if s.MaxFields <= 0 {
		return false, false
	}
	left := s.MaxFields
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		left -= int64(len(f.Name) + len(f.Value))
	}
	return left < 0, false
}
