package step

import "github.com/stagedoor/stagedoor/internal/http1"

// Names and values that steps write, as bytes. They are never written to.
//
//nolint:gochecknoglobals // constants
var (
	jsonBytes  = []byte(typeJSON)
	commaBytes = []byte{','}

	ampersandBytes = []byte{'&'}
	actionBytes    = []byte("Action=")
	queueURLBytes  = []byte("QueueUrl=")
	gzipBytes      = []byte("gzip")

	textBytes      = []byte("text/plain")
	semicolonBytes = []byte{';'}
	deflateBytes   = []byte("deflate")
	listBytes      = []byte(", ")
	httpBytes      = []byte("http")
	httpsBytes     = []byte("https")

	nameAccept          = []byte("Accept")
	nameAmzTarget       = []byte("X-Amz-Target")
	nameSourceARN       = []byte("X-Amz-Source-Arn")
	nameAPIID           = []byte("X-Amzn-Apigateway-Api-Id")
	nameContentEncoding = []byte("Content-Encoding")
	nameContentType     = []byte("Content-Type")
	nameForwardedFor    = []byte("X-Forwarded-For")
	nameForwardedPort   = []byte("X-Forwarded-Port")
	nameForwardedProto  = []byte("X-Forwarded-Proto")
	nameTrace           = []byte("X-Amzn-Trace-Id")
	nameUserAgent       = []byte("User-Agent")
)

// The fields that every proxied request gets.
//
//nolint:gochecknoglobals // constants
var (
	fieldTrace         = http1.NewName("X-Amzn-Trace-Id")
	fieldForwardedFor  = http1.NewName("X-Forwarded-For")
	fieldForwardedPort = http1.NewName("X-Forwarded-Port")
	forwardedHTTP      = http1.NewField(nameForwardedProto, httpBytes)
	forwardedHTTPS     = http1.NewField(nameForwardedProto, httpsBytes)
)
