package control

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// hidden stands for a secret.
//
// parity: CloudTrail User Guide, record contents
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// veil writes values down for a record: secrets hidden, blobs as their hash. It
// remembers what it hid.
type veil struct {
	table   *wire.Service
	secrets []string
}

// secretName says whether members of a name hold secrets, besides those that
// the model marks.
func secretName(service, shape, member string) bool {
	switch strings.ToLower(member) {
	case "password", "oldpassword", "newpassword", "secretaccesskey", "secretkey", "clientsecret", "secretstring", "servicepassword",
		"servicespecificcredentialsecret", "certificateprivatekey", "privatekey", "passphrase", "sessiontoken", "accesstoken", "idtoken", "refreshtoken",
		"authenticationcode1", "authenticationcode2", "base32stringseed", "qrcodepng", "samlassertion", "webidentitytoken", "tokencode", "authparameter", "confirmationcode":
		return true
	case "value":
		return service == "apigateway" && strings.Contains(shape, "ApiKey") || service == "apigateway" && shape == "UsagePlanKey"
	case "code":
		return service == "cognito-identity-provider"
	case "parametervalue", "templatebody", "stackpolicybody", "outputvalue": // may hold what NoEcho hides
		return service == "cloudformation"
	}
	return false
}

// structure writes the members of v that want picks, under the names that
// events give them.
func (v *veil) structure(rv reflect.Value, s *wire.Shape, want func(*wire.Member) bool) map[string]any {
	out := map[string]any{}
	f := wire.FieldsOf(rv)
	for i := range s.Members {
		m, x := &s.Members[i], f.At(i)
		if (want != nil && !want(m)) || wire.Absent(x) {
			continue
		}
		if secretName(v.table.Name, s.Name, m.Name) {
			out[lowerFirst(m.Name)] = v.hide(wire.Inner(x))
			continue
		}
		out[lowerFirst(m.Name)] = v.value(x, v.table.Of(m))
	}
	v.hidePatch(out)
	return out
}

// hidePatch hides what a patch operation sets a secret to.
func (v *veil) hidePatch(out map[string]any) {
	path, ok := out["path"].(string)
	text, set := out["value"].(string)
	if !ok || !set {
		return
	}
	if secretName(v.table.Name, "ApiKey", path[strings.LastIndexByte(path, '/')+1:]) {
		out["value"] = v.hide(reflect.ValueOf(text))
	}
}

// value writes one value that is there.
func (v *veil) value(rv reflect.Value, s *wire.Shape) any {
	rv = wire.Inner(rv)
	if s.Has(wire.Sensitive) {
		return v.hide(rv)
	}
	switch s.Kind {
	case wire.Structure:
		if s.Has(wire.EventStream) {
			return nil
		}
		return v.structure(rv, s, nil)
	case wire.List:
		out := make([]any, 0, rv.Len())
		for i := range rv.Len() {
			out = append(out, v.element(rv.Index(i), s, 0))
		}
		return out
	case wire.Map:
		return v.mapping(rv, s)
	case wire.Blob:
		return hashed(rv)
	case wire.Timestamp:
		return wire.TimeOf(rv).UTC().Format(time.RFC3339)
	case wire.String:
		return strings.ToValidUTF8(rv.String(), "\uFFFD")
	default: // numbers, booleans and documents are what they are
		return rv.Interface()
	}
}

func (v *veil) mapping(rv reflect.Value, s *wire.Shape) any {
	if v.table.Of(&s.Members[0]).Has(wire.Sensitive) {
		return v.hide(rv)
	}
	out := make(map[string]any, rv.Len())
	for it := rv.MapRange(); it.Next(); {
		out[it.Key().String()] = v.element(it.Value(), s, 1)
	}
	return out
}

// element is an element of a list or map, of the member i of its shape.
func (v *veil) element(rv reflect.Value, s *wire.Shape, i int) any {
	if wire.Absent(rv) {
		return nil
	}
	return v.value(rv, v.table.Of(&s.Members[i]))
}

// hide remembers the texts within a secret, so that messages that repeat them
// can be scrubbed, and gives what stands for it.
func (v *veil) hide(rv reflect.Value) any {
	v.remember(rv, 0)
	return hidden
}

func (v *veil) remember(rv reflect.Value, depth int) {
	if depth > 8 || len(v.secrets) > 1000 {
		return
	}
	rv = wire.Inner(rv)
	switch rv.Kind() {
	case reflect.String:
		if len(rv.String()) >= 4 {
			v.secrets = append(v.secrets, rv.String())
		}
	case reflect.Map:
		for it := rv.MapRange(); it.Next(); {
			v.remember(it.Value(), depth+1)
		}
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			if rv.Len() <= mostElements {
				v.remember(reflect.ValueOf(string(rv.Bytes())), depth+1)
			}
			return
		}
		for i := range rv.Len() {
			v.remember(rv.Index(i), depth+1)
		}
	case reflect.Struct:
		for _, f := range rv.Fields() {
			if f.CanInterface() && !wire.Absent(f) {
				v.remember(f, depth+1)
			}
		}
	default: // no text
	}
}

// scrub takes the secrets that were hidden out of a message.
func (v *veil) scrub(message string) string {
	for _, s := range v.secrets {
		message = strings.ReplaceAll(message, s, hidden)
	}
	return message
}

// hashed tells of a blob what can be compared: documents and code are too large
// for a record and may hold secrets of their own.
func hashed(rv reflect.Value) any {
	if rv.Kind() != reflect.Slice {
		return nil
	}
	sum := sha256.Sum256(rv.Bytes())
	return map[string]any{"omitted": true, "originalSize": rv.Len(), "sha256": hex.EncodeToString(sum[:])}
}

func lowerFirst(name string) string {
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		return name
	}
	return string(name[0]-'A'+'a') + name[1:]
}
