package apigateway_test

import "testing"

// A flush changes nothing that a caller sees of the stage.
func TestFlushStageCache(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	stage := `{"stageName":"prod","deploymentId":"$first",` + plainStage + `}`
	s.play([]step{
		{"FlushStageCache", `{"restApiId":"$api","stageName":"prod"}`, `{}`},
		{"GetStage", `{"restApiId":"$api","stageName":"prod"}`, stage},
		{"FlushStageCache", `{"restApiId":"$api","stageName":"nope"}`, "404 Invalid stage identifier specified"},
		{"FlushStageCache", `{"restApiId":"nope","stageName":"prod"}`, "404 Invalid stage identifier specified"},
	})
}
