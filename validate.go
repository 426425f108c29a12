package stagedoor

import (
	"log/slog"

	"github.com/stagedoor/stagedoor/internal/control/cloudformation"
)

// Validate reads a definition as `up` would and lists what is wrong with it;
// nothing is deployed.
func Validate(path string, cfg Config) ([]Problem, error) {
	d, err := findDefinition(path)
	if err != nil {
		return nil, err
	}
	r, err := d.request(cfg.Parameters)
	if err != nil {
		return nil, err
	}
	engine := cloudformation.New(cloudformation.Config{Account: cfg.Account, Region: cfg.Region, Log: slog.New(slog.DiscardHandler)})
	_, found := engine.Plan(r)
	problems := make([]Problem, 0, len(found))
	for _, p := range found {
		problems = append(problems, place(p))
	}
	return problems, nil
}
