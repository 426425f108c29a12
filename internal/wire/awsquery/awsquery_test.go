package awsquery_test

import (
	"encoding/xml"
	"math/rand/v2"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/awsquery"
	"github.com/stagedoor/stagedoor/internal/wire/cloudformation"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
	"github.com/stagedoor/stagedoor/internal/wire/smithytest"
)

func TestDecode(t *testing.T) {
	s := iam.Table()
	for _, tt := range []struct {
		name, body string
		want       iam.TagRoleInput
		err        string
	}{
		{"a list", "RoleName=r&Tags.member.1.Key=a&Tags.member.1.Value=b", iam.TagRoleInput{RoleName: "r", Tags: []iam.Tag{{Key: "a", Value: "b"}}}, ""},
		{"gaps and order make no difference", "Tags.member.9.Key=b&Tags.member.3.Key=a&RoleName=r", iam.TagRoleInput{RoleName: "r", Tags: []iam.Tag{{Key: "a"}, {Key: "b"}}}, ""},
		{"an empty list", "RoleName=r&Tags=", iam.TagRoleInput{RoleName: "r", Tags: []iam.Tag{}}, ""},
		{"plus is a blank", "RoleName=a+b%2B", iam.TagRoleInput{RoleName: "a b+"}, ""},
		{"unknown parameters", "RoleName=r&Nope.1.x=y", iam.TagRoleInput{RoleName: "r"}, ""},
		{"given twice", "RoleName=a&RoleName=b", iam.TagRoleInput{}, "The parameter RoleName is given twice"},
		{"no number", "Tags.member.one.Key=a", iam.TagRoleInput{}, `"one" is not the number of a list's element`},
		{"members of a string", "RoleName.member.1=a", iam.TagRoleInput{}, "The parameter RoleName has members and must have a value"},
		{"too deep", strings.Repeat("a.", 100) + "=1", iam.TagRoleInput{}, "nested too deep"},
		{"too many", strings.Repeat("a=1&", 20000), iam.TagRoleInput{}, "too many parameters"},
		{"bad escape", "RoleName=%zz", iam.TagRoleInput{}, "not percent-encoded"},
		{"no UTF-8", "RoleName=%ff", iam.TagRoleInput{}, "not percent-encoded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got iam.TagRoleInput
			err := awsquery.New(s).Decode(&wire.Request{Method: "POST", Body: []byte(tt.body)}, s.Operation("TagRole"), &got, &wire.Trail{})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("decode %v, want %s", err, tt.err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("decode %s: %v (-want +got):\n%s", tt.body, err, diff)
			}
		})
	}
}

func TestEncodeText(t *testing.T) {
	s := iam.Table()
	a, err := awsquery.New(s).Encode(&wire.Request{ID: "id-1"}, s.Operation("GetUser"), &iam.GetUserResponse{User: &iam.User{UserName: "a<b>&\"c'\r\x00\ufffe"}})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Name string `xml:"GetUserResult>User>UserName"`
		ID   string `xml:"ResponseMetadata>RequestId"`
	}
	if err := xml.Unmarshal(a.Body, &got); err != nil {
		t.Fatalf("%s: %v", a.Body, err)
	}
	if got.Name != "a<b>&\"c'\r\ufffd\ufffd" || got.ID != "id-1" {
		t.Errorf("%s is read as %+v", a.Body, got)
	}
}

// FuzzText holds text in an answer to encoding/xml's reading of it, but for what
// XML cannot hold.
func FuzzText(f *testing.F) {
	f.Add("a<b>&\"c'\r\n\x00\ufffe\xff]]>")
	s := iam.Table()
	c, op := awsquery.New(s), s.Operation("GetUser")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := c.Encode(nil, op, &iam.GetUserResponse{User: &iam.User{UserName: text}})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Name string `xml:"GetUserResult>User>UserName"`
		}
		if err := xml.Unmarshal(a.Body, &got); err != nil {
			t.Fatalf("%q: %v", a.Body, err)
		}
		want := strings.Map(func(r rune) rune {
			if (r < ' ' && r != '\t' && r != '\n' && r != '\r') || r == 0xfffe || r == 0xffff {
				return 0xfffd
			}
			return r
		}, text)
		if got.Name != want {
			t.Errorf("%q is read back as %q", text, got.Name)
		}
	})
}

// FuzzDecode holds any form to be taken or refused without a panic, and to be
// read the same when its parameters stand in another order.
func FuzzDecode(f *testing.F) {
	f.Add("Action=CreateStack&StackName=s&Parameters.member.1.ParameterKey=k&Tags.member.2.Key=a&Capabilities.member.1=X", uint64(1))
	f.Add("StackName=a+b%20&TimeoutInMinutes=5&DisableRollback=true", uint64(2))
	s := cloudformation.Table()
	op := s.Operation("CreateStack")
	decode := func(body string) (*cloudformation.CreateStackInput, error) {
		in := &cloudformation.CreateStackInput{}
		return in, awsquery.New(s).Decode(&wire.Request{Method: "POST", Body: []byte(body)}, op, in, &wire.Trail{})
	}
	f.Fuzz(func(t *testing.T, body string, seed uint64) {
		in, err := decode(body)
		params := strings.Split(body, "&")
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(params), func(i, j int) { params[i], params[j] = params[j], params[i] })
		again, err2 := decode(strings.Join(params, "&"))
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%q: %v, shuffled: %v", body, err, err2)
		}
		if err == nil && !cmp.Equal(in, again) {
			t.Errorf("%q shuffled is read otherwise:\n%s", body, cmp.Diff(in, again))
		}
	})
}

// FuzzRoundTrip holds inputs at random to come back from the form that a client
// would make of them.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	s := cloudformation.Table()
	op := s.Operation("CreateStack")
	f.Fuzz(func(t *testing.T, seed uint64) {
		in, out := &cloudformation.CreateStackInput{}, &cloudformation.CreateStackInput{}
		smithytest.NewRandom(s, seed).Structure(t, in, s.Shape(op.Input), nil)
		form := url.Values{"Action": {op.Name}}
		write(s, form, "", wire.FieldsOf(reflect.ValueOf(in)), s.Shape(op.Input))
		if err := awsquery.New(s).Decode(&wire.Request{Method: "POST", Body: []byte(form.Encode())}, op, out, &wire.Trail{}); err != nil {
			t.Fatalf("%s: %v", form.Encode(), err)
		}
		if diff := cmp.Diff(in, out); diff != "" {
			t.Errorf("%s is read back otherwise:\n%s", form.Encode(), diff)
		}
	})
}

// write makes the parameters of a structure, as an SDK does.
func write(s *wire.Service, form url.Values, prefix string, f wire.Fields, shape *wire.Shape) {
	for i := range shape.Members {
		m, v := &shape.Members[i], f.At(i)
		if wire.Absent(v) {
			continue
		}
		name, ms := prefix+m.Wire, s.Of(m)
		v = wire.Inner(v)
		switch ms.Kind {
		case wire.Structure:
			n := len(form)
			write(s, form, name+".", wire.FieldsOf(v), ms)
			if len(form) == n {
				form.Set(name, "")
			}
		case wire.List:
			if v.Len() == 0 {
				form.Set(name, "")
			}
			for k := range v.Len() {
				at := name + ".member." + strconv.Itoa(k+1)
				es := s.Of(&ms.Members[0])
				if es.Kind == wire.Structure {
					n := len(form)
					write(s, form, at+".", wire.FieldsOf(v.Index(k)), es)
					if len(form) == n {
						form.Set(at, "")
					}
					continue
				}
				form.Set(at, string(wire.AppendText(nil, v.Index(k), es, wire.DateTime)))
			}
		default:
			form.Set(name, string(wire.AppendText(nil, v, ms, wire.DateTime)))
		}
	}
}
