package rpccbor_test

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/cloudwatch"
	"github.com/stagedoor/stagedoor/internal/wire/rpccbor"
	"github.com/stagedoor/stagedoor/internal/wire/smithytest"
)

func codec(t testing.TB, s *wire.Service) *rpccbor.Codec {
	t.Helper()
	c, err := rpccbor.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSplit(t *testing.T) {
	for path, want := range map[string][2]string{
		"/service/S/operation/O":   {"S", "O"},
		"/service/S/operation/":    {},
		"/service//operation/O":    {},
		"/service/S/operation/O/x": {},
		"/service/S":               {},
		"/":                        {},
	} {
		s, o, ok := rpccbor.Split(path)
		if ok != (want != [2]string{}) || (ok && [2]string{s, o} != want) {
			t.Errorf("Split(%q) = %q, %q, %v", path, s, o, ok)
		}
	}
}

func TestDecode(t *testing.T) {
	s := cloudwatch.Table()
	at := time.Unix(1700000000, 500e6).UTC()
	for _, tt := range []struct {
		name, hex string
		want      cloudwatch.PutMetricDataInput
		err       string
	}{
		{"nothing", "", cloudwatch.PutMetricDataInput{}, ""},
		{"an empty map", "a0", cloudwatch.PutMetricDataInput{}, ""},
		{"an indefinite map", "bf694e616d657370616365616eff", cloudwatch.PutMetricDataInput{Namespace: "n"}, ""},
		{"null is absent", "a1694e616d657370616365f6", cloudwatch.PutMetricDataInput{}, ""},
		{
			"a time with a fraction and a whole number for a double", "a16a4d657472696344617461" + "81" + "a2" + "6954696d657374616d70" + "c1fb41d954fc40200000" + "6556616c7565" + "05",
			cloudwatch.PutMetricDataInput{MetricData: []cloudwatch.MetricDatum{{Timestamp: &at, Value: new(5.0)}}},
			"",
		},
		{"a list", "80", cloudwatch.PutMetricDataInput{}, "not a CBOR map"},
		{"a number for a string", "a1694e616d65737061636505", cloudwatch.PutMetricDataInput{}, "The member Namespace has a value of the wrong type"},
		{"a key twice", "a2694e616d657370616365616e694e616d657370616365616e", cloudwatch.PutMetricDataInput{}, "not CBOR as it should be"},
		{"a null in a list", "a16a4d65747269634461746181f6", cloudwatch.PutMetricDataInput{}, "A list must not hold null"},
		{"cut off", "a1694e61", cloudwatch.PutMetricDataInput{}, "not CBOR as it should be"},
		{"something behind it", "a0a0", cloudwatch.PutMetricDataInput{}, "not CBOR as it should be"},
		{"too deep", strings.Repeat("81", 100) + "80", cloudwatch.PutMetricDataInput{}, "not CBOR as it should be"},
		{"a list that is said to be huge", "9bffffffffffffffff", cloudwatch.PutMetricDataInput{}, "not CBOR as it should be"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			var got cloudwatch.PutMetricDataInput
			err = codec(t, s).Decode(&wire.Request{Body: body}, s.Operation("PutMetricData"), &got, &wire.Trail{})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("decode: %v, want %s", err, tt.err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("decode: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestFail(t *testing.T) {
	s := cloudwatch.Table()
	shape := s.Fault("ResourceNotFound")
	value := wire.NewRecord(shape)
	value.Set("message", "gone")
	a := codec(t, s).Fail(nil, nil, &wire.Failure{Code: "ResourceNotFound", Status: 404, Shape: shape, Value: value})
	if a.Status != 404 || a.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" || a.Header.Get("X-Amzn-Query-Error") != "ResourceNotFound;Sender" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	if body := string(a.Body); !strings.Contains(body, "__type") || !strings.Contains(body, "gone") {
		t.Errorf("body %q", body)
	}
}

// same gives a service one operation more, that answers with what it takes.
func same(s *wire.Service, operation string) *wire.Operation {
	op := *s.Operation(operation)
	op.Output = op.Input
	op.NoOutput = false
	return &op
}

// FuzzDecode holds any body to be taken or refused without a panic, and what is
// taken to be written and read back the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xa1\x69Namespace\x61n"))
	f.Add([]byte("\xbf\x6aMetricData\x81\xa1\x69Timestamp\xc1\x1a\x65\x53\xf1\x00\xff"))
	s := cloudwatch.Table()
	op, c := same(s, "PutMetricData"), codec(f, s)
	f.Fuzz(func(t *testing.T, body []byte) {
		in := &cloudwatch.PutMetricDataInput{}
		if c.Decode(&wire.Request{Body: body}, op, in, &wire.Trail{}) != nil {
			return
		}
		a, err := c.Encode(nil, op, in)
		if err != nil || a.Status != http.StatusOK {
			t.Fatal(err)
		}
		if err := c.Decode(&wire.Request{Body: a.Body}, op, &cloudwatch.PutMetricDataInput{}, &wire.Trail{}); err != nil {
			t.Fatalf("%x becomes %x, which is not read: %v", body, a.Body, err)
		}
	})
}

// FuzzRoundTrip holds values at random to come back as they were.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	s := cloudwatch.Table()
	op, c := same(s, "PutMetricData"), codec(f, s)
	f.Fuzz(func(t *testing.T, seed uint64) {
		in, out := &cloudwatch.PutMetricDataInput{}, &cloudwatch.PutMetricDataInput{}
		smithytest.NewRandom(s, seed).Structure(t, in, s.Shape(op.Input), nil)
		a, err := c.Encode(nil, op, in)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(&wire.Request{Body: a.Body}, op, out, &wire.Trail{}); err != nil {
			t.Fatalf("%x: %v", a.Body, err)
		}
		if diff := cmp.Diff(in, out); diff != "" {
			t.Errorf("%x is read back otherwise:\n%s", a.Body, diff)
		}
	})
}
