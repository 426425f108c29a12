package step

import (
	"fmt"
	"strings"
)

var errFunction = fmt.Errorf("%w: invalid function ARN or invalid URI", ErrUnreachable)

// functionOf reads the function's ARN from an integration's URI, in which
// stage variables were filled in. stream: the URI is the one for streams.
// parity: spec/rest-data-plane.md 3.4, 3.10.
func functionOf(uri string) (arn string, stream bool, err error) {
	parts := strings.SplitN(uri, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "apigateway" || parts[4] != "lambda" {
		return "", false, errFunction
	}
	rest, ok := strings.CutPrefix(parts[5], "path/2015-03-31/functions/")
	if !ok {
		if rest, stream = strings.CutPrefix(parts[5], "path/2021-11-15/functions/"); !stream {
			return "", false, errFunction
		}
	}
	end := "/invocations"
	if stream {
		end = "/response-streaming-invocations"
	}
	arn, ok = strings.CutSuffix(rest, end)
	if !ok || !isFunctionARN(arn) {
		return "", false, errFunction
	}
	return arn, stream, nil
}

// isFunctionARN checks arn:aws:lambda:{region}:{account}:function:{name}[:{qualifier}].
func isFunctionARN(arn string) bool {
	parts := strings.Split(arn, ":")
	if len(parts) != 7 && len(parts) != 8 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function" {
		return false
	}
	for _, p := range parts[6:] {
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_$") != "" {
			return false
		}
	}
	return true
}
