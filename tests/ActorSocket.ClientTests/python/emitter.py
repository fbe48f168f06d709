"""python emitter.py URL: does by a write-only manager what the case in node/redis.mjs expects, to the socket ids that follow."""
import sys

import socketio

url, first, second = sys.argv[1:]
manager = socketio.RedisManager(url, write_only=True)
manager.emit("nothing", None)
manager.emit("one", {"a": [1, "two", 3.5, None, True], "b": b"\x01\x02"})
manager.emit("several", (1, "two", ["three"]))
manager.emit("list", [1, 2], room=first)
manager.emit("none", "x", room=[])
manager.emit("big", 2**63)
manager.emit("but", "x", skip_sid=first)
manager.emit("game", "y", namespace="/game")
manager.disconnect(second)
manager.emit("end", None)
