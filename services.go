package stagedoor

import (
	"github.com/stagedoor/stagedoor/internal/control"
	lambdacontrol "github.com/stagedoor/stagedoor/internal/control/lambda"
	logscontrol "github.com/stagedoor/stagedoor/internal/control/logs"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/acm"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewaymanagementapi"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewayv2"
	"github.com/stagedoor/stagedoor/internal/wire/cloudformation"
	"github.com/stagedoor/stagedoor/internal/wire/cloudtrail"
	"github.com/stagedoor/stagedoor/internal/wire/cloudwatch"
	"github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
	"github.com/stagedoor/stagedoor/internal/wire/logs"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
	"github.com/stagedoor/stagedoor/internal/wire/wafv2"
)

type handlers = map[string]wire.Handler

// tables are all services that stagedoor knows, built or not: an operation
// without a handler answers an error that names it.
func tables() []*wire.Service {
	return []*wire.Service{
		apigateway.Table(), apigatewayv2.Table(), apigatewaymanagementapi.Table(), lambda.Table(), sts.Table(), iam.Table(),
		cloudformation.Table(), logs.Table(), cloudwatch.Table(), cloudtrail.Table(), wafv2.Table(), acm.Table(),
		cognitoidentityprovider.Table(),
	}
}

// withBuilt joins the tables with the operations that are built, by service.
func withBuilt(tables []*wire.Service, built map[string]handlers) []control.Service {
	services := make([]control.Service, 0, len(tables))
	for _, t := range tables {
		services = append(services, control.Service{Table: t, Handlers: built[t.Name]})
	}
	return services
}

// Coverage is docs/coverage.md: every operation of every service, built or not.
func Coverage() ([]byte, error) {
	s, err := New(Default())
	if err != nil {
		return nil, err
	}
	s.logs = logscontrol.New(logscontrol.Config{})
	return control.Coverage(s.controlConfig(lambdacontrol.New(lambdacontrol.Config{}).Handlers()).Services), nil
}
