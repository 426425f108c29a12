package step

import "github.com/stagedoor/stagedoor/internal/program"

// RefuseStep answers every request with r. why is for explain and the log.
func RefuseStep(r *program.Refusal, why string) program.Step {
	note := string(r.Type)
	if why != "" {
		note += ": " + why
	}
	return program.Step{Name: "refuse", Note: note, Run: func(*program.Exchange) error { return r }}
}
