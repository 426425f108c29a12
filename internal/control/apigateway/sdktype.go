package apigateway

import (
	"context"

	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// sdkTypes are the kinds of client that can be generated, by id.
// parity: spec/definitions.md 5.13.
func sdkTypes() []v1.SdkType {
	return []v1.SdkType{
		sdkType("android", "Android",
			property("groupId", "Group ID", true), property("artifactId", "Artifact ID", true),
			property("artifactVersion", "Artifact version", true), property("invokerPackage", "Invoker package", true)),
		sdkType("java", "Java SDK",
			property("service.name", "Service name", false), property("java.package-name", "Java package name", true),
			property("java.build-system", "Java build system", false), property("java.group-id", "Java group ID", false),
			property("java.artifact-id", "Java artifact ID", false), property("java.artifact-version", "Java artifact version", false),
			property("java.license-text", "Source code license text", false)),
		sdkType("javascript", "JavaScript"),
		sdkType("objectivec", "iOS (Objective-C)", property("classPrefix", "Prefix", true)),
		sdkType("ruby", "Ruby", property("service.name", "Service name", true),
			property("ruby.gem-name", "Ruby gem name", false), property("ruby.gem-version", "Ruby gem version", false)),
		sdkType("swift", "iOS (Swift)", property("classPrefix", "Prefix", true)),
	}
}

func sdkType(id, name string, properties ...v1.SdkConfigurationProperty) v1.SdkType {
	description := "A client for " + name
	return v1.SdkType{Id: &id, FriendlyName: &name, Description: &description, ConfigurationProperties: properties}
}

func property(name, friendly string, required bool) v1.SdkConfigurationProperty {
	return v1.SdkConfigurationProperty{Name: &name, FriendlyName: &friendly, Required: &required}
}

// GetSdkType describes a kind of client.
func (s *Service) GetSdkType(_ context.Context, in *v1.GetSdkTypeInput) (*v1.SdkType, error) {
	for _, t := range sdkTypes() {
		if *t.Id == in.Id {
			return &t, nil
		}
	}
	return nil, missing("Invalid SDK type identifier specified")
}

// GetSdkTypes lists the kinds of client.
func (s *Service) GetSdkTypes(_ context.Context, in *v1.GetSdkTypesInput) (*v1.SdkTypes, error) {
	some, next, err := pageOf(sdkTypes(), in.Limit, in.Position, func(t v1.SdkType) string { return *t.Id })
	if err != nil {
		return nil, err
	}
	return &v1.SdkTypes{Position: next, Items: some}, nil
}
