package sigv4

import "bytes"

// explain tells the client what its canonical request and its string to sign
// should have been, without what would be of use to somebody who reads over
// its shoulder.
// parity: spec/security.md 1.9
func (w *workspace) explain(r *Request, c *Claim) string {
	secret := [][]byte{c.Token}
	for i := range r.Fields {
		for _, name := range []string{"authorization", "cookie", "proxy-authorization", "x-amz-security-token", "x-api-key"} {
			if equalFold(r.Fields[i].Name, name) {
				secret = append(secret, appendFolded(nil, r.Fields[i].Value))
			}
		}
	}
	shown := bytes.Clone(w.canonical)
	for _, s := range secret {
		if len(s) > 0 {
			shown = bytes.ReplaceAll(shown, s, hidden)
			shown = bytes.ReplaceAll(shown, appendEncoded(nil, s, 0, false), hidden)
		}
	}
	return "\n\nThe Canonical String for this request should have been\n'" + string(shown) +
		"'\n\nThe String-to-Sign should have been\n'" + string(w.toSign()) + "'\n"
}

//nolint:gochecknoglobals // a constant, as bytes
var hidden = []byte("***")
