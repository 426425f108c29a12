import json


def lambda_handler(event, context):
    try:
        body = json.loads(event["body"])
    except (TypeError, ValueError):
        return {"statusCode": 400, "body": json.dumps({"message": "the body is not JSON"})}
    return {"statusCode": 200, "body": json.dumps(body)}
