package step

import (
	"fmt"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// RefuseLargeHead answers requests whose fields are larger than they may be.
// No API can change the answer.
// parity: spec/rest-data-plane.md 13, as recommended.
func RefuseLargeHead() program.Step {
	return program.Step{Name: "refuse", Note: "fields larger than the API allows", Run: func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Close = 413, true
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: nameContentType, Value: textBytes})
		x.Answer.Body = x.Keep("Request Header Fields Too Large")
		return nil
	}}
}

// Healthy answers whoever asks whether the service lives.
func Healthy() program.Step {
	return program.Step{Name: "answer", Note: "healthy", Run: func(x *program.Exchange) error {
		x.Answer.Status = 200
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: nameContentType, Value: textBytes})
		x.Answer.Body = x.Keep("healthy")
		return nil
	}}
}

// LimitARN refuses requests whose method ARN is longer than policies can be
// asked about.
// parity: spec/rest-data-plane.md 1.5; spec/security.md, sizes.
func (s Scope) LimitARN() program.Step {
	most := s.Limits.ARN - int64(len("arn:aws:execute-api:"+s.Region+":"+s.Account+":"+s.APIID+"/"+s.Stage+"/"))
	return program.Step{Name: "limit", Note: fmt.Sprintf("method ARN to %d bytes", s.Limits.ARN), Run: func(x *program.Exchange) error {
		if int64(len(x.Method)+len(x.Path)) > most {
			return program.URITooLong.Refuse(nil)
		}
		return nil
	}}
}

// RefuseStep answers every request with r. why is for explain and the log.
func RefuseStep(r *program.Refusal, why string) program.Step {
	note := string(r.Type)
	if why != "" {
		note += ": " + why
	}
	return program.Step{Name: "refuse", Note: note, Run: func(*program.Exchange) error { return r }}
}
