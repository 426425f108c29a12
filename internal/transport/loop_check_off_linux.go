//go:build !loopcheck

package transport

// Built with the tag loopcheck, these see to it that nobody touches what
// belongs to a loop but the loop itself and the task that it switched to.

func own(*loop)   {}
func enter(*task) {}
func mine(*loop)  {}

// loopsChecked says which of the two this is.
const loopsChecked = false

type checked struct{} //nolint:unused // has fields with loopcheck
