package stagedoor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/cloudformation"
	"github.com/stagedoor/stagedoor/internal/engine/cfn"
)

// definition is a template or OpenAPI document on disk, and the stack that it
// is deployed as.
type definition struct {
	file  string // as given or found in the folder given
	stack string
}

// templateNames are what a folder's template may be called, in order.
func templateNames() []string {
	return []string{"template.yaml", "template.yml", "template.json", "openapi.yaml", "openapi.yml", "openapi.json"}
}

// findDefinition is the definition at a path: a file, or a folder with one.
// The stack takes its name from the folder.
func findDefinition(path string) (definition, error) {
	info, err := os.Stat(path)
	if err != nil {
		return definition{}, fmt.Errorf("definition: %w", err)
	}
	file := path
	if info.IsDir() {
		file = ""
		for _, name := range templateNames() {
			if _, err := os.Stat(filepath.Join(path, name)); err == nil {
				file = filepath.Join(path, name)
				break
			}
		}
		if file == "" {
			return definition{}, fmt.Errorf("definition %s: the folder has none of %s", path, strings.Join(templateNames(), ", "))
		}
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return definition{}, err
	}
	name := strings.TrimSuffix(filepath.Base(abs), filepath.Ext(abs))
	if name == "template" || name == "openapi" {
		name = filepath.Base(filepath.Dir(abs))
	}
	return definition{file: file, stack: stackName(name)}, nil
}

// stackName makes a name that CloudFormation takes: letters, digits, hyphens.
func stackName(s string) string {
	s = regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(s, "-")
	s = strings.Trim(s, "-")
	if s == "" || (s[0] >= '0' && s[0] <= '9') {
		s = "stack-" + s
	}
	return s[:min(len(s), 128)]
}

// localFiles reads what a template names beside itself.
type localFiles struct{ dir string }

// ReadFile reads a file by its path relative to the template.
func (f localFiles) ReadFile(name string) ([]byte, error) {
	if strings.Contains(name, "://") {
		return nil, fmt.Errorf("%s: only files beside the template can be read", name)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.dir, name)
	}
	return os.ReadFile(name)
}

// request reads the definition as it is now.
func (d definition) request(parameters []string) (cloudformation.Request, error) {
	text, err := os.ReadFile(d.file)
	if err != nil {
		return cloudformation.Request{}, fmt.Errorf("definition: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(d.file))
	if err != nil {
		return cloudformation.Request{}, err
	}
	if isOpenAPI(text) {
		text = templateOf(d, text)
	}
	r := cloudformation.Request{
		Stack: d.stack, Source: cfn.Source{Name: d.file, Text: text},
		Files: localFiles{dir}, Dir: dir, Parameters: map[string]string{},
	}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		r.Parameters[name] = value
	}
	return r, nil
}

// isOpenAPI tells an OpenAPI document from a template by its first keys.
func isOpenAPI(text []byte) bool {
	return regexp.MustCompile(`(?m)^\s{0,4}["']?(swagger|openapi)["']?\s*:`).Match(text[:min(len(text), 4096)]) &&
		!bytes.Contains(text, []byte("AWSTemplateFormatVersion"))
}

// templateOf is the template that an OpenAPI document by itself stands for: its
// API, deployed to the stage prod.
func templateOf(d definition, document []byte) []byte {
	sum := sha256.Sum256(document)
	return fmt.Appendf(nil, `AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      BodyS3Location: {Bucket: %s, Key: %q}
      Tags: [{Key: "stagedoor:id", Value: %s}]
  Deployment%x:
    Type: AWS::ApiGateway::Deployment
    Properties: {RestApiId: !Ref Api, StageName: prod}
`, cfn.LocalBucket, filepath.Base(d.file), strings.ToLower(d.stack), sum[:5])
}

// stamp tells one state of the folder of a definition from another by names,
// sizes and times; it looks at no more than a bounded number of files.
func (d definition) stamp() (string, error) {
	h := sha256.New()
	files := 0
	root := filepath.Dir(d.file)
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone meanwhile: the next look sees it
			}
			return err
		}
		if e.IsDir() {
			if p != root && unwatched(e.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if files++; files > maxWatched {
			return filepath.SkipAll
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // gone meanwhile
		}
		fmt.Fprintln(h, p, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return string(h.Sum(nil)), err
}

const maxWatched = 20_000

// unwatched are folders that no definition means.
func unwatched(name string) bool {
	return name == "node_modules" || name == ".git" || name == ".stagedoor" || name == "__pycache__" || name == ".aws-sam"
}

// deploy deploys a definition and says how it went.
func (s *Server) deploy(ctx context.Context, d definition, endpoint string) {
	began := time.Now()
	request, err := d.request(s.cfg.Parameters)
	if err != nil {
		s.announce(Announcement{Stack: d.stack, Problems: []Problem{{File: d.file, Message: err.Error()}}})
		return
	}
	result, err := s.stacks.Deploy(ctx, request)
	a := Announcement{Stack: d.stack}
	if err != nil {
		a.Problems = append(a.Problems, problemOf(err, d.file))
	}
	if result != nil {
		for _, p := range result.Problems {
			a.Problems = append(a.Problems, place(p))
		}
		for _, o := range result.Stack.Outputs {
			a.Outputs = append(a.Outputs, Output{Name: o.Key, Value: s.reachable(endpoint, o.Value), Description: o.Description})
		}
		a.Stages = s.stages(ctx, endpoint, &result.Stack)
		for _, w := range result.Warnings {
			a.Warnings = append(a.Warnings, place(w))
		}
	}
	a.Took = time.Since(began)
	s.announce(a)
}

func place(p cfn.Problem) Problem {
	message := p.Message
	if p.Path != "" {
		message = p.Path + ": " + message
	}
	if p.Hint != "" {
		message += " (" + p.Hint + ")"
	}
	return Problem{File: p.File, Line: p.Line, Column: p.Column, Message: message}
}

// problemOf is an error of a deployment with the place of its resource.
func problemOf(err error, file string) Problem {
	if p, ok := errors.AsType[cfn.Problem](err); ok {
		return place(p)
	}
	return Problem{File: file, Message: err.Error()}
}

// stages lists where a stack's stages and function URLs answer.
func (s *Server) stages(ctx context.Context, endpoint string, stack *api.Stack) []StageURL {
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := s.gateway.Sync(wait); err != nil {
		s.cfg.Log.Warn("a deployment is not served yet", "stack", stack.Name, "error", err)
	}
	var all []StageURL
	for _, r := range stack.Resources {
		if r.Type == "AWS::ApiGateway::RestApi" {
			all = append(all, s.apiStages(endpoint, r.PhysicalID)...)
		}
		if u, ok := r.Attributes["FunctionUrl"].(string); ok {
			all = append(all, StageURL{URL: u})
		}
	}
	return all
}

// invokePath is what the paths of stages begin with, on every host.
const invokePath = "/_aws/execute-api/"

func (s *Server) apiStages(endpoint, id string) []StageURL {
	a := s.gateway.Table().API([]byte(id))
	if a == nil {
		return nil
	}
	var all []StageURL
	for _, name := range slices.Sorted(maps.Keys(a.Stages)) {
		stage := StageURL{URL: endpoint + invokePath + id + "/" + name + "/"}
		for _, r := range a.Stages[name].Explain().Routes {
			if strings.HasPrefix(r.Resource, "/") {
				stage.Routes = append(stage.Routes, r.Method+" "+r.Resource)
			}
		}
		all = append(all, stage)
	}
	return all
}

// reachable writes the addresses that APIs have on AWS as they are reached here.
func (s *Server) reachable(endpoint, text string) string {
	onAWS := regexp.MustCompile(`https://([a-z0-9_-]+)\.execute-api\.` + regexp.QuoteMeta(s.cfg.Region) + `\.amazonaws\.com/`)
	return onAWS.ReplaceAllString(text, endpoint+invokePath+"$1/")
}
