package stagedoor

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long files must be quiet before a definition is deployed again:
// editors and builds write several files at once.
const quiet = 40 * time.Millisecond

// watch deploys a definition again whenever one of the files in its folder
// changes, until ctx is done. before is the folder's stamp as it was deployed: a
// save between that and the first look counts as well.
func (s *Server) watch(ctx context.Context, d definition, endpoint, before string) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	root := filepath.Dir(d.file)
	if err := addTree(w, root); err != nil {
		return err
	}
	timer := time.NewTimer(quiet)
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.Events:
			if !ok {
				return nil
			}
			if e.Has(fsnotify.Create) {
				_ = addTree(w, e.Name) // a file, or gone again: nothing to add
			}
			timer.Reset(quiet)
		case err := <-w.Errors:
			s.cfg.Log.Warn("watching files", "error", err)
			timer.Reset(quiet)
		case <-timer.C:
			now, err := d.stamp()
			if err != nil || now == before {
				continue
			}
			before = now
			s.deployAlone(ctx, d, endpoint)
		}
	}
}

// addTree watches a folder and those below it.
func addTree(w *fsnotify.Watcher, root string) error {
	folders := 0
	return filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if p != root && unwatched(e.Name()) {
			return filepath.SkipDir
		}
		if folders++; folders > maxFolders {
			return filepath.SkipAll
		}
		return w.Add(p)
	})
}

const maxFolders = 2_000
