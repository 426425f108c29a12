package sam

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// goldenDir is the folder of the translator's own test templates; the test
// skips where it is absent.
func goldenDir(t testing.TB) string {
	t.Helper()
	root := os.Getenv("STAGEDOOR_SHARED")
	if root == "" {
		at, err := filepath.Abs(".")
		if err != nil {
			t.Fatal(err)
		}
		for ; at != filepath.Dir(at); at = filepath.Dir(at) {
			if _, err := os.Stat(filepath.Join(at, "shared", "conformance")); err == nil {
				root = filepath.Join(at, "shared")
				break
			}
		}
	}
	dir := filepath.Join(root, "conformance", "sam")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("conformance data is not here: %v", err)
	}
	return dir
}

// transformFile transforms a template as the translator's tests do.
func transformFile(t testing.TB, file string) (*Value, []doc.Problem) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root, problems := doc.Parse(filepath.Base(file), text)
	if len(problems) > 0 {
		return nil, problems
	}
	return Transform(root, testInputs(root))
}

func testInputs(root *Value) Inputs {
	in := Inputs{
		Region: "ap-southeast-1", Parameters: map[string]*Value{},
		Application: func(string, string) (string, error) {
			return "https://awsserverlessrepo-changesets-xxx.s3.amazonaws.com/signed-url", nil
		},
	}
	parameters := root.Get("Parameters")
	for i, name := range parameters.Keys() {
		if d := parameters.Nth(i).Get("Default"); d != nil {
			in.Parameters[name] = d
		}
	}
	in.Parameters["param1"], in.Parameters["param2"] = doc.NewString("value1"), doc.NewString("value2")
	return in
}

var (
	deploymentID = regexp.MustCompile(`Deployment[0-9a-f]{10}\b`)
	longHash     = regexp.MustCompile(`\b[0-9a-f]{40}\b`)
)

// comparable is a tree without the hashes of deployments and without the order
// of lists.
func comparable(v *Value) any {
	hashless := func(s string) string {
		return longHash.ReplaceAllString(deploymentID.ReplaceAllString(s, "DeploymentHASH"), "HASH")
	}
	switch v.Kind() {
	case doc.List:
		l := make([]any, 0, v.Len())
		for _, it := range v.Items() {
			l = append(l, comparable(it))
		}
		slices.SortFunc(l, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return l
	case doc.Map:
		m := map[string]any{}
		for i, k := range v.Keys() {
			m[hashless(k)] = comparable(v.Nth(i))
		}
		return m
	case doc.String:
		return hashless(v.Text())
	case doc.Number:
		return "number " + strings.TrimSuffix(v.Text(), ".0")
	default:
		return v.Plain()
	}
}

func TestGolden(t *testing.T) {
	dir := goldenDir(t)
	files, err := filepath.Glob(filepath.Join(dir, "input", "*.yaml"))
	if err != nil || len(files) != 543 {
		t.Fatalf("%d templates (%v), want 543", len(files), err)
	}
	passed, excepted := 0, 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		diff := goldenDiff(t, dir, name)
		why, isException := goldenExceptions[name]
		switch {
		case diff == "" && isException:
			t.Errorf("%s passes now: take it off the list (%s)", name, why)
		case diff == "":
			passed++
		case isException:
			excepted++
		default:
			t.Errorf("%s\n%s", name, diff)
		}
	}
	t.Logf("%d of %d as the translator, %d excepted", passed, len(files), excepted)
}

// goldenDiff is how the result differs from the translator's; "" if it does not.
func goldenDiff(t *testing.T, dir, name string) string {
	t.Helper()
	got, problems := transformFile(t, filepath.Join(dir, "input", name+".yaml"))
	if len(problems) > 0 {
		return fmt.Sprint(problems)
	}
	text, err := os.ReadFile(filepath.Join(dir, "output", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	want, problem := doc.ParseJSON("", text)
	if problem != nil {
		t.Fatal(problem)
	}
	return cmp.Diff(comparable(want), comparable(got))
}

// goldenExceptions are the templates that come out otherwise, with the reason.
var goldenExceptions = map[string]string{
	"feature_toggle_api_open_api_version_override":      "needs a switch that AWS sets by account and region; off by default",
	"translate_convert_metadata":                        "needs a switch of the translator (passthrough_metadata) that CloudFormation does not set",
	"state_machine_with_api_resource_policy":            "the translator leaves the stage null in Fn::Sub, which CloudFormation refuses; here it is the stage's name",
	"websocket_api_domain_globals":                      "the translator loses the records of all WebSocket APIs of a zone but the last; here they share a group",
	"websocket_api_with_custom_domain_route53_multiple": "the translator loses the records of all WebSocket APIs of a zone but the last; here they share a group",

	"graphqlapi_api_cache":                                appSync,
	"graphqlapi_api_keys":                                 appSync,
	"graphqlapi_cognito_default_auth":                     appSync,
	"graphqlapi_ddb_datasource_all_properties":            appSync,
	"graphqlapi_ddb_datasource_connector":                 appSync,
	"graphqlapi_ddb_datasource_no_table_arn":              appSync,
	"graphqlapi_default_logging":                          appSync,
	"graphqlapi_defined_name":                             appSync,
	"graphqlapi_domain_name":                              appSync,
	"graphqlapi_function_by_id":                           appSync,
	"graphqlapi_function_datasource_property":             appSync,
	"graphqlapi_intrinsical_names":                        appSync,
	"graphqlapi_introspection_query_resolver_limits":      appSync,
	"graphqlapi_lambda_and_ddb_datasource":                appSync,
	"graphqlapi_lambda_datasource_connector":              appSync,
	"graphqlapi_logging_defined":                          appSync,
	"graphqlapi_logging_true":                             appSync,
	"graphqlapi_multiple_auth":                            appSync,
	"graphqlapi_multiple_none_datasource_functions":       appSync,
	"graphqlapi_no_logging":                               appSync,
	"graphqlapi_no_name":                                  appSync,
	"graphqlapi_resolver_function_with_lambda_datasource": appSync,
	"graphqlapi_visibility_owner_contract":                appSync,
}

const appSync = "AWS::Serverless::GraphQLApi is AppSync, no part of API Gateway"
