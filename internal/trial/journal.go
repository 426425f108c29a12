package trial

import (
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/step/journal"
)

// A line is cut after so many bytes. parity: spec/rest-data-plane.md 11.2
const longest = 998

// log is the log of a trial.
type log struct{ b strings.Builder }

func newLog() *log { return &log{} }

// head writes the first line, which has no date.
func (l *log) head(requestID string) {
	l.b.WriteString("Execution log for request " + requestID + "\n")
}

// line writes a line with its date.
func (l *log) line(format string, args ...any) {
	l.b.WriteString(time.Now().UTC().Format("Mon Jan 02 15:04:05 UTC 2006") + " : " + journal.Line(longest, format, args...) + "\n")
}

func (l *log) text() string { return l.b.String() }
