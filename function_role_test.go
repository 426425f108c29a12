package stagedoor_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Functions that sign calls with what they find in their environments: an
// event says [service, verb, path and query].
const (
	pythonCaller = `
import datetime, hashlib, hmac, os, urllib.error, urllib.request

def handler(event, context):
    service, verb, path = event
    e = os.environ
    path, _, query = path.partition("?")
    host = e["AWS_ENDPOINT_URL"].split("//")[1]
    now = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
    fields = {"host": host, "x-amz-date": now, "x-amz-security-token": e["AWS_SESSION_TOKEN"]}
    body = b'{"name":"a"}' if verb == "POST" else b""
    names = ";".join(sorted(fields))
    canonical = "\n".join([verb, path, query, "".join(f"{k}:{fields[k]}\n" for k in sorted(fields)), names, hashlib.sha256(body).hexdigest()])
    scope = f"{now[:8]}/{e['AWS_REGION']}/{service}/aws4_request"
    key = ("AWS4" + e["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    fields["Authorization"] = f"AWS4-HMAC-SHA256 Credential={e['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature={hmac.new(key, text.encode(), 'sha256').hexdigest()}"
    url = e["AWS_ENDPOINT_URL"] + path + ("?" + query if query else "")
    try:
        return urllib.request.urlopen(urllib.request.Request(url, body or None, fields, method=verb)).read().decode()
    except urllib.error.HTTPError as err:
        return err.read().decode()
`
	nodeCaller = `
const { createHash, createHmac } = require('crypto')
exports.handler = async ([service, verb, target]) => {
  const e = process.env, [path, query = ''] = target.split('?')
  const host = e.AWS_ENDPOINT_URL.split('//')[1]
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const fields = { host, 'x-amz-date': now, 'x-amz-security-token': e.AWS_SESSION_TOKEN }
  const body = verb === 'POST' ? '{"name":"a"}' : ''
  const sha = (s) => createHash('sha256').update(s).digest('hex')
  const names = Object.keys(fields).sort()
  const canonical = [verb, path, query, names.map((k) => k + ':' + fields[k] + '\n').join(''), names.join(';'), sha(body)].join('\n')
  const scope = [now.slice(0, 8), e.AWS_REGION, service, 'aws4_request']
  const key = scope.reduce((k, part) => createHmac('sha256', k).update(part).digest(), 'AWS4' + e.AWS_SECRET_ACCESS_KEY)
  const text = ['AWS4-HMAC-SHA256', now, scope.join('/'), sha(canonical)].join('\n')
  const signature = createHmac('sha256', key).update(text).digest('hex')
  delete fields.host
  fields.Authorization = 'AWS4-HMAC-SHA256 Credential=' + e.AWS_ACCESS_KEY_ID + '/' + scope.join('/') + ', SignedHeaders=' + names.join(';') + ', Signature=' + signature
  const answer = await fetch(e.AWS_ENDPOINT_URL + target, { method: verb, headers: fields, body: body || undefined })
  return answer.text()
}
`
)

// TestFunctionRole has functions call the control plane under their execution
// roles, and under roles that do not trust Lambda.
func TestFunctionRole(t *testing.T) {
	r := startGuarded(t, nil)
	fn := lambda.NewFromConfig(r.root())
	reader := r.role(t, "reader", `{"Service":"lambda.amazonaws.com"}`, policyOf("Allow", "apigateway:GET", "*"))
	strange := r.role(t, "strange", `{"Service":"ec2.amazonaws.com"}`, policyOf("Allow", "*", "*"))
	call := func(name, service, verb, path string) string {
		t.Helper()
		event, err := json.Marshal([]string{service, verb, path})
		if err != nil {
			t.Fatal(err)
		}
		out, err := fn.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: event})
		if err != nil {
			t.Fatal(err)
		}
		return string(out.Payload)
	}
	for _, tt := range []struct {
		program, file, code string
		runtime             lambdatypes.Runtime
	}{
		{"python3", "app.py", pythonCaller, "python3.11"},
		{"node", "app.js", nodeCaller, "nodejs20.x"},
	} {
		t.Run(tt.program, func(t *testing.T) {
			need(t, tt.program)
			for name, role := range map[string]string{"ours-" + tt.program: reader, "strange-" + tt.program: strange, "none-" + tt.program: reader + "2"} {
				if _, err := fn.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
					FunctionName: &name, Role: &role, Runtime: tt.runtime, Handler: aws.String("app.handler"), Timeout: aws.Int32(60),
					Code: &lambdatypes.FunctionCode{ZipFile: zipped(t, tt.file, tt.code)},
				}); err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range []struct{ name, service, verb, path, answer string }{
				{"ours", "apigateway", "GET", "/restapis", `"item"`},
				{"ours", "sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "arn:aws:sts::000000000000:assumed-role/reader/ours-" + tt.program + "<"},
				{"ours", "apigateway", "POST", "/restapis", "assumed-role/reader/ours-" + tt.program + " is not authorized to perform: apigateway:POST"},
				{"strange", "apigateway", "GET", "/restapis", "The security token included in the request is invalid."},
				{"none", "apigateway", "GET", "/restapis", "The security token included in the request is invalid."},
			} {
				got := strings.ReplaceAll(call(want.name+"-"+tt.program, want.service, want.verb, want.path), `\"`, `"`)
				if !strings.Contains(got, want.answer) {
					t.Errorf("%s: %s %s: %s, want %s", want.name, want.verb, want.path, got, want.answer)
				}
			}
		})
	}
}
