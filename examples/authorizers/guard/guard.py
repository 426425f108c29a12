# Two authorizers. What they return is a policy: it is remembered for the token
# and held against every method that the token calls, so it names all of them.


def answer(who, effect, resources, **context):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resources}
    return {
        "principalId": who,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,  # texts, numbers, booleans: the API sees them as texts
    }


def token(event, _):
    who = event["authorizationToken"].removeprefix("Bearer ")
    stage = "/".join(event["methodArn"].split("/")[:2])
    if who == "alice":
        return answer(who, "Allow", stage + "/*", role="editor")
    if who == "bob":
        return answer(who, "Allow", stage + "/GET/*", role="reader")
    if who == "mallory":
        return answer(who, "Deny", stage + "/*")
    raise Exception("Unauthorized")  # exactly this word is a 401; any other is a 500


def request(event, _):
    team, key = event["headers"].get("X-Team"), event["queryStringParameters"].get("key")
    allowed = {"blue": "b1", "red": "r1"}.get(team) == key
    return answer(team, "Allow" if allowed else "Deny", event["methodArn"], team=team)
