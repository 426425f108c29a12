package apigateway

import "strings"

// csvLine is the fields of a line that has any.
type csvLine struct {
	line   int // from 1
	fields []string
}

// readCSV takes comma-separated values apart. A field that begins with a
// single or a double quote ends with the same one; doubled inside, it stands
// for itself. encoding/csv knows no single quotes.
func readCSV(text string) []csvLine {
	var out []csvLine
	for n := 1; text != ""; {
		var fields []string
		start, more := n, true
		for more {
			var field string
			field, text, more = readField(text)
			n += strings.Count(field, "\n")
			fields = append(fields, field)
		}
		n++
		if len(fields) > 1 || strings.TrimSpace(fields[0]) != "" {
			out = append(out, csvLine{line: start, fields: fields})
		}
	}
	return out
}

// readField reads one field and what ends it: a comma, after which more
// follow, or the end of the line.
func readField(text string) (field, rest string, more bool) {
	trimmed := strings.TrimLeft(text, " \t")
	if trimmed == "" || trimmed[0] != '\'' && trimmed[0] != '"' {
		end := strings.IndexAny(text, ",\n")
		if end < 0 {
			return strings.TrimSuffix(text, "\r"), "", false
		}
		return strings.TrimSuffix(text[:end], "\r"), text[end+1:], text[end] == ','
	}
	quote, body := trimmed[0], trimmed[1:]
	var b strings.Builder
	for {
		end := strings.IndexByte(body, quote)
		if end < 0 { // never closed: the rest of the text is the field
			return b.String() + body, "", false
		}
		b.WriteString(body[:end])
		body = body[end+1:]
		if body == "" || body[0] != quote {
			break
		}
		b.WriteByte(quote)
		body = body[1:]
	}
	end := strings.IndexAny(body, ",\n") // what follows the quote is dropped
	if end < 0 {
		return b.String(), "", false
	}
	return b.String(), body[end+1:], body[end] == ','
}
