package iam_test

import (
	"net/http"

	"github.com/stagedoor/stagedoor/internal/control"
)

// awsTransport is an HTTP client whose connections end with the test.
func awsTransport() *http.Client { return &http.Client{Transport: &http.Transport{}} }

// as takes every call for one of the caller's.
func as(caller control.Caller) func(*http.Request, control.Scope) (control.Caller, error) {
	return func(*http.Request, control.Scope) (control.Caller, error) { return caller, nil }
}
