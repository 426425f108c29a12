// Package lambda is the embedded Lambda host: it runs functions as processes of
// this machine and speaks the Lambda Runtime API to them.
//
// Its law: one environment (a process with its own Runtime API address, scratch
// folder and log) serves one call at a time, every call gets exactly one answer,
// and once Run has returned no process that a function started is left.
//
// Functions are processes with our own rights, not containers: they can read what
// we can read, and are not safe from each other if they mean harm. What differs
// from AWS in paths is told in runtimes, what memory limits guarantee in memory.go;
// between two calls a process is not frozen.
//
// A call goes from Host.Invoke to function.begin, which counts it, to the pool of its
// version, to an environment; from there over runtimeapi.Server to the process, and
// back through environment.Answered.
//
// It stands on the bottom floor. Who may call a function, asynchronous calls and
// their retries, function documents and code archives are its callers' matters.
package lambda
