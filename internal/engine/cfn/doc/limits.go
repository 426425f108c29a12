package doc

// Limits bound what a document may cost.
const (
	// MaxSize is the size of a document in bytes.
	// parity: CloudFormation quotas, template body by URL.
	MaxSize = 1 << 20
	// MaxDepth is how deep values may lie within values.
	MaxDepth = 100
	// MaxValues is the number of values, those that aliases repeat included.
	MaxValues = 250_000

	maxProblems = 100 // that one text is told of
)

// Law of Parse: whatever the text, it takes memory and time in proportion to
// MaxSize and MaxValues, and either a value or at least one problem comes back.

// Parse reads one document, YAML or JSON by its look. name is the file that
// places and problems tell of.
func Parse(name string, text []byte) (*Value, []Problem) {
	if len(text) > MaxSize {
		return nil, []Problem{At(Pos{File: name}, "", "Template may not exceed 1048576 bytes in size.", "")}
	}
	if !looksLikeJSON(text) {
		return ParseYAML(name, text)
	}
	v, problem := ParseJSON(name, text)
	if problem == nil {
		return v, nil
	}
	// A YAML flow map begins with a brace as well.
	if v, problems := ParseYAML(name, text); len(problems) == 0 {
		return v, nil
	}
	return nil, []Problem{*problem}
}

// looksLikeJSON reports whether the first byte that is no blank is a brace.
func looksLikeJSON(text []byte) bool {
	for _, c := range text {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}
