#!/usr/bin/env python3
"""Asks a real `codex app-server` for one turn, as the IDE extension does, and prints what comes back, errors included.

usage: app_server_turn.py CODEX CWD
The environment is the caller's. The provider should be on loopback: nothing else is to be asked."""
import json
import subprocess
import sys
import time

LIMIT = 20  # seconds for each answer

codex, cwd = sys.argv[1:]
server = subprocess.Popen([codex, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, cwd=cwd)


def send(**message):
    server.stdin.write(json.dumps(message) + "\n")
    server.stdin.flush()


def answer(wanted):
    end = time.time() + LIMIT
    while time.time() < end:
        line = server.stdout.readline()
        if not line:
            return None
        message = json.loads(line)
        if wanted(message):
            return message
    return None


try:
    send(id=0, method="initialize", params={"clientInfo": {"name": "codex_vscode", "title": "Codex", "version": "0"}})
    answer(lambda m: m.get("id") == 0)
    send(method="initialized")
    send(id=1, method="thread/start", params={"cwd": cwd})
    thread = answer(lambda m: m.get("id") == 1)
    if not thread or "error" in thread:
        print(json.dumps(thread))
        sys.exit(1)
    text = [{"type": "text", "text": "hi"}]
    send(id=2, method="turn/start", params={"threadId": thread["result"]["thread"]["id"], "input": text})
    print(json.dumps(answer(lambda m: m.get("method") in ("error", "turn/completed"))))
finally:
    server.kill()
