package guard

import (
	"reflect"
	"slices"
	"strings"
)

// value reads members of an operation's input by their names. A member that is
// not there, or not set, is as good as empty.
type value struct{ input any }

// field is the member of one of the names, the first that is set.
func (v value) field(names ...string) reflect.Value {
	s := reflect.ValueOf(v.input)
	for s.Kind() == reflect.Pointer && !s.IsNil() {
		s = s.Elem()
	}
	if s.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	for _, name := range names {
		f := s.FieldByName(name)
		for f.IsValid() && f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		if f.IsValid() && f.Kind() != reflect.Pointer && !f.IsZero() {
			return f
		}
	}
	return reflect.Value{}
}

// text is a member that is a string.
func (v value) text(names ...string) string {
	if f := v.field(names...); f.IsValid() && f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}

// bytes is a member that is a blob.
func (v value) bytes(name string) []byte {
	if f := v.field(name); f.IsValid() && f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Uint8 {
		return f.Bytes()
	}
	return []byte(v.text(name))
}

// texts are the strings of a member that is a list, or one.
func (v value) texts(names ...string) (all []string) {
	f := v.field(names...)
	if !f.IsValid() {
		return nil
	}
	if f.Kind() == reflect.String {
		return []string{f.String()}
	}
	if f.Kind() != reflect.Slice {
		return nil
	}
	for i := range f.Len() {
		if e := f.Index(i); e.Kind() == reflect.String {
			all = append(all, e.String())
		}
	}
	return all
}

// set reports whether one of the members is set.
func (v value) set(names ...string) bool { return v.field(names...).IsValid() }

// members are the inputs of a list of structures.
func (v value) members(names ...string) (all []value) {
	f := v.field(names...)
	if !f.IsValid() || f.Kind() != reflect.Slice {
		return nil
	}
	for i := range f.Len() {
		all = append(all, value{f.Index(i).Interface()})
	}
	return all
}

// arn is the first member whose name says that it is an ARN.
func (v value) arn() string {
	s := reflect.ValueOf(v.input)
	for s.Kind() == reflect.Pointer && !s.IsNil() {
		s = s.Elem()
	}
	if s.Kind() != reflect.Struct {
		return ""
	}
	for i := range s.NumField() {
		name := s.Type().Field(i).Name
		if !strings.HasSuffix(name, "Arn") && !strings.HasSuffix(name, "ARN") {
			continue
		}
		if text := v.text(name); text != "" {
			return text
		}
	}
	return ""
}

// tags are the tags that a call gives, in any of the services' forms.
func (v value) tags() map[string]string {
	all := map[string]string{}
	f := v.field("Tags")
	if f.IsValid() && f.Kind() == reflect.Map {
		for _, k := range f.MapKeys() {
			if k.Kind() == reflect.String && f.MapIndex(k).Kind() == reflect.String {
				all[k.String()] = f.MapIndex(k).String()
			}
		}
		return all
	}
	for _, tag := range v.members("Tags") {
		if key := tag.text("Key"); key != "" {
			all[key] = tag.text("Value")
		}
	}
	for _, key := range v.texts("TagKeys") {
		all[key] = ""
	}
	return all
}

// patched reports whether a list of patch operations touches one of the paths.
func (v value) patched(paths ...string) bool {
	return slices.ContainsFunc(v.members("PatchOperations"), func(op value) bool {
		return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(op.text("Path"), p) })
	})
}

// patch is what a patch operation would set a path to.
func (v value) patch(path string) string {
	for _, op := range v.members("PatchOperations") {
		if op.text("Path") == path {
			return op.text("Value")
		}
	}
	return ""
}
