package wire

import (
	"slices"
	"strings"
)

// Protocol is a way to write calls and answers down.
type Protocol uint8

// The protocols that have a codec.
const (
	RestJSON Protocol = iota
	AWSJSON10
	AWSJSON11
	AWSQuery
	RPCCBOR
)

// String is the name that AWS gives the protocol.
func (p Protocol) String() string {
	switch p {
	case RestJSON:
		return "restJson1"
	case AWSJSON10:
		return "awsJson1_0"
	case AWSJSON11:
		return "awsJson1_1"
	case AWSQuery:
		return "awsQuery"
	default:
		return "rpcv2Cbor"
	}
}

// Dialect is whose words a refusal is written in.
type Dialect uint8

// The dialects of validation messages and of the fine print of decoding.
const (
	DialectAWS    Dialect = iota // what Amazon's services answer
	DialectSmithy                // what the Smithy specification's tests ask of servers
)

// Service is the table of one service.
type Service struct {
	Name      string // as botocore names its folder, such as "apigateway"
	ID        string // as SDKs name it, such as "API Gateway"
	FullName  string // as people name it, such as "Amazon API Gateway"
	Version   string // such as "2015-07-09"
	Signing   string // the service in a SigV4 credential scope
	Endpoint  string // the first label of its host names
	Target    string // what stands before the dot of X-Amz-Target
	XMLNS     string // namespace of awsQuery answers
	Namespace string // what awsJson1_0 puts before the names of errors; empty: nothing
	Dialect   Dialect
	Protocols []Protocol // the preferred one first

	// QueryErrors says that a service that once spoke awsQuery tells that
	// protocol's error codes in the header x-amzn-query-error.
	QueryErrors bool

	// NameInput says that validation messages put the name of the input before
	// the members of the body: createRestApiInput.name.
	NameInput bool

	Shapes     []Shape
	Operations []Operation // sorted by name
}

// Operation finds an operation by its name; nil: there is none.
func (s *Service) Operation(name string) *Operation {
	i, ok := slices.BinarySearchFunc(s.Operations, name, func(o Operation, name string) int {
		return strings.Compare(o.Name, name)
	})
	if !ok {
		return nil
	}
	return &s.Operations[i]
}

// Shape is the shape at index i.
func (s *Service) Shape(i uint16) *Shape { return &s.Shapes[i] }

// Of is the shape that a member has.
func (s *Service) Of(m *Member) *Shape { return &s.Shapes[m.Shape] }

// Speaks reports whether the service answers in protocol p.
func (s *Service) Speaks(p Protocol) bool { return slices.Contains(s.Protocols, p) }

// Fault finds an error's shape by its name or by the code that it is sent
// with; nil: the model knows no such error.
func (s *Service) Fault(code string) *Shape {
	for i := range s.Shapes {
		sh := &s.Shapes[i]
		if sh.Error != nil && (sh.Name == code || sh.Error.Code == code) {
			return sh
		}
	}
	return nil
}
