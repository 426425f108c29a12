package program

// Oversize says whether the fields of a request, or its path with the query,
// are larger than the stage allows. The exchange was identified before.
func (s *Stage) Oversize(x *Exchange) (fields, target bool) {
	if s.MaxTarget > 0 && int64(len(x.Request.Target)) > s.MaxTarget {
		return false, true
	}
	return s.MaxFields > 0 && x.sent.bytes > s.MaxFields, false
}
