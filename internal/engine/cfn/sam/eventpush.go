package sam

import "github.com/stagedoor/stagedoor/internal/engine/cfn/doc"

// linked is the resource of the template that a property refers to.
func (e *event) linked(property, message string) (id string, r *Value) {
	arg := e.get(property).Get("Ref")
	id, ok := arg.Str()
	if r = e.source.Get(id); !ok || !r.Is(doc.Map) {
		e.fail(e.get(property), "%s", message)
		return "", nil
	}
	return id, r
}

// replace puts a resource of the template that the event changed in its place
// in the result.
func (e *event) replace(id string, r *Value) {
	m := newMade(id, r.Get("Type").Text(), nil)
	m.dependsOn = r.Get("DependsOn")
	for _, name := range attributeNames() {
		m.attrs.Set(name, r.Get(name))
	}
	m.props = properties(r).Clone()
	e.add(m)
}

// s3 lets a bucket of the template call the function.
func (e *event) s3() {
	id, bucket := e.linked("Bucket", "S3 events must reference an S3 bucket in the same template.")
	if bucket == nil {
		return
	}
	p := e.permission("s3.amazonaws.com", nil).set("SourceAccount", ref("AWS::AccountId"))
	props := properties(bucket)
	if cond := e.pass.Get("Condition"); cond != nil {
		// A DependsOn would need the permission even where the condition does
		// not hold; a tag that refers to it orders the two as well.
		tags := ensureList(props, "Tags")
		tags.Append(obj("Key", "sam:ConditionalDependsOn:"+p.id, "Value", when(cond.Text(), ref(p.id), text("no dependency"))))
	} else {
		depends := asList(bucket.Get("DependsOn"))
		if depends == nil {
			depends = list()
		}
		appendNew(depends, text(p.id))
		bucket.Set("DependsOn", depends)
	}
	config := ensure(props, "NotificationConfiguration")
	if !config.Is(doc.Map) {
		e.failAs(id, config, "Property 'NotificationConfiguration' should be a map.")
		return
	}
	if c := given(config.Get("LambdaConfigurations")); c != nil && !c.Is(doc.List) {
		e.failAs(id, c, "Invalid type for LambdaConfigurations. Must be a list.")
		return
	}
	notifications := ensureList(config, "LambdaConfigurations")
	for _, typ := range asList(e.get("Events")).Items() {
		n := obj("Function", e.functionARN(), "Event", typ)
		n.Set("Filter", e.get("Filter").Clone())
		if cond := e.condition(); cond != "" {
			n = when(cond, n, nil)
		}
		appendNew(notifications, n)
	}
	e.replace(id, bucket)
}

// sns subscribes the function, or a queue that it reads, to a topic.
func (e *event) sns() {
	topic, through := e.get("Topic"), e.get("SqsSubscription")
	if !truthy(through) {
		e.permission("sns.amazonaws.com", topic)
		e.subscribe("lambda", e.functionARN())
		return
	}
	if through.Is(doc.Bool) {
		queue := e.also("Queue", "AWS::SQS::Queue")
		if fifo := e.source.Find(referred(topic), "Properties", "FifoTopic"); fifo != nil {
			if fifo = e.resolve(fifo.Clone()); truthy(fifo) {
				queue.set("FifoQueue", fifo)
			}
		}
		e.subscribeQueue(queue.arn(), ref(queue.id), e.id+"QueuePolicy", doc.NewInt(10))
		return
	}
	if !e.expect(through, doc.Map, "SqsSubscription") {
		return
	}
	arn, url := through.Get("QueueArn"), through.Get("QueueUrl")
	if !truthy(arn) || !truthy(url) {
		e.fail(through, "No QueueARN or QueueURL provided.")
		return
	}
	id := through.Get("QueuePolicyLogicalId").Text()
	if id == "" {
		id = e.id + "QueuePolicy"
	}
	batch := through.Get("BatchSize")
	if !truthy(batch) {
		batch = doc.NewInt(10)
	}
	e.subscribeQueue(arn, url, id, batch)
}

// subscribeQueue subscribes a queue and lets the function read it.
func (e *event) subscribeQueue(arn, url *Value, policyID string, batch *Value) {
	e.job.also(policyID, "AWS::SQS::QueuePolicy").setAll(
		"PolicyDocument", queuePolicy(text("*"), arn, e.get("Topic")), "Queues", list(url))
	e.subscribe("sqs", arn)
	q := &event{
		job: e.job, name: e.name, id: e.id + "EventSourceMapping", typ: "SQS", target: e.target, role: e.role,
		props: obj("Queue", arn.Clone(), "BatchSize", batch, "Enabled", true),
	}
	q.pull()
}

func (e *event) subscribe(protocol string, endpoint *Value) {
	e.also("", "AWS::SNS::Subscription").setAll("Protocol", protocol, "Endpoint", endpoint.Clone(), "TopicArn", e.get("Topic").Clone()).
		copied(e.props, "Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
}

// iot makes a rule of IoT.
func (e *event) iot() {
	e.permission("iot.amazonaws.com", sub(
		"arn:"+e.in.Partition+":iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}", "RuleName", ref(e.id))).
		set("SourceAccount", sub("${AWS::AccountId}"))
	payload := obj("Sql", e.get("Sql"), "RuleDisabled", false, "Actions", list(obj("Lambda", obj("FunctionArn", e.functionARN()))))
	if v := e.get("AwsIotSqlVersion"); truthy(v) {
		payload.Set("AwsIotSqlVersion", v)
	}
	e.also("", "AWS::IoT::TopicRule").set("TopicRulePayload", payload)
}

// cognito makes the function a trigger of a user pool of the template.
func (e *event) cognito() {
	id, pool := e.linked("UserPool", "Cognito events must reference a Cognito UserPool in the same template.")
	if pool == nil {
		return
	}
	e.permissionAs(e.target.id+"CognitoPermission", "cognito-idp.amazonaws.com", getAtt(id, "Arn"))
	config := ensure(properties(pool), "LambdaConfig")
	if !config.Is(doc.Map) {
		e.failAs(id, config, "Property 'LambdaConfig' should be a map.")
		return
	}
	for _, t := range asList(e.get("Trigger")).Items() {
		if config.Has(t.Text()) {
			e.fail(t, `Cognito trigger "%s" defined multiple times.`, t.Text())
			return
		}
		config.Set(t.Text(), e.functionARN())
	}
	e.replace(id, pool)
}

// logs makes a subscription of a log group.
func (e *event) logs() {
	group := e.get("LogGroupName")
	p := e.permission("logs.amazonaws.com", sub(
		"arn:"+e.in.Partition+":logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*", "__LogGroupName__", group.Clone()))
	s := e.also("", "AWS::Logs::SubscriptionFilter").setAll("LogGroupName", group, "DestinationArn", e.functionARN()).
		copied(e.props, "FilterPattern")
	s.dependsOn = texts(p.id)
}
