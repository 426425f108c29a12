package sam

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// mskStatements is what reading a managed Kafka takes beyond the policy of AWS's own.
func (e *event) mskStatements() *Value {
	s := e.registryStatements()
	for _, c := range e.get("SourceAccessConfigurations").Items() {
		if c.Get("Type").Text() == "CLIENT_CERTIFICATE_TLS_AUTH" && truthy(c.Get("URI")) {
			s.Append(allowed(c.Get("URI"), "secretsmanager:GetSecretValue"))
		}
	}
	return s
}

// registryStatements is what reading a schema registry takes.
func (e *event) registryStatements() *Value {
	s := list()
	config := e.get("SchemaRegistryConfig")
	if !truthy(config) || !e.validRegistry(config) {
		return s
	}
	for _, c := range config.Get("AccessConfigs").Items() {
		s.Append(allowed(c.Get("URI"), "secretsmanager:GetSecretValue"))
	}
	uri := config.Get("SchemaRegistryURI")
	arn := uri.Text()
	if uri.Is(doc.Map) {
		arn = e.resolve(uri.Clone()).Get("Fn::Sub").Text()
	}
	parts := strings.Split(arn, ":")
	if !strings.HasPrefix(arn, "arn") || len(parts) < 6 || !strings.HasPrefix(parts[5], "registry/") {
		return s
	}
	name := strings.TrimPrefix(parts[5], "registry/")
	s.Append(allowed(uri, "glue:GetRegistry"))
	s.Append(allowed(list(sub("arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:schema/"+name+"/*")), "glue:GetSchemaVersion"))
	return s
}

func (e *event) validRegistry(config *Value) bool {
	if !e.expect(config, doc.Map, "SchemaRegistryConfig") {
		return false
	}
	for _, key := range []string{"SchemaRegistryURI", "EventRecordFormat", "SchemaValidationConfigs"} {
		if !config.Has(key) {
			e.fail(config, "Missing required field %s in SchemaRegistryConfig", key)
			return false
		}
	}
	format, access := config.Get("EventRecordFormat").Text(), config.Get("AccessConfigs")
	switch {
	case format != "JSON" && format != "SOURCE":
		e.fail(config, "EventRecordFormat in SchemaRegistryConfig must be either 'JSON' or 'SOURCE'")
	case !config.Get("SchemaValidationConfigs").Is(doc.List):
		e.fail(config, "SchemaValidationConfigs must be a list")
	case truthy(access) && !access.Is(doc.List):
		e.fail(access, "AccessConfigs in SchemaRegistryConfig must be a list")
	case slices.ContainsFunc(access.Items(), func(c *Value) bool { return !c.Has("Type") || !c.Has("URI") }):
		e.fail(access, "Each AccessConfig must be a dict with 'Type' and 'URI' fields")
	default:
		return true
	}
	return false
}

// kafkaPolicy is what reading a Kafka of one's own takes.
func (e *event) kafkaPolicy() *Value {
	topics, access := e.get("Topics"), e.get("SourceAccessConfigurations")
	switch {
	case !truthy(e.get("KafkaBootstrapServers")):
		e.fail(e.props, "No KafkaBootstrapServers provided for self managed kafka as an event source")
	case !truthy(topics):
		e.fail(e.props, "No Topics provided for self managed kafka as an event source")
	case topics.Len() != 1:
		e.fail(topics, "Topics for self managed kafka only supports single configuration entry.")
	case !truthy(access):
		e.fail(e.props, "No SourceAccessConfigurations for self managed kafka event provided.")
	case !access.Is(doc.List):
		e.fail(access, "SourceAccessConfigurations for self managed kafka event should be a list.")
	default:
		s := e.kafkaStatements(access)
		s.Append(e.decrypt())
		s = concat(s, e.registryStatements())
		return obj("PolicyDocument", obj("Statement", s, "Version", "2012-10-17"), "PolicyName", "SelfManagedKafkaExecutionRolePolicy")
	}
	return nil
}

func (e *event) kafkaStatements(access *Value) *Value {
	var login, root *Value
	subnet, group := false, false
	for _, c := range access.Items() {
		uri := c.Get("URI")
		what := c.Get("Type").Text()
		switch what {
		case "VPC_SUBNET":
			subnet = true
		case "VPC_SECURITY_GROUP":
			group = true
		case "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH":
			if login != nil {
				e.fail(c, "Multiple auth mechanism properties specified in SourceAccessConfigurations for self managed kafka event.")
			}
			login, what = uri, "auth mechanism"
		case "SERVER_ROOT_CA_CERTIFICATE":
			root = uri
		default:
			e.fail(c, "Invalid SourceAccessConfigurations Type provided for self managed kafka event.")
			continue
		}
		if !truthy(uri) {
			e.fail(c, "No %s URI property specified in SourceAccessConfigurations for self managed kafka event.", what)
		} else if !uri.Is(doc.String) && !isIntrinsic(uri) {
			e.fail(c, "Wrong Type for %s URI property specified in SourceAccessConfigurations for self managed kafka event.", what)
		}
	}
	if subnet != group {
		e.fail(access, "VPC_SUBNET and VPC_SECURITY_GROUP in SourceAccessConfigurations for SelfManagedKafka must be both provided.")
	}
	s := list()
	if login != nil {
		s.Append(allowed(login, "secretsmanager:GetSecretValue"))
	}
	if root != nil {
		// parity: the translator names the secret of the login here as well.
		s.Append(allowed(orNull(login), "secretsmanager:GetSecretValue"))
	}
	if subnet && group {
		s.Append(networkStatement())
	}
	return s
}
