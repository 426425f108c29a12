package lambda

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/fault"
)

// FolderBucket as the bucket of code makes its key the absolute path of a
// folder of this machine, which is then used as it lies. Only LocalHandlers
// know it: a caller from the network could read the machine's files by it.
const FolderBucket = "stagedoor-folder"

// source is where a call says that code is.
type source struct {
	zip                  []byte
	bucket, key, version *string
	local                bool // the call came from this process
}

// keep makes code durable. The caller calls release when a document refers to
// it, or never will. At most one of the ways of source may be used.
func (s *Service) keep(ctx context.Context, src source) (c api.FunctionCode, release func(), err error) {
	switch {
	case len(src.zip) > 0 && src.bucket != nil:
		return c, nil, invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
	case len(src.zip) > code.MaxZipped:
		return c, nil, &fault.Error{
			Kind: fault.TooLarge, Type: "RequestEntityTooLargeException", Status: 413,
			Message: fmt.Sprintf("Zipped size must be smaller than %d bytes", code.MaxZipped),
		}
	case src.zip != nil:
		return s.keepZip(ctx, src.zip)
	case src.bucket == nil || src.key == nil:
		return c, nil, invalid("Please provide a source for function code.")
	case *src.bucket == FolderBucket && src.local:
		c, err = s.keepFolder(ctx, *src.key)
		return c, func() {}, err
	default:
		return s.keepObject(ctx, src)
	}
}

func (s *Service) keepZip(ctx context.Context, zip []byte) (api.FunctionCode, func(), error) {
	kept, release, err := s.depot.Put(ctx, zip)
	if err != nil {
		return api.FunctionCode{}, nil, codeFault(err)
	}
	return api.FunctionCode{Sum: kept.Sum.Hex(), Size: kept.Size, Unzipped: kept.Unzipped}, release, nil
}

// keepObject takes the zip from S3, where stagedoor was told of one.
func (s *Service) keepObject(ctx context.Context, src source) (api.FunctionCode, func(), error) {
	if s.cfg.Objects == nil {
		return api.FunctionCode{}, nil, noObject("NoSuchBucket", "stagedoor has no S3 to read from: name one with --aws-endpoint s3=URL, or send the code as ZipFile")
	}
	var version string
	set(&version, src.version)
	body, err := s.cfg.Objects.Object(ctx, *src.bucket, *src.key, version)
	if err != nil {
		if s3, ok := errors.AsType[*ObjectError](err); ok {
			return api.FunctionCode{}, nil, noObject(s3.Code, s3.Message)
		}
		return api.FunctionCode{}, nil, fmt.Errorf("read code from S3: %w", err)
	}
	defer body.Close() //nolint:errcheck // what was read is checked below
	zip, err := io.ReadAll(io.LimitReader(body, code.MaxUnzipped+1))
	switch {
	case err != nil:
		return api.FunctionCode{}, nil, fmt.Errorf("read code from S3: %w", err)
	case len(zip) > code.MaxUnzipped:
		return api.FunctionCode{}, nil, tooBig()
	}
	return s.keepZip(ctx, zip)
}

// keepFolder takes a folder of this machine as it lies.
func (s *Service) keepFolder(ctx context.Context, dir string) (api.FunctionCode, error) {
	dir = filepath.Clean(dir)
	if info, err := os.Stat(dir); !filepath.IsAbs(dir) || err != nil || !info.IsDir() {
		return api.FunctionCode{}, invalid("Folder of code not found: " + dir)
	}
	sum, size, err := code.Fingerprint(ctx, dir, s.skip())
	if err != nil {
		return api.FunctionCode{}, codeFault(err)
	}
	return api.FunctionCode{Sum: sum.Hex(), Size: size, Unzipped: size, Folder: dir}, nil
}

// skip is what is no code although it may lie in a folder of code.
func (s *Service) skip() string {
	abs, err := filepath.Abs(s.depot.Root())
	if err != nil {
		return ""
	}
	return abs
}

// freeze makes code that will never change of code that may: what a published
// version is made of. A zip never changes.
func (s *Service) freeze(ctx context.Context, c api.FunctionCode) (api.FunctionCode, func(), error) {
	if c.Folder == "" {
		return c, func() {}, nil
	}
	var zip bytes.Buffer
	if err := code.Zip(ctx, &zip, c.Folder, s.skip()); err != nil {
		return c, nil, codeFault(err)
	}
	return s.keepZip(ctx, zip.Bytes())
}

func tooBig() error {
	return invalid(fmt.Sprintf("Unzipped size must be smaller than %d bytes", code.MaxUnzipped))
}

func noObject(code, message string) error {
	return invalid("Error occurred while GetObject. S3 Error Code: " + code + ". S3 Error Message: " + message)
}

// codeFault turns what is wrong with code into AWS's words.
func codeFault(err error) error {
	var f *fault.Error
	switch {
	case errors.Is(err, code.ErrTooLarge):
		return tooBig()
	case errors.Is(err, code.ErrEmpty):
		f = invalid("Uploaded file must be a non-empty zip")
	case errors.Is(err, code.ErrNotZip):
		f = invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	default:
		return fmt.Errorf("keep code: %w", err)
	}
	f.Cause = err
	return f
}
