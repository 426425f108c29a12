package apigateway_test

import "testing"

const badPart = "400 Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable " +
	"and curly braces at the beginning and the end."

// newTree is a script with the resources
//
//	/ $root, /parent $parent, /parent/child $child, /parent/child/{proxy+} $rest, /other $other
func newTree(t testing.TB) *script {
	t.Helper()
	s := newAPI(t)
	s.make("parent", "CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"parent"}`)
	s.make("child", "CreateResource", `{"restApiId":"$api","parentId":"$parent","pathPart":"child"}`)
	s.make("rest", "CreateResource", `{"restApiId":"$api","parentId":"$child","pathPart":"{proxy+}"}`)
	s.make("other", "CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"other"}`)
	return s
}

func TestCreateResource(t *testing.T) {
	for _, tt := range []struct{ name, input, want string }{
		{"literal", `{"restApiId":"$api","parentId":"$root","pathPart":"a.B_c-1:x"}`, `{"id":"000009","parentId":"$root","pathPart":"a.B_c-1:x","path":"/a.B_c-1:x"}`},
		{"variable", `{"restApiId":"$api","parentId":"$parent","pathPart":"{id}"}`, `{"id":"000009","parentId":"$parent","pathPart":"{id}","path":"/parent/{id}"}`},
		{"greedy", `{"restApiId":"$api","parentId":"$root","pathPart":"{all+}"}`, `{"id":"000009","parentId":"$root","pathPart":"{all+}","path":"/{all+}"}`},

		{"no such parent", `{"restApiId":"$api","parentId":"nope","pathPart":"a"}`, "404 Invalid Resource identifier specified"},
		{"no such API", `{"restApiId":"nope","parentId":"$root","pathPart":"a"}`, "404 Invalid Resource identifier specified"},
		{"taken", `{"restApiId":"$api","parentId":"$root","pathPart":"parent"}`, "409 Another resource with the same parent already has this name: parent"},
		{"taken greedy", `{"restApiId":"$api","parentId":"$child","pathPart":"{proxy+}"}`, "409 Another resource with the same parent already has this name: {proxy+}"},
		{"second variable", `{"restApiId":"$api","parentId":"$child","pathPart":"{id}"}`, "400 A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"},
		{"below greedy", `{"restApiId":"$api","parentId":"$rest","pathPart":"a"}`, "400 Cannot create a child of a resource with a greedy path variable: {proxy+}"},
		{"empty", `{"restApiId":"$api","parentId":"$root","pathPart":""}`, badPart},
		{"slash", `{"restApiId":"$api","parentId":"$root","pathPart":"a/b"}`, badPart},
		{"half a variable", `{"restApiId":"$api","parentId":"$root","pathPart":"{a"}`, badPart},
		{"variable inside", `{"restApiId":"$api","parentId":"$root","pathPart":"a{b}"}`, badPart},
		{"plus inside", `{"restApiId":"$api","parentId":"$root","pathPart":"{a+b}"}`, badPart},
		{"text before existence", `{"restApiId":"nope","parentId":"$root","pathPart":" "}`, badPart},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newTree(t).play([]step{{"CreateResource", tt.input, tt.want}})
		})
	}
}

func TestGetResources(t *testing.T) {
	s := newTree(t)
	s.make("", "PutMethod", `{"restApiId":"$api","resourceId":"$child","httpMethod":"GET","authorizationType":"NONE"}`)
	const (
		root   = `{"id":"$root","path":"/"}`
		other  = `{"id":"$other","parentId":"$root","path":"/other","pathPart":"other"}`
		parent = `{"id":"$parent","parentId":"$root","path":"/parent","pathPart":"parent"}`
		child  = `"id":"$child","parentId":"$parent","path":"/parent/child","pathPart":"child"`
		rest   = `{"id":"$rest","parentId":"$child","path":"/parent/child/{proxy+}","pathPart":"{proxy+}"}`
		get    = `{"GET":{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"GET"}}`
	)
	s.play([]step{
		{"GetResources", `{"restApiId":"$api"}`, `{"items":[` + root + `,` + other + `,` + parent + `,{` + child + `,"resourceMethods":{"GET":{}}},` + rest + `]}`},
		{"GetResources", `{"restApiId":"$api","embed":["methods"]}`, `{"items":[` + root + `,` + other + `,` + parent + `,{` + child + `,"resourceMethods":` + get + `},` + rest + `]}`},
		{"GetResources", `{"restApiId":"$api","limit":2}`, `{"items":[` + root + `,` + other + `],"position":"L290aGVy"}`},
		{"GetResources", `{"restApiId":"$api","limit":2,"position":"L290aGVy"}`, `{"items":[` + parent + `,{` + child + `,"resourceMethods":{"GET":{}}}],"position":"L3BhcmVudC9jaGlsZA"}`},
		{"GetResources", `{"restApiId":"$api","limit":2,"position":"L3BhcmVudC9jaGlsZA"}`, `{"items":[` + rest + `]}`},
		{"GetResources", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetResource", `{"restApiId":"$api","resourceId":"$root"}`, root},
		{"GetResource", `{"restApiId":"$api","resourceId":"$child"}`, `{` + child + `,"resourceMethods":{"GET":{}}}`},
		{"GetResource", `{"restApiId":"$api","resourceId":"$child","embed":["methods"]}`, `{` + child + `,"resourceMethods":` + get + `}`},
		{"GetResource", `{"restApiId":"$api","resourceId":"nope"}`, "404 Invalid Resource identifier specified"},
	})
}

func TestUpdateResource(t *testing.T) {
	for _, tt := range []struct{ name, id, ops, want string }{
		{"rename", "$child", `[{"op":"replace","path":"/pathPart","value":"kid"}]`, `{"id":"$child","parentId":"$parent","pathPart":"kid","path":"/parent/kid"}`},
		{"move", "$child", `[{"op":"replace","path":"/parentId","value":"$root"}]`, `{"id":"$child","parentId":"$root","pathPart":"child","path":"/child"}`},
		{"move and rename", "$child", `[{"op":"replace","path":"/parentId","value":"$other"},{"op":"replace","path":"/pathPart","value":"{k}"}]`, `{"id":"$child","parentId":"$other","pathPart":"{k}","path":"/other/{k}"}`},
		{"same name", "$child", `[{"op":"replace","path":"/pathPart","value":"child"}]`, `{"id":"$child","parentId":"$parent","pathPart":"child","path":"/parent/child"}`},

		{"add", "$child", `[{"op":"add","path":"/pathPart","value":"x"}]`, "400 Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations"},
		{"remove", "$child", `[{"op":"remove","path":"/x"}]`, "400 Invalid patch path  '/x' specified for op 'remove'. Please choose supported operations"},
		{"no such path", "$child", `[{"op":"replace","path":"/x","value":"x"}]`, "400 Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"},
		{"root renamed", "$root", `[{"op":"replace","path":"/pathPart","value":"x"}]`, "400 Root resource cannot update its pathPart."},
		{"root moved", "$root", `[{"op":"replace","path":"/parentId","value":"$other"}]`, "400 Root resource cannot update its parentId."},
		{"no such parent", "$child", `[{"op":"replace","path":"/parentId","value":"nope"}]`, "404 Invalid Resource identifier specified"},
		{"below itself", "$parent", `[{"op":"replace","path":"/parentId","value":"$parent"}]`, "400 Resources cannot be cyclical."},
		{"below its child", "$parent", `[{"op":"replace","path":"/parentId","value":"$rest"}]`, "400 Resources cannot be cyclical."},
		{"taken", "$other", `[{"op":"replace","path":"/pathPart","value":"parent"}]`, "409 Another resource with the same parent already has this name: parent"},
		{"below greedy", "$other", `[{"op":"replace","path":"/parentId","value":"$rest"}]`, "400 Cannot create a child of a resource with a greedy path variable: {proxy+}"},
		{"greedy with children", "$child", `[{"op":"replace","path":"/pathPart","value":"{c+}"}]`, "400 Cannot create a child of a resource with a greedy path variable: {c+}"},
		{"second variable", "$other", `[{"op":"replace","path":"/pathPart","value":"{o}"},{"op":"replace","path":"/parentId","value":"$child"}]`, "400 A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"},
		{"bad part", "$other", `[{"op":"replace","path":"/pathPart","value":"a b"}]`, badPart},
		{"no such resource", "nope", `[]`, "404 Invalid Resource identifier specified"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newTree(t).play([]step{{"UpdateResource", `{"restApiId":"$api","resourceId":"` + tt.id + `","patchOperations":` + tt.ops + `}`, tt.want}})
		})
	}
}

// A resource takes all below it along.
func TestUpdateResourceMovesSubtree(t *testing.T) {
	s := newTree(t)
	s.call("UpdateResource", `{"restApiId":"$api","resourceId":"$parent","patchOperations":[
		{"op":"replace","path":"/parentId","value":"$other"},{"op":"replace","path":"/pathPart","value":"p"}]}`)
	s.play([]step{{"GetResources", `{"restApiId":"$api"}`, `{"items":[
		{"id":"$root","path":"/"},
		{"id":"$other","parentId":"$root","path":"/other","pathPart":"other"},
		{"id":"$parent","parentId":"$other","path":"/other/p","pathPart":"p"},
		{"id":"$child","parentId":"$parent","path":"/other/p/child","pathPart":"child"},
		{"id":"$rest","parentId":"$child","path":"/other/p/child/{proxy+}","pathPart":"{proxy+}"}]}`}})
}

func TestDeleteResource(t *testing.T) {
	s := newTree(t)
	s.make("", "PutMethod", `{"restApiId":"$api","resourceId":"$rest","httpMethod":"GET","authorizationType":"NONE"}`)
	s.play([]step{
		{"DeleteResource", `{"restApiId":"$api","resourceId":"$root"}`, "400 Root resource cannot be deleted."},
		{"DeleteResource", `{"restApiId":"$api","resourceId":"nope"}`, "404 Invalid Resource identifier specified"},
		{"DeleteResource", `{"restApiId":"$api","resourceId":"$parent"}`, `{}`},
		{"GetResources", `{"restApiId":"$api"}`, `{"items":[{"id":"$root","path":"/"},{"id":"$other","parentId":"$root","path":"/other","pathPart":"other"}]}`},
		{"GetMethod", `{"restApiId":"$api","resourceId":"$rest","httpMethod":"GET"}`, "404 Invalid Resource identifier specified"},
	})
	for key, err := range everything(t, s.store) {
		if key == "rest/0000000001/method/000007/GET" || err != nil {
			t.Errorf("the method of a deleted resource is left behind (%v)", err)
		}
	}
}
