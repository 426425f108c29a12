package step

import (
	"fmt"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
)

// errMockStatus is a payload that names no status.
// parity: spec/rest-data-plane.md 3.2.
const errMockStatus program.Logged = "Unable to parse statusCode. It should be an integer that is defined in the request template."

// IntegrateMock answers without a back end. A request template without
// references is read at deployment, and the response it leads to is chosen
// there as well.
// parity: spec/rest-data-plane.md 3.2.
func (s Scope) IntegrateMock(m *api.Method) (program.Step, error) {
	p, err := s.payload(m.Integration)
	if err != nil {
		return program.Step{}, err
	}
	all, err := s.responses(m)
	if err != nil {
		return program.Step{}, err
	}
	mock := &mock{payload: p, responses: all}
	for i := range p.list {
		t := &p.list[i]
		if t.fixed {
			t.response, _ = mock.chosen(t.text) // what fails here fails at every request
		}
	}
	return program.Step{Name: "integrate", Note: "mock " + mock.note(), Waits: renders(p.list) || all.renders(), Quick: mock.quick, Run: mock.run}, nil
}

type mock struct {
	payload   *payload
	responses *responses
}

func (m *mock) quick(x *program.Exchange) bool {
	return m.payload.quick(x) && m.responses.quick(len(x.Body))
}

func (m *mock) run(x *program.Exchange) error {
	t, body, err := m.payload.choose(x)
	if err != nil {
		return err
	}
	if t != nil && t.fixed && t.response != nil {
		return t.response.write(x, nil, false)
	}
	if t != nil {
		if body, err = t.render(x, body); err != nil {
			return err
		}
	}
	r, err := m.chosen(body)
	if err != nil {
		return err
	}
	return r.write(x, nil, false)
}

// chosen is the response that a payload leads to.
func (m *mock) chosen(payload []byte) (*response, error) {
	status, ok := mockStatus(payload)
	if !ok {
		return nil, program.APIConfigurationError.Refuse(errMockStatus)
	}
	return m.responses.choose(strconv.Itoa(status), false)
}

func (m *mock) note() string {
	if len(m.payload.list) != 1 || !m.payload.list[0].fixed {
		return m.payload.note()
	}
	if r := m.payload.list[0].response; r != nil {
		return fmt.Sprintf("%d fixed", r.status)
	}
	return "500 fixed: " + errMockStatus.Error()
}
