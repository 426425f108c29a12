// Package api is the nouns of stagedoor: APIs, resources, methods,
// integrations, deployments, stages, functions. Data, keys and validation; no
// I/O.
//
// The JSON form of each noun is what the store keeps, so a field's tag never
// changes its meaning. Pointers are members that AWS shows only when they were
// given; a nil map is absent, an empty one is shown empty.
package api
