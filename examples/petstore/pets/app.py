"""Lists the pets, or one of them: path parameters and query strings."""

import json
import os

PETS = {
    "1": {"id": "1", "kind": "dog", "name": "Rex"},
    "2": {"id": "2", "kind": "cat", "name": "Mia"},
    "3": {"id": "3", "kind": "cat", "name": "Tom"},
}


def answer(status, body):
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "X-Greeting": os.environ["GREETING"]},
        "body": json.dumps(body),
    }


def handler(event, context):
    pet = (event["pathParameters"] or {}).get("id")
    if pet is not None:
        return answer(200, PETS[pet]) if pet in PETS else answer(404, {"message": "no such pet"})
    kind = (event["queryStringParameters"] or {}).get("kind")
    return answer(200, [p for p in PETS.values() if kind in (None, p["kind"])])
