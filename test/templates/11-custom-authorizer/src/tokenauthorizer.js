// Answers by the token: "Bearer allow", "Bearer deny", "unauthorized".
exports.handler = async (event) => {
  const answer = { "Bearer allow": "Allow", "Bearer deny": "Deny" }[event.authorizationToken];
  if (!answer) throw new Error("Unauthorized");
  return {
    principalId: "user",
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: answer, Resource: event.methodArn }],
    },
    context: { stringKey: "value", numberKey: 123, booleanKey: true },
  };
};
