import json


def handler(event, _):
    who = event["requestContext"].get("authorizer", {})
    who.pop("integrationLatency", None)
    return {"statusCode": 200, "body": json.dumps({"did": event["httpMethod"] + " " + event["path"], "who": who})}
