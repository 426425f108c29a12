package handover

import (
	"fmt"
	"net"
)

// Notify tells a service manager of the systemd kind something, such as
// "READY=1". socket is the value of NOTIFY_SOCKET; empty: there is none.
// See sd_notify(3).
func Notify(socket, state string) error {
	if socket == "" {
		return nil
	}
	if socket[0] != '/' && socket[0] != '@' {
		return fmt.Errorf("NOTIFY_SOCKET %q: must be a path", socket)
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	defer func() { _ = c.Close() }() // a datagram is sent or not
	if _, err := c.Write([]byte(state)); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}
