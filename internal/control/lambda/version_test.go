package lambda_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	host "github.com/stagedoor/stagedoor/internal/lambda"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

func TestPublishVersion(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	made := b.create(t, "f")
	v1 := must(b.PublishVersion(ctx, &model.PublishVersionInput{FunctionName: "f", Description: new("first"), CodeSha256: made.CodeSha256, RevisionId: made.RevisionId}))(t)
	if *v1.Version != "1" || *v1.FunctionArn != arnOf+"f:1" || *v1.Description != "first" || *v1.RevisionId == *made.RevisionId {
		t.Errorf("PublishVersion = %v, %v, %v", *v1.Version, *v1.FunctionArn, *v1.Description)
	}
	if again := must(b.PublishVersion(ctx, &model.PublishVersionInput{FunctionName: "f", Description: new("second")}))(t); *again.Version != "1" || *again.Description != "first" {
		t.Errorf("PublishVersion of nothing new = %v, %v, want version 1", *again.Version, *again.Description)
	}
	for _, tt := range []struct {
		name string
		in   model.PublishVersionInput
		want string
	}{
		{"other code", model.PublishVersionInput{FunctionName: "f", CodeSha256: new("abc")}, "InvalidParameterValueException: CodeSHA256 (abc) is different from current CodeSHA256 in $LATEST (" + *made.CodeSha256 + "). Please try again with the CodeSHA256 in $LATEST."},
		{"other revision", model.PublishVersionInput{FunctionName: "f", RevisionId: new("abc")}, "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"},
		{"of a version", model.PublishVersionInput{FunctionName: "f:1"}, "ResourceNotFoundException: Function not found: " + arnOf + "f:1"},
	} {
		_, err := b.PublishVersion(ctx, &tt.in)
		refused(t, tt.name, err, tt.want)
	}
	must(b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f", Timeout: new(int32(9))}))(t)
	if v2 := must(b.PublishVersion(ctx, &model.PublishVersionInput{FunctionName: "f"}))(t); *v2.Version != "2" {
		t.Errorf("PublishVersion after a change = %v, want 2", *v2.Version)
	}
	must(b.DeleteFunction(ctx, &model.DeleteFunctionInput{FunctionName: "f:2"}))(t)
	if v3 := must(b.PublishVersion(ctx, &model.PublishVersionInput{FunctionName: "f"}))(t); *v3.Version != "3" {
		t.Errorf("PublishVersion after version 2 was deleted = %v: a number is never used again", *v3.Version)
	}
	if old := b.host.of("f").Versions["1"]; old.Timeout.Seconds() != 3 {
		t.Errorf("version 1 has the time-out %v, want the one it was published with", old.Timeout)
	}
	var numbers []string
	for _, v := range must(b.ListVersionsByFunction(ctx, &model.ListVersionsByFunctionInput{FunctionName: "f"}))(t).Versions {
		numbers = append(numbers, *v.Version)
	}
	if !slices.Equal(numbers, []string{"$LATEST", "1", "3"}) {
		t.Errorf("ListVersionsByFunction = %v", numbers)
	}
}

// TestVersionsInOrder: ten comes after nine.
func TestVersionsInOrder(t *testing.T) {
	b := newBench(t)
	b.create(t, "f")
	var want []string
	for i := range 11 {
		must(b.UpdateFunctionConfiguration(t.Context(), &model.UpdateFunctionConfigurationInput{FunctionName: "f", Timeout: new(int32(i + 1))}))(t)
		must(b.PublishVersion(t.Context(), &model.PublishVersionInput{FunctionName: "f"}))(t)
		want = append(want, fmt.Sprint(i+1))
	}
	var got []string
	for _, v := range must(b.ListVersionsByFunction(t.Context(), &model.ListVersionsByFunctionInput{FunctionName: "f"}))(t).Versions[1:] {
		got = append(got, *v.Version)
	}
	if !slices.Equal(got, want) {
		t.Errorf("versions = %v, want %v", got, want)
	}
}

func TestAlias(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	must(b.UpdateFunctionCode(ctx, &model.UpdateFunctionCodeInput{FunctionName: "f", ZipFile: archive(t, "main.py", "2"), Publish: new(true)}))(t)
	weights := func(w map[string]float64) *model.AliasRoutingConfiguration {
		return &model.AliasRoutingConfiguration{AdditionalVersionWeights: w}
	}
	made := must(b.CreateAlias(ctx, &model.CreateAliasInput{FunctionName: "f", Name: "live", FunctionVersion: "1", Description: new("d")}))(t)
	want := &model.AliasConfiguration{AliasArn: new(arnOf + "f:live"), Name: new("live"), FunctionVersion: new("1"), Description: new("d"), RevisionId: made.RevisionId}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("CreateAlias (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		name string
		in   model.CreateAliasInput
		want string
	}{
		{"exists", model.CreateAliasInput{Name: "live", FunctionVersion: "1"}, "ResourceConflictException: Alias already exists: " + arnOf + "f:live"},
		{"no version", model.CreateAliasInput{Name: "x", FunctionVersion: "9"}, "ResourceNotFoundException: Function not found: " + arnOf + "f:9"},
		{"of an alias", model.CreateAliasInput{Name: "x", FunctionVersion: "live"}, "ResourceNotFoundException: Function not found: " + arnOf + "f:live"},
		{"three versions", model.CreateAliasInput{Name: "x", FunctionVersion: "1", RoutingConfig: weights(map[string]float64{"2": .1, "3": .1})}, "InvalidParameterValueException: Number of items in AdditionalVersionWeights cannot be greater than 1"},
		{"the same version", model.CreateAliasInput{Name: "x", FunctionVersion: "1", RoutingConfig: weights(map[string]float64{"1": .1})}, "InvalidParameterValueException: Invalid function version 1. Function version 1 is already included in routing configuration."},
		{"weighted version that is not there", model.CreateAliasInput{Name: "x", FunctionVersion: "1", RoutingConfig: weights(map[string]float64{"9": .1})}, "ResourceNotFoundException: Function not found: " + arnOf + "f:9"},
		{"$LATEST and another", model.CreateAliasInput{Name: "x", FunctionVersion: "$LATEST", RoutingConfig: weights(map[string]float64{"1": .1})}, "InvalidParameterValueException: $LATEST is not supported for an alias pointing to more than 1 version"},
	} {
		tt.in.FunctionName = "f"
		_, err := b.CreateAlias(ctx, &tt.in)
		refused(t, tt.name, err, tt.want)
	}
	got := must(b.UpdateAlias(ctx, &model.UpdateAliasInput{FunctionName: "f", Name: "live", RevisionId: made.RevisionId, RoutingConfig: weights(map[string]float64{"2": .25})}))(t)
	if got.RoutingConfig == nil || got.RoutingConfig.AdditionalVersionWeights["2"] != .25 || *got.Description != "d" || *got.RevisionId == *made.RevisionId {
		t.Errorf("UpdateAlias = %+v", got)
	}
	if diff := cmp.Diff(map[string]host.Alias{"live": {Name: "live", Version: "1", Weights: map[string]float64{"2": .25}}}, b.host.of("f").Aliases); diff != "" {
		t.Errorf("the host was told (-want +got):\n%s", diff)
	}
	_, err := b.UpdateAlias(ctx, &model.UpdateAliasInput{FunctionName: "f", Name: "live", RevisionId: made.RevisionId})
	refused(t, "UpdateAlias of an old revision", err, "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	_, err = b.UpdateAlias(ctx, &model.UpdateAliasInput{FunctionName: "f", Name: "x"})
	refused(t, "UpdateAlias of none", err, "ResourceNotFoundException: Alias not found: "+arnOf+"f:x")
	_, err = b.GetAlias(ctx, &model.GetAliasInput{FunctionName: "f", Name: "x"})
	refused(t, "GetAlias of none", err, "ResourceNotFoundException: Cannot find alias arn: "+arnOf+"f:x")
	if back := must(b.GetAlias(ctx, &model.GetAliasInput{FunctionName: "f", Name: "live"}))(t); !cmp.Equal(back, got) {
		t.Errorf("GetAlias = %+v, want %+v", back, got)
	}
	conf := must(b.GetFunctionConfiguration(ctx, &model.GetFunctionConfigurationInput{FunctionName: "f:live"}))(t)
	if *conf.FunctionArn != arnOf+"f:live" || *conf.Version != "1" {
		t.Errorf("GetFunctionConfiguration of an alias = %v, %v", *conf.FunctionArn, *conf.Version)
	}
	must(b.CreateAlias(ctx, &model.CreateAliasInput{FunctionName: "f", Name: "dev", FunctionVersion: "$LATEST"}))(t)
	for version, want := range map[string]string{"": "dev live", "1": "live", "2": "live", "$LATEST": "dev", "3": ""} {
		in := &model.ListAliasesInput{FunctionName: "f"}
		if version != "" {
			in.FunctionVersion = &version
		}
		var names []string
		for _, a := range must(b.ListAliases(ctx, in))(t).Aliases {
			names = append(names, *a.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("ListAliases of version %q = %q, want %q", version, got, want)
		}
	}
	for range 2 { // an alias that is gone is gone
		must(b.DeleteAlias(ctx, &model.DeleteAliasInput{FunctionName: "f", Name: "live"}))(t)
	}
}

// TestManyUpdatesAtOnce: what is there after updates at the same time is what
// one of them wrote, the host runs that, and no version is published twice.
func TestManyUpdatesAtOnce(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f")
	const writers = 32
	var group sync.WaitGroup
	var mu sync.Mutex
	versions := map[string]int{}
	for i := range writers {
		zip := archive(t, "main.py", fmt.Sprint(i))
		group.Go(func() {
			if _, err := b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f", Timeout: new(int32(i + 1))}); err != nil {
				t.Error(err)
			}
			v, err := b.UpdateFunctionCode(ctx, &model.UpdateFunctionCodeInput{FunctionName: "f", ZipFile: zip, Publish: new(true)})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			versions[*v.Version]++
		})
	}
	group.Wait()
	if len(versions) != writers {
		t.Errorf("%d updates published %d versions: %v", writers, len(versions), versions)
	}
	conf := must(b.GetFunctionConfiguration(ctx, &model.GetFunctionConfigurationInput{FunctionName: "f"}))(t)
	d := b.host.of("f")
	if got := d.Versions["$LATEST"].Timeout.Seconds(); got != float64(*conf.Timeout) {
		t.Errorf("the host runs $LATEST with a time-out of %v, the store says %d", got, *conf.Timeout)
	}
	if len(d.Versions) != writers+1 {
		t.Errorf("the host has %d versions, want %d", len(d.Versions), writers+1)
	}
	last := must(b.GetFunctionConfiguration(ctx, &model.GetFunctionConfigurationInput{FunctionName: "f", Qualifier: new(fmt.Sprint(writers))}))(t)
	if *last.CodeSha256 != *conf.CodeSha256 {
		t.Errorf("the last version has code %s, $LATEST has %s", *last.CodeSha256, *conf.CodeSha256)
	}
}
