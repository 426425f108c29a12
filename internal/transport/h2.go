package transport

func (c *conn) serveHTTP2() {}
