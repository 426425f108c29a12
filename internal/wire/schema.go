package wire

// Kind is the form that a shape's values have.
type Kind uint8

// The kinds of shape. A union is a Structure with the Union flag.
const (
	Structure Kind = iota
	List
	Map
	String
	Boolean
	Byte
	Short
	Integer
	Long
	Float
	Double
	Blob
	Timestamp
	Document // any JSON value
)

// Flag is a yes-or-no fact about a shape.
type Flag uint16

// Facts about shapes.
const (
	Union       Flag = 1 << iota // exactly one member is set
	Sparse                       // a list or map may hold null
	Unique                       // a list's elements differ
	Sensitive                    // never in a log or an error message
	EventStream                  // a union that is sent event by event
	Streaming                    // a blob of any length
	IntEnum                      // an Integer whose values are Shape.Enum
)

// TimeFormat is how a timestamp is spelled.
type TimeFormat uint8

// The spellings of a timestamp. Unset is what the protocol does by default.
const (
	TimeUnset TimeFormat = iota
	EpochSeconds
	DateTime // RFC 3339, in UTC
	HTTPDate // RFC 7231's IMF-fixdate
)

// Shape is one type of a service's model.
type Shape struct {
	Name    string
	Kind    Kind
	Flags   Flag
	Time    TimeFormat
	Members []Member // of a structure, in the model's order; a list has one (its element), a map two (key, value)
	Rule    *Rule    // nil: any value will do
	Enum    []string // the values allowed, in the order AWS prints them; nil: any
	Error   *Fault   // set on the shape of an error
	Media   string   // the media type of a blob or string that is a whole body; empty: the protocol's default
}

// Has reports whether s has flag f.
func (s *Shape) Has(f Flag) bool { return s.Flags&f != 0 }

// Location is where in a message a member travels.
type Location uint8

// The places of a member. Only REST protocols use more than Body.
const (
	InBody Location = iota
	InLabel
	InQuery
	InQueryMap // every query parameter that no other member claims
	InHeader
	InHeaderPrefix // every header that begins with the member's wire name
	InPayload      // the member is the whole body
	InStatus
)

// Trait is a yes-or-no fact about a member.
type Trait uint16

// Facts about members.
const (
	Required     Trait = 1 << iota // absent is an error
	Flattened                      // a list or map without a wrapper of its own (awsQuery)
	EventPayload                   // the event's payload is this member
	EventHeader                    // travels as a header of its event
	EmptyIsNull                    // an empty string in this map is written as null
)

// Member is one member of a structure, the element of a list, or the key or
// value of a map.
type Member struct {
	Name  string // the model's name
	Wire  string // the name in messages; for InHeaderPrefix the prefix
	Shape uint16 // index into Service.Shapes
	At    Location
	Time  TimeFormat // overrides the shape's
	Flags Trait
	XMLNS string // xmlns of the element, awsQuery answers only; may hold "prefix=uri"
	// Default is what an absent member means, as JSON text; empty: nothing.
	// Only models that ask servers to fill defaults in have it.
	Default string
}

// Has reports whether m has trait t.
func (m *Member) Has(t Trait) bool { return m.Flags&t != 0 }

// Bound tells which parts of a Rule hold.
type Bound uint8

// The parts of a Rule.
const (
	HasMin Bound = 1 << iota
	HasMax
)

// Rule constrains a value: the length of a string (in code points), blob (in
// bytes), list or map; the value of a number; the pattern of a string.
type Rule struct {
	Has      Bound
	Min, Max float64
	Pattern  string // regular expression in Java's dialect; empty: any
}

// Fault is what a model says about an error.
type Fault struct {
	Code   string // the code that is sent, where it is not the shape's name
	Status uint16 // HTTP status; 0: 400 or 500, as Server says
	Server bool   // the fault is ours, not the caller's
}

// StatusCode is the HTTP status of the error.
func (f *Fault) StatusCode() int {
	switch {
	case f.Status != 0:
		return int(f.Status)
	case f.Server:
		return 500
	}
	return 400
}

// Operation is one row of a service's table.
type Operation struct {
	Name    string
	Method  string // REST protocols only
	URI     string // pattern with {label}, {greedy+} and literal query parameters; REST protocols only
	Status  uint16 // of success; 0: 200
	Input   uint16 // index into Service.Shapes
	Output  uint16
	Wrapper string // the element around an awsQuery result; empty: none
	Open    bool   // needs no signature

	// NoInput and NoOutput say that the model gives the operation none: its
	// empty structs here are ours, and messages have no body.
	NoInput, NoOutput bool
}

// StatusCode is the HTTP status of success.
func (o *Operation) StatusCode() int {
	if o.Status == 0 {
		return 200
	}
	return int(o.Status)
}
