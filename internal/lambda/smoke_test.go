package lambda_test

import (
	"testing"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

func hostAlone() {}

func TestSmoke(t *testing.T) {
	h := host(t, lambda.Config{Sink: func(l lambda.LogLine) { t.Logf("%s | %s", l.Stream, l.Text) }})
	define(t, h, "py", python(t, "def lambda_handler(e, c):\n    print('hello')\n    return {'got': e, 'left': c.get_remaining_time_in_millis()}\n"))
	define(t, h, "js", node(t, "index.mjs", "export const handler = async (e, c) => { console.log('hi\\nthere'); return {got: e, left: c.getRemainingTimeInMillis()} }"))
	define(t, h, "go", golang(t))
	for _, f := range []string{"py", "js", "go"} {
		for range 3 {
			r := invoke(t, h, lambda.Call{Function: f, Payload: []byte(`{"a":1}`), Tail: true})
			t.Logf("%s %s %s cold=%v %v\n%s", f, r.Payload, r.FunctionError, r.Cold, r.Duration, r.LogTail)
		}
	}
}
