"""python3 main.py <case> --url http://… --mode polling|websocket|upgrade

Runs one case of the Python client (Debian's python3-socketio). Prints JSON lines: {"signal": …} on the way, {"ok": true, …} or
{"ok": false, "error": …} at the end.
"""
import argparse
import asyncio
import json
import os
import queue
import sys
import traceback

import socketio

BOUND = 15
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
GOODBYE = ["client namespace disconnect", "transport close"]  # this client may close its transport before the packet has left


def say(**line):
    print(json.dumps(line), flush=True)


def signal(name):
    """Tells the xunit test that this point is reached, and waits until it has done its part."""
    say(signal=name)
    if not sys.stdin.readline():
        raise EOFError(f'the test went away before it answered "{name}"')


def same(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


class Inbox:
    """What arrives for one event, in order; each wait is bounded and says what it waited for."""

    def __init__(self, client, event, namespace="/"):
        self.name = f'"{event}" in {namespace}'
        self.items = queue.Queue()
        client.on(event, lambda *args: self.items.put(args), namespace=namespace)

    def get(self):
        try:
            return self.items.get(timeout=BOUND)
        except queue.Empty:
            raise AssertionError(f"waited {BOUND} s for {self.name}") from None


def leave(client):
    """Disconnects once everything has left: python-engineio's writer stops without the goodbye when it is still busy with an earlier request."""
    client.eio.queue.join()
    client.disconnect()


def connect(mode, url, namespaces=("/",), client=None, **options):
    client = client or socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.3)
    client.connect(url, transports=TRANSPORTS[mode], namespaces=list(namespaces), wait_timeout=BOUND, **options)
    return client


def Connects_by_the_chosen_transport_and_shows_its_handshake(mode, url):
    client = connect(mode, url + "?room=blue", headers={"X-Test": "yes"}, auth={"token": "t", "n": [1, None]})
    same(client.transport(), "polling" if mode == "polling" else "websocket")
    me = client.call("whoami")
    same((me["id"], me["transport"], me["connections"]), (client.get_sid(), client.transport(), 1))
    handshake = client.call("handshake")
    same(handshake["auth"], {"token": "t", "n": [1, None]})
    same(handshake["query"]["room"], "blue")
    same(handshake["headers"]["x-test"], "yes")
    leave(client)
    return {"reasons": {me["id"]: GOODBYE}}


def Events_of_every_kind_come_back(mode, url):
    client = socketio.Client()
    inbox = Inbox(client, "echo")
    connect(mode, url, client=client)
    kinds = ["text", "žluťoučký 日本語 🙂", 0, -1.5, 2**53 - 1, True, [None], [], [1, [2, {"a": None}]], {}, {"a": {"ключ": [1]}}]
    for kind in kinds:
        client.emit("echo", kind)
        same(inbox.get(), (kind,))
    client.emit("echo", ("several", 1, {"two": 2}))
    same(inbox.get(), ("several", 1, {"two": 2}))
    for i in range(500):
        client.emit("echo", i)
    # This client starts a thread per packet: it may give them in another order than they came.
    same(sorted(inbox.get() for _ in range(500)), [(i,) for i in range(500)])
    leave(client)


def Acknowledgements_go_both_ways(mode, url):
    client = socketio.Client()
    client.on("question", lambda what: {"asked": what})
    connect(mode, url, client=client)
    same(client.call("ask", {"a": 1}), {"a": 1})
    same(client.call("ask", (1, "two")), (1, "two"))
    same(client.call("ask me", "colour"), {"asked": "colour"})
    try:
        client.call("silent", 1, timeout=0.3)
        raise AssertionError("an event that nobody answers was answered")
    except socketio.exceptions.TimeoutError:
        pass
    leave(client)


def An_event_that_fails_is_answered_with_an_error(mode, url):
    client = connect(mode, url)
    same(
        client.call("buy", 3),
        {"error": {"message": "sold out", "code": "SOLD_OUT", "data": {"left": 2, "proof": b"\x01\x02"}}},
    )
    same(
        client.call("add", ("no number", 1)),
        {"error": {"message": "Argument 1 cannot be read as a whole number.", "code": "BAD_ARGUMENT"}},
    )
    for event in ("boom", "boom later"):
        same(client.call(event), {"error": {"message": "Internal server error", "code": "INTERNAL_ERROR"}})
    same(client.call("add", (1, 2)), 3)
    leave(client)


def A_sequence_is_read_by_events(mode, url):
    client = connect(mode, url)
    items, ended = queue.Queue(), object()
    client.on("stream:next", lambda stream, item: items.put(item))
    client.on("stream:end", lambda stream: items.put(ended))
    stream = client.call("count up", (20, -1))["stream"]
    client.emit("stream:pull", (stream, 16))
    got = []
    for item in iter(lambda: items.get(timeout=BOUND), ended):
        got.append(item)
        client.emit("stream:pull", (stream, 1))
    same(got, [{"bytes": b"\x07"} if number % 10 == 7 else number for number in range(20)])

    def pull(mine, count):
        for number in numbers:
            client.emit("stream:next", (mine, number))
            count -= 1
            if count == 0:
                return
        client.emit("stream:end", mine)

    numbers = iter(range(10))
    client.on("stream:pull", pull)
    same(client.call("sum", ({"stream": "mine"}, 0)), 45)
    leave(client)


def Namespaces_share_the_connection(mode, url):
    names = ["/", "/lobby", "/room-7"]
    client = socketio.Client()
    inboxes = {name: Inbox(client, "echo", name) for name in names}
    connect(mode, url, names, client)
    who = {name: client.call("whoami", namespace=name) for name in names}
    same([who[name]["namespace"] for name in names], names)
    same({one["connections"] for one in who.values()}, {1})
    same(len({one["connectionId"] for one in who.values()}), 1)
    for name in names:
        client.emit("echo", name, namespace=name)
    for name in names:
        same(inboxes[name].get(), (name,))
    client.emit("kick", False, namespace="/lobby")
    client.emit("echo", "still here")
    same(inboxes["/"].get(), ("still here",))
    leave(client)
    return {"reasons": {who["/"]["id"]: GOODBYE, who["/lobby"]["id"]: "server namespace disconnect"}}


def Rooms_reach_their_members(mode, url):
    one, two = socketio.Client(), socketio.Client()
    inboxes = [Inbox(client, "news") for client in (one, two)]
    for client in (one, two):
        connect(mode, url, client=client)
        client.call("join", "blue")
    one.call("publish", ({"via": "socket", "to": ["blue"]}, "news", "not to me"))
    one.call("publish", ({"via": "server", "to": ["blue"]}, "news", "to both"))
    same(inboxes[0].get(), ("to both",))
    same([inboxes[1].get(), inboxes[1].get()], [("not to me",), ("to both",)])
    leave(one)
    leave(two)


def A_refused_namespace_says_why(mode, url):
    for name, message in (("/guarded", "Not authorized"), ("/nowhere", "Invalid namespace")):
        client = socketio.Client()
        errors = Inbox(client, "connect_error", name)
        # Whoever waits waits all of wait_timeout: the client takes a refusal for no answer.
        client.connect(url, transports=TRANSPORTS[mode], namespaces=[name], wait=False)
        same(errors.get()[0]["message"], message)
        assert name not in client.namespaces, f"{name} let the client in"
        client.disconnect()
    client = connect(mode, url, ["/guarded"], auth={"token": "secret"})
    same(client.call("steps", namespace="/guarded"), ["first", "second"])
    leave(client)


def A_client_signs_in_by_a_token_and_is_told_why_it_cannot(mode, url):
    for auth, reason in (({}, "missing"), ({"token": "nonsense"}, "invalid"), ({"token": "ada.0"}, "expired")):
        client = socketio.Client()
        errors = Inbox(client, "connect_error", "/account")
        client.connect(url, transports=TRANSPORTS[mode], namespaces=["/account"], auth=auth, wait=False)
        same(errors.get(), ({"message": "Unauthorized", "data": {"code": "UNAUTHENTICATED", "reason": reason}},))
        client.disconnect()
    client = connect(mode, url, ["/account"], auth={"token": "ada.60000"})
    same(client.call("who", namespace="/account"), "ada")
    leave(client)


def A_sign_in_is_renewed_without_reconnecting_or_ends(mode, url):
    client = socketio.Client(reconnection=False)
    expiring, ended = Inbox(client, "authentication_expiring", "/account"), Inbox(client, "disconnect", "/account")
    connect(mode, url, ["/account"], client, auth={"token": "ada.2500"})
    sid = client.get_sid("/account")
    same(expiring.get(), (1,))
    renewed = client.call("authenticate", {"token": "ada.2500"}, namespace="/account")
    assert renewed["expires"].startswith("20"), renewed
    same(
        client.call("authenticate", {"token": "eve.60000"}, namespace="/account"),
        {"error": {"message": "Unauthorized", "code": "UNAUTHENTICATED", "data": {"reason": "other user"}}},
    )
    same(expiring.get(), (1,))
    same((client.get_sid("/account"), client.call("who", namespace="/account")), (sid, "ada"))
    ended.get()


def The_server_may_send_the_client_away(mode, url):
    client = socketio.Client()
    ended = Inbox(client, "disconnect")
    connect(mode, url, client=client)
    sid = client.get_sid()
    client.emit("kick", True)
    ended.get()
    return {"reasons": {sid: "server namespace disconnect"}}


def The_client_comes_back_when_the_server_does(mode, url):
    client = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.3)
    ups, downs, inbox = Inbox(client, "connect"), Inbox(client, "disconnect"), Inbox(client, "echo")
    connect(mode, url, client=client)
    ups.get()
    sid = client.get_sid()
    signal("up")
    downs.get()
    signal("down")
    ups.get()
    assert client.get_sid() != sid
    client.emit("echo", "again")
    same(inbox.get(), ("again",))
    leave(client)


async def connect_async(mode, url, headers=None):
    client = socketio.AsyncClient()
    came = asyncio.Queue()
    client.on("echo", lambda *args: came.put_nowait(args))
    client.on("question", lambda what: [what, b"\x05"])
    client.on("give bytes", lambda asked: asked + b"\x09")
    await client.connect(url, headers=headers or {}, transports=TRANSPORTS[mode], wait_timeout=BOUND)
    same(client.transport(), "polling" if mode == "polling" else "websocket")
    return client, lambda: asyncio.wait_for(came.get(), BOUND)


async def The_asynchronous_client_keeps_the_order(mode, url):
    client, echo = await connect_async(mode, url)
    sent = [(i, b"\x01" if i % 3 else "text", {"more": bytes([i % 256])}) for i in range(300)]
    for args in sent:
        await client.emit("echo", args)
    for args in sent:
        same(await echo(), args)
    await client.disconnect()


async def Binary_comes_back_byte_identical(mode, url):
    client, echo = await connect_async(mode, url)
    for blob in (b"", b"\x00", bytes(range(256)), os.urandom(300_000)):
        await client.emit("echo", blob)
        same(await echo(), (blob,))
    nested = {"name": "é", "parts": [b"\x01\x02", "text", {"deep": b"\x03"}]}
    await client.emit("echo", (1, nested, b"\x04"))
    same(await echo(), (1, nested, b"\x04"))
    same(await client.call("ask", {"b": b"\x02"}), {"b": b"\x02"})
    same(await client.call("ask me", "colour"), ["colour", b"\x05"])
    same(await client.call("ask me for bytes", b"\x07"), b"\x07\x09")
    await client.disconnect()


def A_burst_of_two_thousand_events_arrives(mode, url):
    client = socketio.Client()
    inbox = Inbox(client, "burst")
    connect(mode, url, client=client)
    client.emit("burst", (2000, "x"))
    same(sorted(inbox.get()[0] for _ in range(2000)), list(range(2000)))
    same(client.call("add", (1, 2)), 3)  # it lives
    leave(client)


async def A_burst_of_two_thousand_events_arrives_in_order(mode, url):
    client, _ = await connect_async(mode, url, headers={"User-Agent": "a robot of ours"})
    seen = []
    done = asyncio.Event()

    async def on_burst(number, _):
        seen.append(number)
        if len(seen) == 2000:
            done.set()

    client.on("burst", on_burst)
    await client.emit("burst", (2000, "x"))
    await asyncio.wait_for(done.wait(), BOUND)
    same(sorted(seen), list(range(2000)))
    same(await client.call("add", (1, 2)), 3)
    await client.disconnect()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("case")
    arguments.add_argument("--url", required=True)
    arguments.add_argument("--mode", required=True, choices=TRANSPORTS)
    options = arguments.parse_args()
    try:
        result = globals()[options.case](options.mode, options.url)
        if asyncio.iscoroutine(result):
            result = asyncio.run(result)
        say(ok=True, **(result or {}))
    except BaseException:  # whatever it was, the test has to read it
        say(ok=False, error=traceback.format_exc())
        os._exit(1)  # the client's threads do not end by themselves after a failure


main()
