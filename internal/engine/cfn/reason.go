package cfn

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/sam"
)

// Reason is the one sentence by which AWS tells of problems: the first, or for
// those of SAM what a change set gives as its reason to have failed. It is
// empty without problems. parity: sam 6.3.9.
func Reason(problems []Problem) string {
	if len(problems) == 0 {
		return ""
	}
	var ofSAM []Problem
	for _, p := range problems {
		if fromSAM(p.Message) {
			ofSAM = append(ofSAM, p)
		}
	}
	if len(ofSAM) == 0 {
		return problems[0].Message
	}
	return "Transform " + macroSAM + " failed with: " + sam.Summary(ofSAM)
}

// fromSAM reports whether a message is one of the SAM transform.
func fromSAM(message string) bool {
	for _, begin := range []string{
		"Resource with id [", "Structure of the SAM template is invalid.", "'Globals' section is invalid.", "Transforming resource with id [",
	} {
		if strings.HasPrefix(message, begin) {
			return true
		}
	}
	return false
}
