package lambda

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/store"
)

// CodePath is where Download is to be mounted on the control plane's endpoint.
const CodePath = "/_stagedoor/code/"

// codeLife is how long an address of code is good.
// parity: API reference of GetFunction
const codeLife = 10 * time.Minute

// codeURL is an address where code can be fetched for a while by whoever knows
// it, like a presigned address of S3. function names a function whose code is
// a folder; code that never changes is named by its sum.
func (s *Service) codeURL(function string, c api.FunctionCode) string {
	what := c.Sum
	if c.Folder != "" {
		what = "function-" + function
	}
	until := strconv.FormatInt(time.Now().Add(codeLife).Unix(), 10)
	return s.cfg.Endpoint + CodePath + what + "?Expires=" + until + "&Signature=" + url.QueryEscape(s.sign(what, until))
}

func (s *Service) sign(what, until string) string {
	mac := hmac.New(sha256.New, s.secret)
	_, _ = io.WriteString(mac, what+"\n"+until) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// Download serves the addresses that GetFunction and GetLayerVersion give out.
func (s *Service) Download() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := strings.TrimPrefix(r.URL.Path, CodePath)
		until, signature := r.URL.Query().Get("Expires"), r.URL.Query().Get("Signature")
		if !hmac.Equal([]byte(signature), []byte(s.sign(what, until))) {
			http.Error(w, "SignatureDoesNotMatch", http.StatusForbidden)
			return
		}
		if at, err := strconv.ParseInt(until, 10, 64); err != nil || time.Now().Unix() > at {
			http.Error(w, "AccessDenied: Request has expired", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/zip")
		if name, found := strings.CutPrefix(what, "function-"); found {
			s.sendFolder(w, r, name)
			return
		}
		s.sendZip(w, r, what)
	})
}

func (s *Service) sendZip(w http.ResponseWriter, r *http.Request, what string) {
	sum, err := code.ParseSum(what)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	f, err := s.depot.Open(sum)
	if errors.Is(err, code.ErrMissing) {
		http.NotFound(w, r)
		return
	} else if err != nil {
		s.log.Error("code not opened", "error", err)
		http.Error(w, "InternalError", http.StatusInternalServerError)
		return
	}
	defer f.Close() //nolint:errcheck // opened for reading
	http.ServeContent(w, r, "", time.Time{}, f)
}

// sendFolder zips a folder on its way out.
func (s *Service) sendFolder(w http.ResponseWriter, r *http.Request, name string) {
	var folder string
	err := s.store.View(r.Context(), func(tx store.Tx) error {
		fn, err := store.Get[api.Function](tx, api.FunctionKey(name))
		folder = fn.Latest.Code.Folder
		return err
	})
	if err != nil || folder == "" {
		http.NotFound(w, r)
		return
	}
	if err := code.Zip(r.Context(), w, folder, s.skip()); err != nil {
		s.log.Warn("folder of code not sent whole", "function", name, "error", err)
		panic(http.ErrAbortHandler) // the client must not take it for a whole zip
	}
}
