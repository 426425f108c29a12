#!/usr/bin/env python3
"""Brings the benchmark's API keys into the usage plan of a stagedoor that is starting.

usage: keys.py PORT KEYS.TXT
"""
import json, sys, time, urllib.request

port, keys = sys.argv[1], open(sys.argv[2]).read().split()
scope = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0"


def call(path, body=None):
    r = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers={"Authorization": scope, "Content-Type": "text/csv"})
    return json.load(urllib.request.urlopen(r))


for _ in range(200):
    try:
        plans = call("/usageplans").get("item") or []
        if plans and plans[0].get("apiStages"): break
    except OSError: pass
    time.sleep(0.05)
plan = plans[0]["id"]
for at in range(0, len(keys), 100):
    rows = "".join(f"key{i},{k},true,{plan}\n" for i, k in enumerate(keys[at:at + 100], at))
    call("/apikeys?mode=import&format=csv", ("name,key,enabled,usageplanids\n" + rows).encode())
print(len(call("/apikeys?limit=500")["item"]), "keys or more")
