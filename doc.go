// Package stagedoor is Amazon API Gateway as software that anyone can run.
package stagedoor
