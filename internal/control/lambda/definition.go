package lambda

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	host "github.com/stagedoor/stagedoor/internal/lambda"
)

// definition is a function as the host takes it.
func (s *Service) definition(st *state) host.Definition {
	d := host.Definition{
		Name:     st.fn.Name,
		ARN:      s.here.arn(st.fn.Name, ""),
		Versions: make(map[string]host.Version, len(st.versions)+1),
		Aliases:  make(map[string]host.Alias, len(st.aliases)),
	}
	if st.fn.Reserved != nil {
		n := int(*st.fn.Reserved)
		d.Reserved = &n
	}
	d.Versions[api.Latest] = s.hostVersion(&st.fn.Latest)
	for i := range st.versions {
		d.Versions[st.versions[i].Version] = s.hostVersion(&st.versions[i])
	}
	for _, a := range st.aliases {
		d.Aliases[a.Name] = host.Alias{Name: a.Name, Version: a.Version, Weights: a.Weights}
	}
	return d
}

// hostVersion is a version as the host takes it. Its Revision is made of what
// an environment sees, so that nothing else ends one.
func (s *Service) hostVersion(v *api.FunctionVersion) host.Version {
	h := host.Version{
		Number:        v.Version,
		Runtime:       v.Runtime,
		Handler:       v.Handler,
		Role:          v.Role,
		CodeDir:       s.codeDir(v.Code),
		Env:           v.Environment,
		MemoryMB:      int(v.Memory),
		Timeout:       time.Duration(v.Timeout) * time.Second,
		EphemeralMB:   int(v.Ephemeral),
		TracingActive: v.TracingMode == "Active",
		LogFormat:     v.Logging.Format,
		LogGroup:      v.Logging.Group,
	}
	for _, l := range v.Layers {
		h.Layers = append(h.Layers, s.codeDir(api.FunctionCode{Sum: l.Sum}))
	}
	// A folder keeps its name when its files change: its sum is what tells.
	text, _ := json.Marshal(struct { //nolint:errchkjson // strings and numbers
		Host host.Version
		Sum  string
	}{h, v.Code.Sum})
	sum := sha256.Sum256(text)
	h.Revision = hex.EncodeToString(sum[:16])
	return h
}

// codeDir is where code lies unpacked.
func (s *Service) codeDir(c api.FunctionCode) string {
	if c.Folder != "" {
		return c.Folder
	}
	sum, err := code.ParseSum(c.Sum)
	if err != nil {
		return "" // no document of ours has such a sum
	}
	return s.depot.Tree(sum)
}
