package stagedoor_test

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// tardy has a method with a template that takes long, and one that does not.
const tardy = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Tags: [{Key: "stagedoor:id", Value: tardy}]
      Body:
        openapi: 3.0.1
        info: {title: tardy, version: "1"}
        paths:
          /fast:
            get:
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses: {default: {statusCode: "200", responseTemplates: {application/json: '"at $context.stage"'}}}
          /slow:
            get:
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses:
                  default:
                    statusCode: "200"
                    responseTemplates:
                      application/json: |
                        #set($n = 0)#set($t = "O'Brien 9")TWICE#foreach($i in [1..8])#foreach($j in [1..8])#set($n = $n + $util.escapeJavaScript($t).length())#end#end
                        {"sum": $n}
  Live: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api, StageName: prod}}
`

// asker sends the same request again and again on one connection, and keeps how
// long each took.
type asker struct {
	conn    net.Conn
	request []byte
	want    string // that the answer has
	took    []time.Duration
	err     error
}

func newAsker(t *testing.T, addr, target, want string) *asker {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute)) // it was just opened
	return &asker{conn: c, request: []byte("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"), want: want}
}

// ask asks n times. An answer comes whole, as it is small.
func (a *asker) ask(n int) {
	buf := make([]byte, 4096)
	for range n {
		began := time.Now()
		if _, a.err = a.conn.Write(a.request); a.err != nil {
			return
		}
		n, err := a.conn.Read(buf)
		if a.err = err; err != nil {
			return
		}
		if !bytes.Contains(buf[:n], []byte(a.want)) {
			a.err = fmt.Errorf("%s got %q", a.request, buf[:n])
			return
		}
		a.took = append(a.took, time.Since(began))
	}
}

// TestSlowTemplate: a template that takes long, one request in a hundred, delays
// the others on its loop by far less than it takes, of which there is one.
func TestSlowTemplate(t *testing.T) {
	if !transport.HasLoops {
		t.Skip("a matter of loops")
	}
	dir := t.TempDir()
	write(t, dir, "template.yaml", replaceAll(tardy, "TWICE", strings.Repeat(`#set($t = "$t$t")`, 11))) // 18 KB
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.Engine, c.Loops = []string{filepath.Join(dir, "template.yaml")}, "epoll", 1
	})
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	addr, base := strings.TrimPrefix(r.endpoint, "http://"), "/_aws/execute-api/tardy/prod"
	for range 3 { // a busy machine delays everybody now and then
		alone, _ := beside(t, addr, "", "")
		p99, took := beside(t, addr, base+"/slow", `{"sum": 1310720}`)
		t.Logf("p99 of fast requests %v alone, %v beside a template that takes %v", alone, p99, took)
		if p99 < took/3 || p99 < 2*alone {
			return
		}
	}
	t.Error("fast requests wait for slow ones")
}

// beside is the 99th percentile of fast requests beside slow ones, one for a
// hundred of them, and how long those take; slow is empty: there are none.
func beside(t *testing.T, addr, slow, want string) (p99, took time.Duration) {
	t.Helper()
	const clients, each = 4, 500
	var all []*asker
	var wg sync.WaitGroup
	for range clients {
		a := newAsker(t, addr, "/_aws/execute-api/tardy/prod/fast", `"at prod"`)
		all = append(all, a)
		wg.Go(func() { a.ask(each) })
	}
	if slow != "" {
		a := newAsker(t, addr, slow, want)
		all = append(all, a)
		wg.Go(func() { a.ask(clients * each / 100) })
	}
	wg.Wait()
	var fast []time.Duration
	for i, a := range all {
		if a.err != nil {
			t.Fatal(a.err)
		}
		if slices.Sort(a.took); i < clients {
			fast = append(fast, a.took...)
		} else {
			took = a.took[len(a.took)/2]
		}
	}
	slices.Sort(fast)
	return fast[len(fast)*99/100], took
}
