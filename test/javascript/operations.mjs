// Calls the REST control plane at argv[2] with the AWS SDK for JavaScript and
// says what is wrong.
import assert from "node:assert/strict";
import {
	APIGatewayClient, CreateApiKeyCommand, CreateDeploymentCommand, CreateResourceCommand, CreateRestApiCommand, DeleteRestApiCommand, GetExportCommand,
	GetResourcesCommand, GetRestApiCommand, GetStageCommand, NotFoundException, BadRequestException, ConflictException, PutIntegrationCommand,
	PutIntegrationResponseCommand, PutMethodCommand, PutMethodResponseCommand, TestInvokeMethodCommand, UpdateRestApiCommand, UpdateStageCommand, paginateGetResources, paginateGetRestApis,
} from "@aws-sdk/client-api-gateway";

const gw = new APIGatewayClient({ endpoint: process.argv[2], region: "us-east-1", credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" }, maxAttempts: 1 });
const call = (Command, input) => gw.send(new Command(input));

// a call that must be refused
async function refused(kind, status, message, what) {
	const err = await what.then(() => assert.fail(`must be refused with ${message}`), (e) => e);
	assert.ok(err instanceof kind, `${err}: want ${kind.name}`);
	assert.equal(err.name, kind.name);
	assert.equal(err.message, message);
	assert.equal(err.$metadata.httpStatusCode, status);
	assert.match(err.$metadata.requestId, /^[0-9a-f-]{36}$/);
}

const api = await call(CreateRestApiCommand, { name: "pets", description: "all", endpointConfiguration: { types: ["REGIONAL"] }, tags: { a: "b" }, minimumCompressionSize: 0 });
assert.equal(api.$metadata.httpStatusCode, 201);
assert.ok(api.createdDate instanceof Date && Math.abs(api.createdDate - Date.now()) < 60_000);
assert.deepEqual([api.name, api.description, api.endpointConfiguration.types, api.tags, api.minimumCompressionSize], ["pets", "all", ["REGIONAL"], { a: "b" }, 0]);
const restApiId = api.id;
assert.deepEqual((await call(GetRestApiCommand, { restApiId })).name, "pets");
const updated = await call(UpdateRestApiCommand, { restApiId, patchOperations: [{ op: "replace", path: "/name", value: "Hünde & 猫" }] });
assert.equal(updated.name, "Hünde & 猫");

const parts = ["a", "b", "c", "d", "{id}"];
for (const pathPart of parts) {
	const r = await call(CreateResourceCommand, { restApiId, parentId: api.rootResourceId, pathPart });
	assert.equal(r.path, "/" + pathPart);
}
const paths = [];
let pages = 0;
for await (const page of paginateGetResources({ client: gw, pageSize: 2 }, { restApiId })) {
	pages++;
	paths.push(...page.items.map((r) => r.path));
}
assert.deepEqual(paths, ["/", ...parts.map((p) => "/" + p)]);
assert.equal(pages, 3);

await call(CreateRestApiCommand, { name: "second" });
const names = [];
for await (const page of paginateGetRestApis({ client: gw, pageSize: 1 }, {})) {
	assert.equal(page.items.length, 1);
	names.push(page.items[0].name);
}
assert.deepEqual(names.sort(), ["Hünde & 猫", "second"]);

const at = { restApiId, resourceId: (await call(GetResourcesCommand, { restApiId })).items.find((r) => r.path === "/{id}").id, httpMethod: "GET" };
await refused(BadRequestException, 400, "The REST API doesn't contain any methods", call(CreateDeploymentCommand, { restApiId, stageName: "s" }));
const method = await call(PutMethodCommand, { ...at, authorizationType: "NONE", requestParameters: { "method.request.path.id": true } });
assert.deepEqual([method.httpMethod, method.apiKeyRequired, method.requestParameters], ["GET", false, { "method.request.path.id": true }]);
await refused(ConflictException, 409, "Method already exists for this resource", call(PutMethodCommand, { ...at, authorizationType: "NONE" }));
await call(PutMethodResponseCommand, { ...at, statusCode: "200" });
await call(PutIntegrationCommand, { ...at, type: "MOCK", requestTemplates: { "application/json": '{"statusCode":200}' } });
await call(PutIntegrationResponseCommand, { ...at, statusCode: "200", responseTemplates: { "application/json": "$input.params('id')" } });
const tried = await call(TestInvokeMethodCommand, { ...at, pathWithQueryString: "/7" });
assert.deepEqual([tried.status, tried.body], [200, "7"]);

const deployment = await call(CreateDeploymentCommand, { restApiId, stageName: "s", variables: { color: "red" } });
const stage = await call(UpdateStageCommand, { restApiId, stageName: "s", patchOperations: [{ op: "replace", path: "/*/*/throttling/rateLimit", value: "2.5" }] });
assert.equal(stage.methodSettings["*/*"].throttlingRateLimit, 2.5);
assert.deepEqual([(await call(GetStageCommand, { restApiId, stageName: "s" })).deploymentId, stage.variables], [deployment.id, { color: "red" }]);
const exported = await call(GetExportCommand, { restApiId, stageName: "s", exportType: "oas30", parameters: { extensions: "integrations" } });
assert.equal(JSON.parse(new TextDecoder().decode(exported.body)).paths["/{id}"].get["x-amazon-apigateway-integration"].type, "mock");

await refused(BadRequestException, 400, "API Key value should be at least 20 characters", call(CreateApiKeyCommand, { name: "k", value: "short" }));
await refused(NotFoundException, 404, "Invalid stage identifier specified", call(GetStageCommand, { restApiId, stageName: "nope" }));
assert.equal((await call(DeleteRestApiCommand, { restApiId })).$metadata.httpStatusCode, 202);
await refused(NotFoundException, 404, `Invalid API identifier specified 000000000000:${restApiId}`, call(GetRestApiCommand, { restApiId }));
console.log("ok");
