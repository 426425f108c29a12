package control

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Coverage is docs/coverage.md: every operation of every service, and whether
// it is built. The same services give the same bytes.
func Coverage(services []Service) []byte {
	services = slices.Clone(services)
	slices.SortFunc(services, func(a, b Service) int { return strings.Compare(a.Table.Name, b.Table.Name) })
	var b bytes.Buffer
	b.WriteString("# Coverage\n\nGenerated from the API models and the handlers that are registered; do not edit.\n" +
		"An operation that is not built answers 501 `NotImplementedException` and names itself.\n\n" +
		"| service | API version | built | of |\n|---|---|---:|---:|\n")
	for _, s := range services {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %d | %d |\n", s.Table.FullName, s.Table.Name, s.Table.Version, s.built(), len(s.Table.Operations))
	}
	for _, s := range services {
		fmt.Fprintf(&b, "\n## %s\n\n| operation | built |\n|---|---|\n", s.Table.Name)
		for _, op := range s.Table.Operations {
			mark := ""
			if s.Handlers[op.Name].Built() {
				mark = "yes"
			}
			fmt.Fprintf(&b, "| %s | %s |\n", op.Name, mark)
		}
	}
	return b.Bytes()
}

// built counts the operations that have a handler.
func (s Service) built() int {
	n := 0
	for _, h := range s.Handlers {
		if h.Built() {
			n++
		}
	}
	return n
}
