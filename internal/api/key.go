package api

import "strings"

// Keys are written here and nowhere else. Everything below one API shares its
// prefix, so that an API is read, watched and deleted as a range.

// RestAPIs is the prefix of all REST APIs' own documents.
const RestAPIs string = "restapi/"

// RestAPIKey is the document of one REST API.
func RestAPIKey(api string) string { return RestAPIs + seg(api) }

// Trees is the prefix of everything that belongs to REST APIs but their own documents.
const Trees string = "rest/"

// Tree is the prefix of everything that belongs to one REST API but its own document.
func Tree(api string) string { return Trees + seg(api) + "/" }

// TreeOf takes a key under Trees apart: the API's id as it stands there, and
// what kind of thing the key is of.
func TreeOf(key string) (id, kind string) {
	id, rest, _ := strings.Cut(strings.TrimPrefix(key, Trees), "/")
	kind, _, _ = strings.Cut(rest, "/")
	return id, kind
}

// Resources is the prefix of a REST API's resources.
func Resources(api string) string { return Tree(api) + "resource/" }

// ResourceKey is one resource.
func ResourceKey(api, resource string) string { return Resources(api) + seg(resource) }

// LongestPath is the longest path of a resource, in bytes: it must fit into a key.
const LongestPath = 1900

// PathKey leads from a path to the id of the resource there, which the document
// is (as a JSON string). The path stands in the key as it is, slashes too: keys
// come in the order of paths, and all below a path is a range.
func PathKey(api, path string) string { return Tree(api) + "path" + path }

// PathsBelow is the prefix of the paths below one.
func PathsBelow(api, path string) string {
	if path == "/" {
		return PathKey(api, path) // it is the path of the root as well
	}
	return PathKey(api, path) + "/"
}

// CountKey is how many there are of something that a quota counts.
func CountKey(quota string) string { return "count/" + seg(quota) }

// ResourceCountKey is how many resources a REST API has beside its root.
func ResourceCountKey(api string) string { return Tree(api) + "count" }

// Methods is the prefix of a REST API's methods.
func Methods(api string) string { return Tree(api) + "method/" }

// ResourceMethods is the prefix of one resource's methods.
func ResourceMethods(api, resource string) string { return Methods(api) + seg(resource) + "/" }

// MethodKey is one method.
func MethodKey(api, resource, verb string) string {
	return ResourceMethods(api, resource) + seg(verb)
}

// Models is the prefix of a REST API's models.
func Models(api string) string { return Tree(api) + "model/" }

// ModelKey is one model, by name.
func ModelKey(api, name string) string { return Models(api) + seg(name) }

// Validators is the prefix of a REST API's request validators.
func Validators(api string) string { return Tree(api) + "validator/" }

// ValidatorKey is one request validator.
func ValidatorKey(api, id string) string { return Validators(api) + seg(id) }

// Authorizers is the prefix of a REST API's authorizers.
func Authorizers(api string) string { return Tree(api) + "authorizer/" }

// AuthorizerKey is one authorizer.
func AuthorizerKey(api, id string) string { return Authorizers(api) + seg(id) }

// GatewayResponses is the prefix of a REST API's gateway responses.
func GatewayResponses(api string) string { return Tree(api) + "gatewayresponse/" }

// GatewayResponseKey is one gateway response.
func GatewayResponseKey(api, kind string) string { return GatewayResponses(api) + seg(kind) }

// Deployments is the prefix of a REST API's deployments.
func Deployments(api string) string { return Tree(api) + "deployment/" }

// DeploymentKey is one deployment.
func DeploymentKey(api, id string) string { return Deployments(api) + seg(id) }

// Snapshots is the prefix of the contents of a REST API's deployments.
func Snapshots(api string) string { return Tree(api) + "snapshot/" }

// SnapshotKey is the content of one deployment.
func SnapshotKey(api, deployment string) string { return Snapshots(api) + seg(deployment) }

// Stages is the prefix of a REST API's stages.
func Stages(api string) string { return Tree(api) + "stage/" }

// StageKey is one stage.
func StageKey(api, name string) string { return Stages(api) + seg(name) }

// Split takes a key apart into its segments, unescaped.
func Split(key string) []string {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		parts[i] = unseg.Replace(p)
	}
	return parts
}

// seg makes s fit into one segment of a key.
func seg(s string) string { return toseg.Replace(s) }

//nolint:gochecknoglobals // immutable replacers
var (
	toseg = strings.NewReplacer("~", "~0", "/", "~1")
	unseg = strings.NewReplacer("~1", "/", "~0", "~")
)
