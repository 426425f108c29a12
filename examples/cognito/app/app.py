import json


def handler(event, context):
    """Says who the gateway thinks you are."""
    who = event["requestContext"].get("authorizer", {}).get("claims", {})
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps({"path": event["path"], "claims": who})}
