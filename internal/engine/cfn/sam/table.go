package sam

// table makes a DynamoDB table with a hash key.
func (j *job) table() {
	name, typ := text("id"), "S"
	if key := j.get("PrimaryKey"); truthy(key) {
		name = given(key.Get("Name"))
		t := given(key.Get("Type"))
		switch {
		case name == nil:
			j.fail(key, "Property 'PrimaryKey.Name' is required.")
			return
		case t == nil:
			j.fail(key, "Property 'PrimaryKey.Type' is required.")
			return
		}
		if typ = map[string]string{"String": "S", "Number": "N", "Binary": "B"}[t.Text()]; typ == "" {
			j.fail(t, `Invalid 'Type' "%s".`, t.Text())
			return
		}
	}
	m := j.main(j.id, "AWS::DynamoDB::Table").setAll(
		"AttributeDefinitions", list(obj("AttributeName", name, "AttributeType", typ)),
		"KeySchema", list(obj("AttributeName", name.Clone(), "KeyType", "HASH")))
	for _, key := range []string{"PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName"} {
		if v := j.get(key); truthy(v) {
			m.set(key, v)
		}
	}
	if !truthy(j.get("ProvisionedThroughput")) {
		m.set("BillingMode", text("PAY_PER_REQUEST"))
	}
	if tags := j.get("Tags"); truthy(tags) {
		m.set("Tags", tagList(tags))
	}
}
