//go:build !linux

package stagedoor

import "time"

// monotonic is needed for systemd only.
func monotonic() time.Duration { return 0 }
