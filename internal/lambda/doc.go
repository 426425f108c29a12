// Package lambda is the embedded Lambda host: it runs functions as processes of
// this machine and speaks the Lambda Runtime API to them.
//
// Its law: one environment (a process with its own Runtime API address, scratch
// folder and log) serves one call at a time, every call gets exactly one answer,
// and once Run has returned no process that a function started is left.
//
// It stands on the bottom floor. Who may call a function, asynchronous calls and
// their retries, function documents and code archives are its callers' matters.
package lambda
