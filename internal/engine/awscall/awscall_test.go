package awscall

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func quote(dst []byte, text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return append(dst, b...)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text, host string
		want       URI
		service    Service
	}{
		{
			"arn:aws:apigateway:us-east-1:sqs:path/000000000000/q", "sqs",
			URI{"aws", "us-east-1", "", "sqs", "/000000000000/q", "", ""},
			Service{Signing: "sqs", Version: "2012-11-05"},
		},
		{"arn:aws:apigateway:us-east-1:sqs:path//", "sqs", URI{"aws", "us-east-1", "", "sqs", "/", "", ""}, Service{Signing: "sqs", Version: "2012-11-05"}},
		{"arn:aws:apigateway:us-east-1:s3:path/{bucket}/a/{key}", "s3", URI{"aws", "us-east-1", "", "s3", "/{bucket}/a/{key}", "", ""}, Service{Protocol: REST, Signing: "s3"}},
		{"arn:aws:apigateway:eu-west-1:b.k.s3:path/x", "b.k.s3", URI{"aws", "eu-west-1", "b.k", "s3", "/x", "", ""}, Service{Protocol: REST, Signing: "s3"}},
		{
			"arn:aws-cn:apigateway:cn-north-1:dynamodb:action/PutItem", "dynamodb",
			URI{"aws-cn", "cn-north-1", "", "dynamodb", "", "PutItem", ""},
			Service{Protocol: JSON10, Signing: "dynamodb", Target: "DynamoDB_20120810"},
		},
		{
			"arn:aws:apigateway:us-east-1:states:action/StartSyncExecution", "sync-states",
			URI{"aws", "us-east-1", "", "states", "", "StartSyncExecution", ""},
			Service{Protocol: JSON10, Signing: "states", Target: "AWSStepFunctions"},
		},
		{
			"arn:aws:apigateway:us-east-1:sns:action/Publish&TopicArn=a:b&Message=x", "sns",
			URI{"aws", "us-east-1", "", "sns", "", "Publish", "TopicArn=a:b&Message=x"},
			Service{Signing: "sns", Version: "2010-03-31"},
		},
		{
			"arn:aws:apigateway:us-east-1:runtime.sagemaker:path//endpoints/e/invocations", "runtime.sagemaker",
			URI{"aws", "us-east-1", "runtime", "sagemaker", "/endpoints/e/invocations", "", ""},
			Service{Protocol: REST, Signing: "sagemaker"},
		},
		{"arn:aws:apigateway:us-east-1:abc123.appsync-api:path/graphql", "abc123.appsync-api", URI{"aws", "us-east-1", "abc123", "appsync-api", "/graphql", "", ""}, Service{Protocol: REST, Signing: "appsync"}},
		{"arn:aws:apigateway:us-east-1:Unheard:action/Of", "unheard", URI{"aws", "us-east-1", "", "unheard", "", "Of", ""}, Service{Signing: "unheard"}},
	} {
		got, err := Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.text, diff)
		}
		if got.Host() != tt.host {
			t.Errorf("Parse(%q).Host() = %q, want %q", tt.text, got.Host(), tt.host)
		}
		if diff := cmp.Diff(tt.service, Find(&got)); diff != "" {
			t.Errorf("Find of %q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"":                                                      ErrARN,
		"http://h/x":                                            ErrARN,
		"arn:aws:sqs:us-east-1:0:q:x":                           ErrARN,
		"arn:aws:apigateway:us-east-1:sqs":                      ErrARN,
		"arn:aws:apigateway::sqs:path/x":                        ErrARN,
		"arn:aws:apigateway:us-east-1::path/x":                  ErrARN,
		"arn:aws:apigateway:us-east-1:s.:path/x":                ErrARN,
		"arn:aws:apigateway:us-east-1:.s3:path/x":               ErrARN,
		"arn:aws:apigateway:us-east-1:a..s3:path/x":             ErrARN,
		"arn:aws:apigateway:us-east-1:h@evil/:path/x":           ErrARN,
		"arn:aws:apigateway:evil.example#:sqs:path/x":           ErrARN,
		"arn:aws:apigateway:us-east-1:sqs:way/x":                ErrKind,
		"arn:aws:apigateway:us-east-1:sqs:action/":              ErrKind,
		"arn:aws:apigateway:us-east-1:sqs:action/A B":           ErrKind,
		"arn:aws:apigateway:us-east-1:sqs:action/A\r\nX: y&k=v": ErrKind,
	} {
		if got, err := Parse(text); !errors.Is(err, want) {
			t.Errorf("Parse(%q) = %+v, %v, want %v", text, got, err, want)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	for _, tt := range []struct{ name, answer, want string }{
		{
			"a message sent",
			`<?xml version="1.0"?><SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><SendMessageResult><MD5OfMessageBody>m</MD5OfMessageBody><MessageId>i</MessageId></SendMessageResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SendMessageResponse>`,
			`{"SendMessageResponse":{"SendMessageResult":{"MD5OfMessageBody":"m","MessageId":"i","MD5OfMessageAttributes":null,"MD5OfMessageSystemAttributes":null,"SequenceNumber":null},"ResponseMetadata":{"RequestId":"r"}}}`,
		},
		{
			"one message received",
			`<ReceiveMessageResponse><ReceiveMessageResult><Message><Body>a &amp; "b"</Body></Message></ReceiveMessageResult></ReceiveMessageResponse>`,
			`{"ReceiveMessageResponse":{"ReceiveMessageResult":{"messages":[{"Body":"a \u0026 \"b\""}]}}}`,
		},
		{"no message received", `<ReceiveMessageResponse><ReceiveMessageResult/></ReceiveMessageResponse>`, `{"ReceiveMessageResponse":{"ReceiveMessageResult":{"messages":null}}}`},
		{"queues", `<ListQueuesResponse><ListQueuesResult><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl></ListQueuesResult></ListQueuesResponse>`, `{"ListQueuesResponse":{"ListQueuesResult":{"queueUrls":["a","b"]}}}`},
		{"a list", "<R>\n <L><member>1</member><member><K>2</K></member></L>\n <E></E></R>", `{"R":{"L":["1",{"K":"2"}],"E":""}}`},
		{"a map", `<R><M><entry><key>a</key><value>1</value></entry><entry><key>b</key><value>2</value></entry></M></R>`, `{"R":{"M":{"a":"1","b":"2"}}}`},
		{"twice", `<R><A>1</A><B>2</B><A>3</A></R>`, `{"R":{"A":["1","3"],"B":"2"}}`},
		{
			"an error", `<ErrorResponse><Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>no</Message><Detail/></Error><RequestId>r</RequestId></ErrorResponse>`,
			`{"Error":{"Type":"Sender","Code":"AWS.SimpleQueueService.NonExistentQueue","Message":"no","Detail":""},"RequestId":"r"}`,
		},
	} {
		got, err := AppendJSON([]byte("x"), []byte(tt.answer), quote)
		if err != nil || string(got) != "x"+tt.want {
			t.Errorf("%s: %s, %v, want x%s", tt.name, got, err, tt.want)
		}
	}
	for _, answer := range []string{"", "text", "<a>", "<a></b>", "<a/><b/>", "<a>&nope;</a>", strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)} {
		if got, err := AppendJSON(nil, []byte(answer), quote); err == nil {
			t.Errorf("%q was taken for an answer: %s", answer, got)
		}
	}
}

func TestWrapped(t *testing.T) {
	for query, want := range map[string]string{
		"": `{}`, "Name=%2Fa+b&WithDecryption=true": `{"Name":"/a b","WithDecryption":true}`,
		"Names.member.2=b&Names.member.1=a&MaxResults=5": `{"MaxResults":5,"Names":["a","b"]}`,
		"Names.member.99999=b":                           `{"Names.member.99999":"b"}`,
	} {
		if got, err := Members(query); err != nil || string(got) != want {
			t.Errorf("Members(%q) = %s, %v, want %s", query, got, err, want)
		}
	}
	u := &URI{Service: "ssm", Action: "GetParameter"}
	for _, tt := range []struct {
		status       int
		answer, want string
	}{
		{200, `{"Parameter":{}}`, `{"GetParameterResponse":{"GetParameterResult":{"Parameter":{}},"ResponseMetadata":{"RequestId":"r"}}}`},
		{400, `{"__type":"com.amazonaws.ssm#ParameterNotFound","message":"m"}`, `{"Error":{"Code":"ParameterNotFound","Message":"m","Type":"Sender"},"RequestId":"r"}`},
		{500, `{}`, `{"Error":{"Code":"","Message":"","Type":"Receiver"},"RequestId":"r"}`},
	} {
		if got, err := AppendWrapped(nil, u, tt.status, []byte(tt.answer), "r", quote); err != nil || string(got) != tt.want {
			t.Errorf("wrapped %d %s = %s, %v, want %s", tt.status, tt.answer, got, err, tt.want)
		}
	}
	if got, err := AppendWrapped(nil, u, 200, []byte("<html>"), "r", quote); err == nil {
		t.Errorf("no JSON was wrapped: %s", got)
	}
}

// FuzzParse: a URI that is taken names a host of letters, digits, dots and
// dashes, and is either a path or an action.
func FuzzParse(f *testing.F) {
	f.Add("arn:aws:apigateway:us-east-1:runtime.sagemaker:path//endpoints/e")
	f.Add("arn:aws:apigateway:us-east-1:sns:action/Publish&TopicArn=a:b")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			return
		}
		for _, name := range []string{u.Host(), u.Region, u.Partition, Find(&u).Signing} {
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || name == "" || strings.Contains("."+name+".", "..") {
				t.Fatalf("Parse(%q) = %+v: %q is no part of a host", text, u, name)
			}
		}
		if (u.Path == "") == (u.Action == "") || u.Path != "" && u.Path[0] != '/' {
			t.Fatalf("Parse(%q) = %+v, want a path or an action", text, u)
		}
	})
}

// FuzzAppendJSON: what is taken for an answer becomes valid JSON.
func FuzzAppendJSON(f *testing.F) {
	f.Add([]byte(`<A><L><member>1</member></L><M><entry><key>a</key><value>b</value></entry></M>t</A>`))
	f.Add([]byte(`<ReceiveMessageResponse><ReceiveMessageResult><Message/></ReceiveMessageResult></ReceiveMessageResponse>`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if got, err := AppendJSON(nil, answer, quote); err == nil && !json.Valid(got) {
			t.Fatalf("%q became %q", answer, got)
		}
	})
}
