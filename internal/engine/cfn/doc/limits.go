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
	if problem != nil {
		return nil, []Problem{*problem}
	}
	return v, nil
}

// looksLikeJSON reports whether a text begins with a brace and a quote: a flow
// map of YAML with keys in quotes is not told from JSON, and need not be.
func looksLikeJSON(text []byte) bool {
	brace := false
	for _, c := range text {
		switch c {
		case ' ', '\t', '\r', '\n':
		case '{':
			if brace {
				return false
			}
			brace = true
		default:
			return brace && (c == '"' || c == '}')
		}
	}
	return false
}
