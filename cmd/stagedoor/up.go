package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stagedoor/stagedoor"
)

func upCommand() *cobra.Command {
	cfg := stagedoor.Default()
	var file, format, level string
	cmd := &cobra.Command{
		Use:   "up [DEFINITION]...",
		Short: "Run everything in one process and deploy the definitions",
		Long: `Runs control plane, data plane and function host in one process, and deploys each
DEFINITION as a stack: a SAM or CloudFormation template, an OpenAPI document, or a
folder with a template.yaml or openapi.yaml. Without any it serves what its data
directory has.

Every flag may also be given as STAGEDOOR_X in the environment or as a key of the
file that --config names: flag > environment > file > default.`,
		Example: "  stagedoor up template.yaml --watch\n  aws --endpoint-url http://127.0.0.1:4566 apigateway get-rest-apis",
		RunE: func(cmd *cobra.Command, args []string) error {
			if given, ok := os.LookupEnv("STAGEDOOR_CONFIG"); ok && !cmd.Flags().Changed("config") {
				file = given
			}
			if err := settle(cmd.Flags(), file, os.LookupEnv); err != nil {
				return usageError{err}
			}
			log, err := newLog(cmd.ErrOrStderr(), format, level)
			if err != nil {
				return usageError{err}
			}
			cfg.Definitions, cfg.Log, cfg.Version = args, log, version
			cfg.AWSAccessKeyID, cfg.AWSSecretAccessKey, cfg.AWSSessionToken = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")
			cfg.Handover, cfg.NotifySocket = os.Getenv(stagedoor.HandoverEnv), os.Getenv("NOTIFY_SOCKET")
			cfg.Announce = announcer{cmd.OutOrStdout(), cfg.Region, cfg.Protected()}.say
			if err := cfg.Check(); err != nil {
				return usageError{err}
			}
			server, err := stagedoor.New(cfg)
			if err != nil {
				return err
			}
			ctx, stop := withUpgrades(cmd.Context(), server, cfg.Data, log)
			defer stop()
			return server.Run(ctx)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Listen, "listen", cfg.Listen, "where both planes listen (`ADDR`)")
	f.StringArrayVar(&cfg.InvokeListen, "invoke-listen", nil, "a further listener for API traffic only (`ADDR`, repeatable)")
	f.StringArrayVar(&cfg.PrivateListen, "private-listen", nil, "a listener for private APIs only, which stands for a VPC endpoint (`vpce-ID[@vpc-ID]=ADDR`, repeatable)")
	f.StringArrayVar(&cfg.VPCEndpointPolicies, "vpc-endpoint-policy", nil, "policy of one of those (`vpce-ID=FILE`, repeatable)")
	f.StringVar(&cfg.AdminListen, "admin-listen", cfg.AdminListen, "where /livez, /readyz, /metrics, /audit and pprof are (`ADDR` or off)")
	f.StringVar(&cfg.Data, "data", cfg.Data, "directory of all that is kept (`DIR`), or :memory:")
	f.StringVar(&cfg.Account, "account", cfg.Account, "account `ID` in ARNs")
	f.StringVar(&cfg.Region, "region", cfg.Region, "region `NAME` in ARNs")
	f.StringArrayVar(&cfg.InvokeDomains, "invoke-domain", cfg.InvokeDomains, "suffix of hosts that name APIs (`DOMAIN`, repeatable)")
	f.StringArrayVar(&cfg.AWSEndpoints, "aws-endpoint", nil, "where an AWS service is (`SERVICE=URL`, repeatable)")
	f.StringArrayVar(&cfg.VPCLinks, "vpc-link", nil, "where a VPC link leads (`ID_OR_NAME=HOST:PORT,HOST:PORT`, repeatable)")
	f.StringVar(&cfg.Auth, "auth", cfg.Auth, "whether AWS calls must be signed by a known key (`off|on`); off on loopback, else on")
	f.StringVar(&cfg.RootAccessKeyID, "root-access-key-id", "", "access key `ID` of the account's root, who may do everything")
	f.StringVar(&cfg.RootSecretAccessKey, "root-secret-access-key", "", "its `SECRET`; better in STAGEDOOR_ROOT_SECRET_ACCESS_KEY than on the command line")
	f.BoolVar(&cfg.ExplainSignatures, "explain-signatures", false, "tell callers whose signature is wrong what it should have been made of")
	f.StringArrayVar(&cfg.TrustedProxies, "trusted-proxy", nil, "network of proxies whose X-Forwarded-For is believed (`CIDR`, repeatable)")
	f.BoolVar(&cfg.ProxyProtocol, "proxy-protocol", false, "have trusted proxies speak the PROXY protocol instead")
	f.StringArrayVar(&cfg.OIDCIssuers, "oidc-issuer", nil, "OpenID Connect issuer that stands for a Cognito user pool (`POOL_ARN=URL`, repeatable)")
	f.StringVar(&cfg.AccessLog, "access-log", "off", "where a line for each request goes (`FILE|stdout|off`)")
	f.BoolVar(&cfg.RequireLogRole, "require-log-role", false, "refuse logging of stages before the account has a CloudWatch role, as AWS does")
	f.StringArrayVar(&cfg.TLSCert, "tls-cert", nil, "PEM `FILE` with a certificate of --invoke-listen and --private-listen; of several, clients get that of the host they name, or the first (repeatable)")
	f.StringArrayVar(&cfg.TLSKey, "tls-key", nil, "PEM `FILE` with its key (repeatable, in the same order)")
	f.StringArrayVar(&cfg.Parameters, "parameter", nil, "template parameter (`KEY=VALUE`, repeatable)")
	f.Float64Var(&cfg.RateLimit, "rate-limit", cfg.RateLimit, "requests a second that the whole account may get; 0 is no limit")
	f.Int32Var(&cfg.BurstLimit, "burst-limit", cfg.BurstLimit, "requests at once within --rate-limit; 0 is those of a second")
	f.StringArrayVar(&cfg.Limits, "limit", nil, "a limit of API Gateway that is to be another one, and how far the tag stagedoor:limit:NAME may raise it (`NAME=VALUE[..MOST]`, repeatable)")
	f.StringArrayVar(&cfg.Quotas, "quota", nil, "how many of a thing there may be, if not as many as on AWS (`NAME=N`, NAME=none, all=none; repeatable)")
	f.IntVar(&cfg.CacheMemory, "cache-memory", cfg.CacheMemory, "memory that the caches of all stages may take together (`MiB`)")
	f.Int32Var(&cfg.FunctionConcurrency, "function-concurrency", cfg.FunctionConcurrency, "how many function calls, so processes, there may be at a time")
	f.DurationVar(&cfg.FunctionIdle, "function-idle", cfg.FunctionIdle, "how long a warm function is kept without a call")
	f.StringVar(&cfg.Engine, "engine", cfg.Engine, "what moves bytes (`epoll|goroutine`); epoll on Linux, else goroutine")
	f.IntVar(&cfg.Loops, "loops", cfg.Loops, "how many event loops --engine epoll has (`N`); 0 is one for each core")
	f.IntVar(&cfg.Connections, "connections", cfg.Connections, "how many connections of clients a listener has at a time")
	f.IntVar(&cfg.ConnectionsPerAddress, "connections-per-address", cfg.ConnectionsPerAddress, "how many of --connections may be from one address (IPv6: one /64)")
	f.DurationVar(&cfg.Grace, "grace", cfg.Grace, "how long requests may take to finish at the end")
	f.StringVar(&cfg.PIDFile, "pid-file", "", "`FILE` with the number of the process, which an upgrade changes")
	f.BoolVar(&cfg.Watch, "watch", false, "deploy again when a file of a definition changes")
	f.StringVar(&format, "log-format", "", "`text|json`; text on a terminal, else json")
	f.StringVar(&level, "log-level", "info", "`debug|info|warn|error`")
	f.StringVar(&file, "config", "", "YAML `FILE` with these settings")
	return cmd
}

// newLog makes the logger; its default form depends on where it goes.
func newLog(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log-level %q: must be debug, info, warn or error", level)
	}
	opts := &slog.HandlerOptions{Level: l}
	switch {
	case format == "text" || (format == "" && terminal(w)):
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case format == "json" || format == "":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("log-format %q: must be text or json", format)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// announcer shows a person what is there to try.
type announcer struct {
	out    io.Writer
	region string
	signed bool // AWS calls must be
}

func (a announcer) say(n stagedoor.Announcement) {
	var b strings.Builder
	if n.Ready != "" {
		credentials := "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
		if a.signed {
			credentials = "" // those of the environment
		}
		fmt.Fprintf(&b, "stagedoor is up: %s\n  %saws --endpoint-url %s --region %s apigateway get-rest-apis\n", n.Ready, credentials, n.Ready, a.region)
	}
	switch {
	case n.Ready != "":
		for _, stage := range n.Stages {
			fmt.Fprintf(&b, "  %s\n", stage.URL)
		}
	case len(n.Problems) > 0:
		fmt.Fprintf(&b, "%s: not deployed\n", n.Stack)
		for _, p := range n.Problems {
			fmt.Fprintf(&b, "  %s\n", p)
		}
	case n.Stack != "":
		fmt.Fprintf(&b, "%s: deployed in %d ms\n", n.Stack, n.Took.Milliseconds())
		for _, stage := range n.Stages {
			fmt.Fprintf(&b, "  %s\n", stage.URL)
			for _, r := range stage.Routes {
				method, path, _ := strings.Cut(r, " ")
				fmt.Fprintf(&b, "    %-7s %s\n", method, path)
			}
		}
		for _, p := range n.Warnings {
			fmt.Fprintf(&b, "  warning: %s\n", p)
		}
		for _, o := range n.Outputs {
			fmt.Fprintf(&b, "  %s = %s\n", o.Name, o.Value)
		}
	}
	_, _ = io.WriteString(a.out, b.String())
}
