package program_test

import (
	"errors"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// The tail is played for every answer that is no refusal.
func TestTail(t *testing.T) {
	played := ""
	step := func(name string, run func(*program.Exchange) error) program.Step {
		return program.Step{Name: name, Run: func(x *program.Exchange) error {
			played += name
			return run(x)
		}}
	}
	goOn := func(*program.Exchange) error { return nil }
	finish := func(x *program.Exchange) error { x.Answer.Status = 200; x.Finish(); return nil }
	fail := func(*program.Exchange) error { return errors.New("broken") }
	for _, tt := range []struct {
		name  string
		tail  int
		steps []func(*program.Exchange) error
		want  string
	}{
		{"no tail", 0, []func(*program.Exchange) error{goOn, finish, goOn}, "ab"},
		{"a hit", 1, []func(*program.Exchange) error{finish, goOn, goOn}, "ac"},
		{"a hit, and more in the tail", 2, []func(*program.Exchange) error{finish, goOn, goOn, goOn}, "acd"},
		{"finished in the tail", 2, []func(*program.Exchange) error{goOn, finish, goOn}, "abc"},
		{"a refusal", 1, []func(*program.Exchange) error{fail, goOn, goOn}, "a"},
		{"a refusal in the tail", 2, []func(*program.Exchange) error{finish, fail, goOn}, "ab"},
	} {
		played = ""
		r := &program.Route{Tail: tt.tail}
		for i, run := range tt.steps {
			r.Steps = append(r.Steps, step(string(rune('a'+i)), run))
		}
		x := get(t)
		x.Route = r
		programtest.Play(t, x)
		if played != tt.want {
			t.Errorf("%s: played %q, want %q", tt.name, played, tt.want)
		}
	}
}

// A step may ask for the body of some requests of a route that does not read it.
func TestStepAsksForBody(t *testing.T) {
	for _, wants := range []bool{true, false} {
		got := ""
		x := programtest.Exchange(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
		x.Identify()
		x.Route = &program.Route{Body: program.BodyStream, Steps: []program.Step{
			answer(200, ""),
			{Name: "look", Body: func(*program.Exchange) bool { return wants }, Run: func(x *program.Exchange) error {
				if got = string(x.Body); x.HasBody() != wants {
					t.Errorf("wants %v, HasBody %v", wants, x.HasBody())
				}
				return nil
			}},
		}}
		programtest.Play(t, x)
		if (got == "body") != wants {
			t.Errorf("wants %v, got %q", wants, got)
		}
	}
}
