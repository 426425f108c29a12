"""An API of 1,000 routes, for stagedoor, nginx and haproxy, and wrk scripts that spread requests over 200 of each kind.

Every third route is a plain proxy, a fixed answer, and a proxy with key and limit. Half of them are two literals
(/team3/things28), a quarter end in a parameter, a quarter have one within (/team7/orders7/{id}/lines). Back ends get
the path that the client sent: in nginx as it is, in stagedoor by mapping {id} to the integration's.
nginx: exact locations, a prefix where the parameter is last (which checks less than a route), and a regular expression within a
prefix where it is not, so that no request is tried against more than one expression. haproxy: maps of strings and prefixes.
"""
import json, random

KINDS = ("proxy", "fixed", "keyed")
ROUTES = 1000


def route(i):
    """Kind, path up to the parameter, and what is after it; None: there is no parameter."""
    team, shape = f"/team{i % 25}", i // 3 % 4
    if shape < 2: return KINDS[i % 3], f"{team}/things{i}", None
    if shape == 2: return KINDS[i % 3], f"{team}/items{i}/", ""
    return KINDS[i % 3], f"{team}/orders{i}/", "/lines"


def nginx(kind, before, after):
    work = {"proxy": "proxy_pass http://up;",
            "fixed": """default_type application/json; return 200 '{"message":"hello","ok":1}';""",
            "keyed": 'if ($consumer = "") { return 401; } limit_req zone=perkey burst=10000 nodelay; proxy_pass http://up;'}[kind]
    if after is None: return f"location = {before} {{ {work} }}\n"
    if not after: return f"location {before} {{ {work} }}\n"
    return f"location {before} {{ location ~ ^{before}[^/]+{after}$ {{ {work} }} return 404; }}\n"


def method(kind, path, param, up):
    m = {}
    if param: m["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    if kind == "keyed": m["security"] = [{"key": []}]
    if kind == "fixed":
        m["responses"] = {"200": {"description": "fixed"}}
        m["x-amazon-apigateway-integration"] = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": '{"message":"hello","ok":1}'}}}}
        return {"get": m}
    m["x-amazon-apigateway-integration"] = {"type": "http_proxy", "httpMethod": "GET", "uri": f"http://{up}{path}"}
    if param: m["x-amazon-apigateway-integration"]["requestParameters"] = {"integration.request.path.id": "method.request.path.id"}
    return {"get": m}


def template(up):
    """The API as a template; JSON, which is YAML."""
    paths = {}
    for kind, before, after in map(route, range(ROUTES)):
        path = before if after is None else before + "{id}" + after
        paths[path] = method(kind, path, after is not None, up)
    doc = {"openapi": "3.0.1", "info": {"title": "routes", "version": "1"}, "paths": paths,
           "components": {"securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}}
    log = ('{"time":"$context.requestTime","ip":"$context.identity.sourceIp","id":"$context.requestId","consumer":"$context.identity.apiKeyId","method":"$context.httpMethod",'
           '"path":"$context.path","protocol":"$context.protocol","status":$context.status,"bytes":$context.responseLength,"latency":$context.responseLatency,'
           '"upstream":"$context.integrationLatency","ua":"$context.identity.userAgent"}')
    api = {"Ref": "Api"}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "routes", "Tags": [{"Key": "stagedoor:id", "Value": "routes"}], "Body": doc}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": api}},
        "Prod": {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": api, "DeploymentId": {"Ref": "Deployment"}, "StageName": "prod", "AccessLogSetting": {"Format": log}}},
        "Plan": {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"ApiStages": [{"ApiId": api, "Stage": {"Ref": "Prod"}}], "Throttle": {"RateLimit": 100000, "BurstLimit": 10000}}}}}


def script(name, base, kind, keys):
    """Requests for 200 routes of a kind, the same ones each time, with other ids and keys in turn."""
    rnd = random.Random(1)
    rows = []
    for n, i in enumerate(rnd.sample([i for i in range(ROUTES) if KINDS[i % 3] == kind], 200) * 5):
        _, before, after = route(i)
        path = base + before + ("" if after is None else f"{rnd.randrange(16**8):08x}{after}")
        rows.append(f"{{'{path}','{keys[n] if kind == 'keyed' else ''}'}},\n")
    with open(name, "w") as f:
        f.write("local v = {\n" + "".join(rows) + "}\nlocal r, n, i = {}, #v, 0\n")
        f.write("init = function(args) for k = 1, n do r[k] = wrk.format('GET', v[k][1], {['Host']='bench.local'%s}) end end\n" % (", ['X-API-Key']=v[k][2]" if kind == "keyed" else ""))
        f.write("request = function() i = i % n + 1; return r[i] end\n")


def write(up, keys):
    all = [route(i) for i in range(ROUTES)]
    open("routes.nginx", "w").write("".join(nginx(*r) for r in all))
    open("routes.exact", "w").write("".join(f"{b} {k}\n" for k, b, a in all if a is None))
    open("routes.prefix", "w").write("".join(f"{b} {k}\n" for k, b, a in all if a is not None))
    json.dump(template(up), open("routes.yaml", "w"), indent=1)
    for kind, name in (("proxy", "routes"), ("fixed", "routesfixed"), ("keyed", "routeskeyed")):
        script(name + ".lua", "", kind, keys)
        script(name + "-stagedoor.lua", "/_aws/execute-api/routes/prod", kind, keys)
