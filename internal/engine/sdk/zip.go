package sdk

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"time"
)

// file is one file of a client.
type file struct {
	name string // relative, with '/'
	text string
}

// add puts a file into the client.
func (c *client) add(name, text string) { c.files = append(c.files, file{name, text}) }

// archive packs files. Times are fixed, so that the same files are the same zip.
func archive(files []file) ([]byte, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{
			Name: f.name, Method: zip.Deflate, Modified: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// sortFiles puts the files into the order of their names.
func (c *client) sortFiles() {
	slices.SortFunc(c.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
}
