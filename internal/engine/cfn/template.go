package cfn

// Template is a template as written. It does not change.
type Template struct {
	Description string
	Transforms  []string // macros in order, such as AWS::Serverless-2016-10-31
	Metadata    *Value
	Parameters  []Parameter

	root  *Value
	files Files
}

// Parameter is a parameter as declared.
type Parameter struct {
	Name, Type, Description string
	Default                 *Value // nil: must be given
	NoEcho                  bool
	AllowedValues           []string
	AllowedPattern          string
	ConstraintDescription   string
	MinLength, MaxLength    *int
	MinValue, MaxValue      *float64
	declared                *Value
}
