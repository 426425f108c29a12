// Package awscall knows how services of AWS are called over HTTP: what the URI
// of an integration names, which protocol a service speaks, and how answers of
// the Query protocol read as JSON, which is how API Gateway asks for them.
//
// Nothing here does I/O. A URI that Parse has taken makes hosts and paths of
// letters, digits, dots and dashes only where it names a host.
// parity: spec/rest-data-plane.md 3.5.1; spec/services-observability.md 8.
package awscall
