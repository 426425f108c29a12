package trial

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A line is cut after so many bytes. parity: spec/rest-data-plane.md 11.2
const longest = 998

// journal is the log of a trial.
type journal struct{ b strings.Builder }

func newJournal() *journal { return &journal{} }

// head writes the first line, which has no date.
func (j *journal) head(requestID string) {
	j.b.WriteString("Execution log for request " + requestID + "\n")
}

// line writes a line with its date.
func (j *journal) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(text) > longest {
		cut := longest
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + " [TRUNCATED]"
	}
	j.b.WriteString(time.Now().UTC().Format("Mon Jan 02 15:04:05 UTC 2006") + " : " + text + "\n")
}

func (j *journal) text() string { return j.b.String() }

// written is a map as the log writes it. What a secret is in is starred.
func written(fields []Field) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		value := f.Value
		switch strings.ToLower(f.Name) {
		case "authorization", "x-amz-security-token", "x-api-key", "cookie", "proxy-authorization":
			value = strings.Repeat("*", 32)
		}
		b.WriteString(f.Name + "=" + value)
	}
	b.WriteByte('}')
	return b.String()
}

// shown is a body as the log writes it.
func shown(body []byte) string {
	if !utf8.Valid(body) {
		return "[Binary Data: " + strconv.Itoa(len(body)) + " bytes]"
	}
	return string(body)
}
