package sqlite

import (
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/stagedoor/stagedoor/internal/store"
)

const (
	application = 0x73746467 // "stdg": tells our files from other SQLite files
	version     = 1          // of the schema
)

// schema keeps a small document in its row. A large one has its size there, as
// an integer, and its bytes in part, so that no row needs more memory than a
// part. The feed is a log: a row for each key that a revision changed.
const schema = `
CREATE TABLE doc (key BLOB NOT NULL PRIMARY KEY, body ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE part (key BLOB NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (key, n)) STRICT;
CREATE TABLE change (revision INTEGER NOT NULL, key BLOB NOT NULL, deleted INTEGER NOT NULL,
	PRIMARY KEY (revision, key)) STRICT, WITHOUT ROWID;`

// conn is one connection and its prepared statements. One goroutine at a time.
type conn struct {
	db     *sqlite3.Conn
	free   map[string][]*sqlite3.Stmt // not in use, by their SQL
	large  bool                       // part may have rows; the writer's connection knows
	broken bool                       // must not be used again
}

// connect opens a connection to the database at a place.
func connect(at place, write bool) (_ *conn, err error) {
	flags := sqlite3.OPEN_READWRITE | sqlite3.OPEN_URI
	if at.memory() {
		flags |= sqlite3.OPEN_CREATE
	}
	db, err := sqlite3.OpenFlags(at.uri, flags)
	if err != nil {
		return nil, at.explain(fmt.Errorf("open %s: %w", at.name, err))
	}
	c := &conn{db: db, free: map[string][]*sqlite3.Stmt{}}
	defer func() {
		if err != nil {
			err = errors.Join(at.explain(fmt.Errorf("open %s: %w", at.name, err)), c.close())
		}
	}()
	// Nobody else writes, so only SQLite's own housekeeping can be in the way.
	if err := db.BusyTimeout(10 * time.Second); err != nil {
		return nil, err
	}
	if !write {
		return c, db.Exec("PRAGMA query_only = ON")
	}
	if !at.memory() {
		if err := c.useWAL(); err != nil {
			return nil, err
		}
	}
	// fullfsync is for macOS, whose fsync alone leaves data in the drive's cache.
	return c, db.Exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA cache_size = -4096")
}

// useWAL turns on the write-ahead log. A journal_mode that cannot be had is no
// error to SQLite, so its answer is read. A log that a burst made large is cut
// back to 64 MiB when it is used anew.
func (c *conn) useWAL() error {
	mode, err := c.value("PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal_mode is %q, want wal", mode)
	}
	return c.db.Exec("PRAGMA journal_size_limit = 67108864")
}

// migrate makes the schema in an empty file and refuses files that are not ours.
func (c *conn) migrate() error {
	id, err := c.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	have, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	switch {
	case id == application && have == version:
		return nil
	case id == application && have > version:
		return fmt.Errorf("written by a newer stagedoor: its schema is %d, this one knows up to %d", have, version)
	case id != 0 || have != 0 || tables != 0:
		return errors.New("a SQLite database that is not stagedoor's")
	}
	return c.db.Exec(fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		schema, application, version))
}

// begin makes the writer's connection ready and returns the last revision.
func (c *conn) begin(at place) (store.Revision, error) {
	if err := c.migrate(); err != nil {
		return 0, err
	}
	if err := at.settle(); err != nil {
		return 0, err
	}
	parts, err := c.number(sqlHasParts)
	if err != nil {
		return 0, err
	}
	c.large = parts != 0
	last, err := c.number(sqlRevision)
	return store.Revision(last), err
}

// take is a prepared statement that nobody else uses until it is given back.
func (c *conn) take(sql string) (*sqlite3.Stmt, error) {
	if free := c.free[sql]; len(free) > 0 {
		c.free[sql] = free[:len(free)-1]
		return free[len(free)-1], nil
	}
	stmt, _, err := c.db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	return stmt, err
}

// give takes a statement back and frees what was bound to it.
func (c *conn) give(sql string, stmt *sqlite3.Stmt) {
	_ = stmt.Reset() // repeats the error of Step
	_ = stmt.ClearBindings()
	c.free[sql] = append(c.free[sql], stmt)
}

// run executes a statement that returns no rows.
func (c *conn) run(sql string, args ...any) error {
	stmt, err := c.take(sql)
	if err != nil {
		return err
	}
	defer c.give(sql, stmt)
	if err := bind(stmt, args...); err != nil {
		return err
	}
	return stmt.Exec()
}

// bind sets the parameters of a statement: []byte, store.Key or int64.
func bind(stmt *sqlite3.Stmt, args ...any) error {
	for i, arg := range args {
		var err error
		switch arg := arg.(type) {
		case []byte:
			err = stmt.BindBlob(i+1, arg)
		case store.Key:
			err = stmt.BindBlob(i+1, []byte(arg))
		case int64:
			err = stmt.BindInt64(i+1, arg)
		default:
			err = fmt.Errorf("bind a %T", arg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// value is the only column of the only row of a query, as text.
func (c *conn) value(sql string) (string, error) {
	stmt, err := c.take(sql)
	if err != nil {
		return "", err
	}
	defer c.give(sql, stmt)
	if !stmt.Step() {
		return "", stmt.Err()
	}
	return stmt.ColumnText(0), nil
}

// number is the only column of the only row of a query.
func (c *conn) number(sql string) (int64, error) {
	stmt, err := c.take(sql)
	if err != nil {
		return 0, err
	}
	defer c.give(sql, stmt)
	if !stmt.Step() {
		return 0, stmt.Err()
	}
	return stmt.ColumnInt64(0), nil
}

func (c *conn) close() error {
	for _, free := range c.free {
		for _, stmt := range free {
			_ = stmt.Close() // repeats an error that was seen
		}
	}
	return c.db.Close()
}
