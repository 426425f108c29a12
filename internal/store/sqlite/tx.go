package sqlite

import (
	"errors"
	"fmt"
	"iter"

	"github.com/ncruces/go-sqlite3"

	"github.com/stagedoor/stagedoor/internal/store"
)

// partSize is the number of bytes in a part of a large document, and the size
// from which a document is large. A few parts are all that SQLite has in memory
// at a time.
const partSize = 256 << 10

const (
	sqlGet       = "SELECT body FROM doc WHERE key = ?"
	sqlPut       = "INSERT INTO doc (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
	sqlDelete    = "DELETE FROM doc WHERE key = ?"
	sqlParts     = "SELECT body FROM part WHERE key = ? ORDER BY n"
	sqlPutPart   = "INSERT INTO part (key, n, body) VALUES (?, ?, ?)"
	sqlDropParts = "DELETE FROM part WHERE key = ?"
	sqlFrom      = "SELECT key, body FROM doc WHERE key >= ? ORDER BY key"
	sqlRange     = "SELECT key, body FROM doc WHERE key >= ? AND key < ? ORDER BY key"
	sqlHasParts  = "SELECT EXISTS (SELECT 1 FROM part)"
	sqlRevision  = "SELECT coalesce(max(revision), 0) FROM change"
)

// tx is a store.Tx on one connection.
type tx struct {
	conn      *conn
	cancelled func() error       // the caller's ctx.Err
	changed   map[store.Key]bool // whether the key was deleted; nil: read only
	scans     []*scan            // that have not ended
	over      bool
}

// scan is one statement of a Scan under way.
type scan struct {
	sql  string
	stmt *sqlite3.Stmt
}

// errLost is what operations return after SQLite has taken the transaction
// back, as it does when the disk is full: from then on each write would be a
// transaction of its own.
var errLost = errors.New("SQLite took the transaction back")

// usable says whether the transaction may go on.
func (t *tx) usable() error {
	if t.over {
		return store.ErrOver
	}
	if t.changed != nil && t.conn.db.GetAutocommit() {
		return errLost
	}
	return t.cancelled()
}

// end makes t unusable and frees the statements of scans that were left open,
// as by iter.Pull without stop.
func (t *tx) end() {
	t.over = true
	for _, s := range t.scans {
		t.conn.give(s.sql, s.stmt)
	}
	t.scans = nil
}

// Revision is that of the state the transaction began with.
func (t *tx) Revision() (store.Revision, error) {
	if err := t.usable(); err != nil {
		return 0, err
	}
	n, err := t.conn.number(sqlRevision)
	return store.Revision(n), err
}

// Get reads one document.
func (t *tx) Get(key store.Key) ([]byte, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	if key == "" || len(key) > store.MaxKey {
		return nil, store.ErrMissing
	}
	stmt, err := t.conn.take(sqlGet)
	if err != nil {
		return nil, err
	}
	defer t.conn.give(sqlGet, stmt)
	if err := bind(stmt, key); err != nil {
		return nil, err
	}
	if !stmt.Step() {
		if err := stmt.Err(); err != nil {
			return nil, err
		}
		return nil, store.ErrMissing
	}
	return t.body(key, stmt, 0, nil)
}

// body appends to buf the document whose row stmt is at.
func (t *tx) body(key store.Key, stmt *sqlite3.Stmt, column int, buf []byte) ([]byte, error) {
	if stmt.ColumnType(column) != sqlite3.INTEGER {
		raw := stmt.ColumnRawBlob(column)
		if buf == nil {
			buf = make([]byte, 0, len(raw))
		}
		return append(buf, raw...), stmt.Err()
	}
	size := stmt.ColumnInt64(column)
	if size < 0 || size > store.MaxDoc {
		return nil, fmt.Errorf("document %q has %d bytes: %w", key, size, sqlite3.CORRUPT)
	}
	buf = make([]byte, 0, size)
	parts, err := t.conn.take(sqlParts)
	if err != nil {
		return nil, err
	}
	defer t.conn.give(sqlParts, parts)
	if err := bind(parts, key); err != nil {
		return nil, err
	}
	for parts.Step() {
		buf = append(buf, parts.ColumnRawBlob(0)...)
	}
	if err := parts.Err(); err != nil {
		return nil, err
	}
	if int64(len(buf)) != size {
		return nil, fmt.Errorf("document %q has %d of its %d bytes: %w", key, len(buf), size, sqlite3.CORRUPT)
	}
	return buf, nil
}

// Put writes one document.
func (t *tx) Put(key store.Key, doc []byte) error {
	if err := t.writable(); err != nil {
		return err
	}
	switch {
	case key == "":
		return fmt.Errorf("put a document: its key is empty")
	case len(key) > store.MaxKey:
		return fmt.Errorf("put %.40q...: its key has %d bytes, more than %d", key, len(key), store.MaxKey)
	case len(doc) > store.MaxDoc:
		return fmt.Errorf("put %q: it has %d bytes, more than %d", key, len(doc), store.MaxDoc)
	}
	if err := t.dropParts(key); err != nil {
		return err
	}
	var body any = doc
	if len(doc) > partSize {
		body = int64(len(doc))
		if err := t.putParts(key, doc); err != nil {
			return err
		}
	}
	if err := t.conn.run(sqlPut, key, body); err != nil {
		return err
	}
	t.changed[key] = false
	return nil
}

func (t *tx) putParts(key store.Key, doc []byte) error {
	t.conn.large = true
	for n := int64(0); len(doc) > 0; n++ {
		part := doc[:min(partSize, len(doc))]
		if err := t.conn.run(sqlPutPart, key, n, part); err != nil {
			return err
		}
		doc = doc[len(part):]
	}
	return nil
}

func (t *tx) dropParts(key store.Key) error {
	if !t.conn.large {
		return nil
	}
	return t.conn.run(sqlDropParts, key)
}

// Delete removes one document.
func (t *tx) Delete(key store.Key) error {
	if err := t.writable(); err != nil {
		return err
	}
	if err := t.conn.run(sqlDelete, key); err != nil {
		return err
	}
	if t.conn.db.Changes() == 0 {
		return store.ErrMissing
	}
	t.changed[key] = true
	return t.dropParts(key)
}

func (t *tx) writable() error {
	if err := t.usable(); err != nil {
		return err
	}
	if t.changed == nil {
		return store.ErrReadOnly
	}
	return nil
}

// Scan yields the documents under prefix and after a key.
func (t *tx) Scan(prefix, after store.Key) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		s, err := t.scan(prefix, after)
		if err != nil {
			yield(store.Item{}, err)
			return
		}
		defer t.endScan(s)
		var buf []byte
		for s.stmt.Step() {
			item := store.Item{Key: string(s.stmt.ColumnRawBlob(0))}
			if item.Doc, err = t.body(item.Key, s.stmt, 1, buf[:0]); err != nil {
				yield(store.Item{}, err)
				return
			}
			if !yield(item, nil) {
				return
			}
			if err := t.usable(); err != nil {
				yield(store.Item{}, err)
				return
			}
			buf = item.Doc
		}
		if err := s.stmt.Err(); err != nil {
			yield(store.Item{}, err)
		}
	}
}

// scan begins the statement of a Scan.
func (t *tx) scan(prefix, after store.Key) (*scan, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	from := prefix
	if after >= prefix {
		from = after + "\x00" // the key that comes next
	}
	args := []any{from}
	s := &scan{sql: sqlFrom}
	if to, ok := beyond(prefix); ok {
		s.sql, args = sqlRange, append(args, to)
	}
	var err error
	if s.stmt, err = t.conn.take(s.sql); err != nil {
		return nil, err
	}
	t.scans = append(t.scans, s)
	return s, bind(s.stmt, args...)
}

// endScan gives back the statement of a scan, unless end has.
func (t *tx) endScan(s *scan) {
	for i, other := range t.scans {
		if other == s {
			t.scans = append(t.scans[:i], t.scans[i+1:]...)
			t.conn.give(s.sql, s.stmt)
			return
		}
	}
}

// beyond is the first key after all that begin with prefix, if there is one.
func beyond(prefix store.Key) (store.Key, bool) {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1}), true
		}
	}
	return "", false
}
