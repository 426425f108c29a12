package awscall

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	all, err := ParseEndpoints([]string{
		"SQS=http://127.0.0.1:9324/queue/", "s3=http://minio:secret@localhost:9000", "states=http://127.0.0.1:1", "sync-states=http://127.0.0.1:2",
		"default=https://{service}.{region}.amazonaws.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		host, service, want, key string
		aws                      bool
	}{
		{"sqs", "sqs", "http://127.0.0.1:9324/queue", "", false},
		{"s3", "s3", "http://localhost:9000", "minio/secret", false},
		{"bucket.s3", "s3", "http://localhost:9000", "minio/secret", false},
		{"states", "states", "http://127.0.0.1:1", "", false},
		{"sync-states", "states", "http://127.0.0.1:2", "", false},
		{"dynamodb", "dynamodb", "https://dynamodb.eu-west-1.amazonaws.com", "", true},
		{"runtime.sagemaker", "sagemaker", "https://runtime.sagemaker.eu-west-1.amazonaws.com", "", true},
	} {
		got, ok := all.Find(tt.host, tt.service, "eu-west-1")
		if !ok || got.URL() != tt.want || got.AWS() != tt.aws || strings.Trim(got.AccessKey+"/"+got.Secret, "/") != tt.key {
			t.Errorf("Find(%q, %q) = %+v, %v, want %s %s, of AWS: %v", tt.host, tt.service, got, ok, tt.want, tt.key, tt.aws)
		}
	}
	if !all.Named("sqs") || all.Named("dynamodb") || all.Named("default") {
		t.Error("Named: want sqs, and neither dynamodb nor default")
	}
	var none *Endpoints
	if _, ok := none.Find("sqs", "sqs", "us-east-1"); ok || none.Named("sqs") {
		t.Error("nobody named a place, and there is one")
	}
	one, err := ParseEndpoints([]string{"sqs=http://h"})
	if _, ok := one.Find("sns", "sns", "us-east-1"); ok || err != nil {
		t.Errorf("without a default sns has a place, %v", err)
	}
}

func TestEndpointsRefuse(t *testing.T) {
	for _, text := range []string{"", "sqs", "=http://h", "sqs=", "sqs=h:1", "sqs=ftp://h", "sqs=http://", "sqs=http://h?x", "sqs=http://h#x", "sqs=http://user@h", "sqs=http://h{x}"} {
		if _, err := ParseEndpoints([]string{text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	_, err := ParseEndpoints([]string{"sqs=ftp://key:secret@h"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("err = %v, want one without the secret", err)
	}
}
