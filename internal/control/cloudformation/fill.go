package cloudformation

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strconv"
)

// fill sets the fields of a wire struct from properties of the same names. All
// scalars of a template are text to CloudFormation, so each is read as the
// field wants it. Properties without a field are left alone: they are another
// operation's.
func fill(in any, props map[string]any) error {
	return fillStruct(reflect.ValueOf(in).Elem(), props)
}

func fillStruct(s reflect.Value, props map[string]any) error {
	for i := range s.NumField() {
		v, ok := props[s.Type().Field(i).Name]
		if !ok || v == nil {
			continue
		}
		if err := fillValue(s.Field(i), v); err != nil {
			return fmt.Errorf("%s: %w", s.Type().Field(i).Name, err)
		}
	}
	return nil
}

func fillValue(f reflect.Value, v any) error {
	switch f.Kind() {
	case reflect.Pointer:
		p := reflect.New(f.Type().Elem())
		if err := fillValue(p.Elem(), v); err != nil {
			return err
		}
		f.Set(p)
		return nil
	case reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("must be an object, not %s", text(v))
		}
		return fillStruct(f, m)
	case reflect.Slice:
		return fillList(f, v)
	case reflect.Map:
		return fillMap(f, v)
	default:
		return fillScalar(f, v)
	}
}

func fillList(f reflect.Value, v any) error {
	if f.Type().Elem().Kind() == reflect.Uint8 {
		f.SetBytes([]byte(text(v)))
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v} // a lone value counts as a list of one
	}
	out := reflect.MakeSlice(f.Type(), len(list), len(list))
	for i, e := range list {
		if err := fillValue(out.Index(i), e); err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
	}
	f.Set(out)
	return nil
}

// fillMap takes an object, or a list of {Key, Value} as tags are written.
func fillMap(f reflect.Value, v any) error {
	m, ok := v.(map[string]any)
	if list, isList := v.([]any); isList {
		m, ok = map[string]any{}, true
		for _, e := range list {
			tag, _ := e.(map[string]any)
			m[text(tag["Key"])] = tag["Value"]
		}
	}
	if !ok {
		return fmt.Errorf("must be an object, not %s", text(v))
	}
	out := reflect.MakeMapWithSize(f.Type(), len(m))
	for name, e := range m {
		value := reflect.New(f.Type().Elem()).Elem()
		if err := fillValue(value, e); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out.SetMapIndex(reflect.ValueOf(name).Convert(f.Type().Key()), value)
	}
	f.Set(out)
	return nil
}

func fillScalar(f reflect.Value, v any) error {
	s := text(v)
	switch f.Kind() {
	case reflect.String:
		f.SetString(s)
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("%q is not true or false", s)
		}
		f.SetBool(b)
	case reflect.Int32, reflect.Int64:
		n, err := json.Number(s).Int64()
		if err != nil {
			return fmt.Errorf("%q is not an integer", s)
		}
		f.SetInt(n)
	case reflect.Float64, reflect.Float32:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", s)
		}
		f.SetFloat(n)
	default:
		return fmt.Errorf("a template cannot give a %s", f.Type())
	}
	return nil
}

// with is props with some entries set; props stays as it is.
func with(props map[string]any, set map[string]any) map[string]any {
	out := make(map[string]any, len(props)+len(set))
	maps.Copy(out, props)
	maps.Copy(out, set)
	return out
}
