package identity

// Signs is what the holder of an access key signs with, for calls that are made
// on the holder's behalf; ok is false if nobody may use the key.
func (b *Book) Signs(accessKey string) (c Credentials, ok bool) {
	who := b.Holder(accessKey)
	if who == nil || who.credential.Secret == "" {
		return Credentials{}, false
	}
	key := who.credential
	if !key.Expires.IsZero() && !b.cfg.Now().Before(key.Expires) {
		return Credentials{}, false
	}
	return Credentials{
		AccessKeyID: who.AccessKey, SecretAccessKey: key.Secret, SessionToken: string(key.Token), Expires: key.Expires,
		ARN: who.Principal.ARN, ID: who.Principal.ID,
	}, true
}
