#!/usr/bin/env python3
"""A back end that takes a handle from its own client and asks Gatepost about it. Standard library only.

    GATEPOST_URL=https://www.example.org/auth GATEPOST_SERVICE=shop GATEPOST_SECRET_FILE=shop.secret shop.py PORT

GATEPOST_CA names a file with certificates to trust, if the system's are not enough. The app sends it the handle that it
has from Gatepost, in X-Session-Id:

    GET  /me          who is this?
    POST /pay         something is paid: a fact in the person's flow "order", which no client can write
    POST /suspicious  the session must prove who it is, at its next request
    POST /bye         the session ends
"""
import base64
import json
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gatepost:
    """The calls that a service makes."""

    def __init__(self, url, name, secret, ca=None):
        self.url = url.rstrip("/")
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        pair = urllib.parse.quote_plus(name) + ":" + urllib.parse.quote_plus(secret)
        self.basic = "Basic " + base64.b64encode(pair.encode()).decode()
        self.tls = ssl.create_default_context(cafile=ca)

    def call(self, method, path, headers=None, data=None):
        """(status, body as JSON or None). Nobody is let in when Gatepost cannot be asked: that raises OSError."""
        request = urllib.request.Request(self.url + path, data, {"Authorization": self.basic, **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=10) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read()
        return status, json.loads(text) if text else None

    def introspect(self, token):
        """What the token stands for, or None. A handle, an access token, or a ticket."""
        status, body = self.call("POST", "/oauth/introspect", data=urllib.parse.urlencode({"token": token}).encode())
        if status != 200:
            raise OSError(f"introspection: {status} {body}")
        return body if body["active"] else None

    def api(self, method, path, handle, body=None, if_match=None):
        headers = {"X-Session-Id": handle}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if if_match is not None:
            headers["If-Match"] = if_match
        return self.call(method, "/api/v1" + path, headers, None if body is None else json.dumps(body).encode())


class Shop(BaseHTTPRequestHandler):
    gatepost = None

    def answer(self, status, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(text)

    def visitor(self):
        """The handle and what it stands for; (None, None): it was answered."""
        handle = self.headers.get("X-Session-Id", "")
        who = self.gatepost.introspect(handle) if handle else None
        # A guest's session is active, too, and nobody's: "sub" is who.
        if who is None or "sub" not in who:
            self.answer(401, {"error": "please sign in"})
            return None, None
        return handle, who

    def me(self, _handle, who):
        self.answer(200, {"id": who["sub"], "name": who.get("username"), "roles": who["roles"]})

    def pay(self, handle, _who):
        # Whatever version it is: a fact is merged into what is there.
        status, flow = self.gatepost.api("PATCH", "/flows/order", handle, {"facts": {"paid": True}}, if_match="*")
        if status == 200:
            status, flow = self.gatepost.api("POST", "/flows/order/step", handle, {"to": "paid"}, if_match="*")
        self.answer(200 if status == 200 else 409, {"step": flow.get("step")} if status == 200 else {"error": flow["code"]})

    def suspicious(self, handle, who):
        status, _ = self.gatepost.api("POST", f"/sessions/{who['sid']}/hold", handle, {"reason": "an odd order"})
        self.answer(204 if status == 204 else 502)

    def bye(self, handle, _who):
        status, _ = self.gatepost.api("DELETE", "/session", handle)
        self.answer(204 if status == 204 else 502)

    def serve(self):
        act = {("GET", "/me"): self.me, ("POST", "/pay"): self.pay, ("POST", "/suspicious"): self.suspicious,
               ("POST", "/bye"): self.bye}.get((self.command, self.path))
        if act is None:
            return self.answer(404)
        try:
            handle, who = self.visitor()
            if who is not None:
                act(handle, who)
        except (OSError, ValueError) as failure:
            print(failure, file=sys.stderr)
            self.answer(503)
        return None

    do_GET = serve
    do_POST = serve

    def log_message(self, *_):
        """The path is not worth a line, and headers must not be in one."""


def main():
    with open(os.environ["GATEPOST_SECRET_FILE"], encoding="ascii") as file:
        secret = file.read().strip()
    Shop.gatepost = Gatepost(os.environ["GATEPOST_URL"], os.environ["GATEPOST_SERVICE"], secret, os.environ.get("GATEPOST_CA"))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()


if __name__ == "__main__":
    main()
