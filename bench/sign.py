#!/usr/bin/env python3
"""Writes a wrk script whose requests are signed for execute-api, good for 5 minutes from now.

usage: sign.py SIGNED.LUA PATH       the key is that of peers.json
"""
import hashlib, hmac, sys, time

key, secret, host = "AKIABENCHBENCHBENCHB", "the secret of the benchmark's own key!!", "bench.local"
out, path = sys.argv[1:3]
now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
scope = f"{now[:8]}/us-east-1/execute-api/aws4_request"
k = ("AWS4" + secret).encode()
for part in scope.split("/"): k = hmac.new(k, part.encode(), hashlib.sha256).digest()
rows = []
for i in range(100):
    query = f"id={i}&team=blue"
    canonical = f"GET\n{path}\n{query}\nhost:{host}\nx-amz-date:{now}\n\nhost;x-amz-date\n{hashlib.sha256(b'').hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(k, text.encode(), hashlib.sha256).hexdigest()
    auth = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
    rows.append(f"r[{i + 1}] = wrk.format('GET', '{path}?{query}', {{['Host']='{host}', ['X-Amz-Date']='{now}', ['Authorization']='{auth}'}})")
open(out, "w").write("local r, i = {}, 0\ninit = function(args)\n" + "\n".join(rows) + "\nend\nrequest = function() i = i % 100 + 1; return r[i] end\n")
