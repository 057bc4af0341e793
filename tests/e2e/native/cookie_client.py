"""A native client with Python's own cookie jar: signs in by cookie, reads, signs out."""
import http.cookiejar
import json
import ssl
import sys
import urllib.error
import urllib.request

API, CA = sys.argv[1:3]
OPENER = urllib.request.build_opener(
    urllib.request.ProxyHandler({}),
    urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=CA)),
    urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
)


def send(method, path, body=None, token=None):
    headers = {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token is not None:
        headers["X-CSRF-Token"] = token
    request = urllib.request.Request(API + path, data=body, headers=headers, method=method)
    try:
        with OPENER.open(request) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    print(method, path, status)
    return text


signed_in = json.loads(send("POST", "/sessions", sys.stdin.buffer.read()))
send("GET", "/session")
send("DELETE", "/session", token=signed_in["session"]["csrf_token"])
send("GET", "/session")
