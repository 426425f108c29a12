//go:build !unix

package lambda

import "os"

// takeLock opens a file, which it makes if told to. An existing one is removed
// first: that fails while another process has it open.
func takeLock(path string, create bool) (*os.File, error) {
	if !create {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
