package awscall

// Protocol is how a service is spoken to.
type Protocol uint8

// The protocols. Query is that of services which are not known, as it is for
// API Gateway.
const (
	Query Protocol = iota
	JSON10
	JSON11
	REST
)

// MediaType is the Content-Type of requests; empty: the service's own affair.
func (p Protocol) MediaType() string {
	switch p {
	case Query:
		return "application/x-www-form-urlencoded"
	case JSON10:
		return "application/x-amz-json-1.0"
	case JSON11:
		return "application/x-amz-json-1.1"
	default:
		return ""
	}
}

// Service is what is known of a service.
type Service struct {
	Protocol Protocol
	Signing  string // its name in signatures
	Target   string // of JSON: what X-Amz-Target begins with, before '.'
	Version  string // of Query; empty: not known
	Wrapped  bool   // JSON, but API Gateway reaches it through its older Query protocol
}

// Find is the service that a URI names. The name in signatures of one that is
// not known is its own.
func Find(u *URI) Service {
	name := u.Service
	if u.Subdomain != "" {
		if s, ok := rows()[u.Subdomain+"."+u.Service]; ok {
			return s.named(name)
		}
	}
	return rows()[name].named(name)
}

func (s Service) named(name string) Service {
	if s.Signing == "" {
		s.Signing = name
	}
	return s
}

// rows are the services that are not merely their name and Query, by the first
// part of their host names.
// parity: the service models' metadata (protocol, targetPrefix, apiVersion,
// signingName).
func rows() map[string]Service {
	return map[string]Service{
		// JSON: an action becomes X-Amz-Target
		"acm":                     {Protocol: JSON11, Target: "CertificateManager"},
		"application-autoscaling": {Protocol: JSON11, Target: "AnyScaleFrontendService"},
		"athena":                  {Protocol: JSON11, Target: "AmazonAthena"},
		"cloudtrail":              {Protocol: JSON11, Target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"},
		"codebuild":               {Protocol: JSON11, Target: "CodeBuild_20161006"},
		"codepipeline":            {Protocol: JSON11, Target: "CodePipeline_20150709"},
		"cognito-identity":        {Protocol: JSON11, Target: "AWSCognitoIdentityService"},
		"cognito-idp":             {Protocol: JSON11, Target: "AWSCognitoIdentityProviderService"},
		"comprehend":              {Protocol: JSON11, Target: "Comprehend_20171127"},
		"config":                  {Protocol: JSON11, Target: "StarlingDoveService"},
		"dynamodb":                {Protocol: JSON10, Target: "DynamoDB_20120810"},
		"streams.dynamodb":        {Protocol: JSON10, Target: "DynamoDBStreams_20120810", Signing: "dynamodb"},
		"ecs":                     {Protocol: JSON11, Target: "AmazonEC2ContainerServiceV20141113"},
		"elasticmapreduce":        {Protocol: JSON11, Target: "ElasticMapReduce"},
		"events":                  {Protocol: JSON11, Target: "AWSEvents"},
		"firehose":                {Protocol: JSON11, Target: "Firehose_20150804"},
		"forecast":                {Protocol: JSON11, Target: "AmazonForecast"},
		"glue":                    {Protocol: JSON11, Target: "AWSGlue"},
		"kinesis":                 {Protocol: JSON11, Target: "Kinesis_20131202"},
		"kms":                     {Protocol: JSON11, Target: "TrentService"},
		"logs":                    {Protocol: JSON11, Target: "Logs_20140328"},
		"organizations":           {Protocol: JSON11, Target: "AWSOrganizationsV20161128"},
		"personalize":             {Protocol: JSON11, Target: "AmazonPersonalize"},
		"redshift-data":           {Protocol: JSON11, Target: "RedshiftData"},
		"rekognition":             {Protocol: JSON11, Target: "RekognitionService"},
		"sagemaker":               {Protocol: JSON11, Target: "SageMaker"},
		"secretsmanager":          {Protocol: JSON11, Target: "secretsmanager"},
		"servicediscovery":        {Protocol: JSON11, Target: "Route53AutoNaming_v20170314"},
		"ssm":                     {Protocol: JSON11, Target: "AmazonSSM", Wrapped: true}, // recorded
		"states":                  {Protocol: JSON10, Target: "AWSStepFunctions"},
		"swf":                     {Protocol: JSON10, Target: "SimpleWorkflowService"},
		"tagging":                 {Protocol: JSON11, Target: "ResourceGroupsTaggingAPI_20170126"},
		"textract":                {Protocol: JSON11, Target: "Textract"},
		"transcribe":              {Protocol: JSON11, Target: "Transcribe"},
		"translate":               {Protocol: JSON11, Target: "AWSShineFrontendService_20170701"},

		// Query: an action becomes a parameter, with the version of the API
		"autoscaling":          {Version: "2011-01-01"},
		"cloudformation":       {Version: "2010-05-15"},
		"ec2":                  {Version: "2016-11-15"},
		"elasticache":          {Version: "2015-02-02"},
		"elasticbeanstalk":     {Version: "2010-12-01"},
		"elasticloadbalancing": {Version: "2015-12-01"},
		"email":                {Version: "2010-12-01", Signing: "ses"},
		"iam":                  {Version: "2010-05-08"},
		"monitoring":           {Version: "2010-08-01"},
		"rds":                  {Version: "2014-10-31"},
		"redshift":             {Version: "2012-12-01"},
		"sdb":                  {Version: "2009-04-15"},
		"ses":                  {Version: "2010-12-01"},
		"sns":                  {Version: "2010-03-31"},
		"sqs":                  {Version: "2012-11-05"},
		"sts":                  {Version: "2011-06-15"},

		// their own paths
		"appconfigdata":     {Protocol: REST, Signing: "appconfig"},
		"appsync-api":       {Protocol: REST, Signing: "appsync"},
		"execute-api":       {Protocol: REST},
		"lambda":            {Protocol: REST},
		"polly":             {Protocol: REST},
		"runtime.lex":       {Protocol: REST, Signing: "lex"},
		"runtime-v2-lex":    {Protocol: REST, Signing: "lex"},
		"data.iot":          {Protocol: REST, Signing: "iotdata"},
		"data.mediastore":   {Protocol: REST, Signing: "mediastore"},
		"runtime.sagemaker": {Protocol: REST, Signing: "sagemaker"},
		"bedrock-runtime":   {Protocol: REST, Signing: "bedrock"},
		"s3":                {Protocol: REST},
	}
}
