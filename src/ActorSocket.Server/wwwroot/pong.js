/** The game: a court to draw, a paddle to steer, and who plays. Positions come sixty times a second, and may be missed; all else is synced. */
import { follow } from "./sync.js";

const court = { width: 160, height: 100, paddle: 20, paddleX: 5, paddleWidth: 2, ball: 1.5, paddleSpeed: 160 };
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @param {PageSocket} socket */
export function pong(socket, { ask, element, show }) {
  /** @returns {any} */
  const $ = (id) => document.getElementById(id);
  const [panel, canvas] = [$("game"), $("court")];
  const pen = canvas.getContext("2d");
  let seat = JSON.parse(sessionStorage.getItem("seat") ?? "null"); // { id, token }: a reload goes on with it
  let watching = sessionStorage.getItem("watching");
  /** @type {number | null} */
  let side = null;
  /** @type {PongView | null} */
  let game = null; // what is synced
  /** @type {any} */
  let frame = null; // [x, y, speed x, speed y, left, right]
  let frameAt = 0;
  /** @type {any} */
  let drawn = null;
  /** @type {number | null} */
  let target = null;
  const keys = new Set();
  const measured = (window.__pong = { frames: 0, longestGap: 0, get frame() { return frame; } });

  const keep = (name, value) => (value ? sessionStorage.setItem(name, typeof value === "string" ? value : JSON.stringify(value)) : sessionStorage.removeItem(name));
  const idOf = (name) => name.slice("pong:".length);
  const current = () => seat?.id ?? watching;

  function setSeat(value) {
    seat = value;
    keep("seat", value);
    if (!value) side = null;
  }

  function setWatching(id) {
    watching = id;
    keep("watching", id);
  }

  function clear() {
    game = frame = drawn = target = null;
    render();
  }

  /**
   * Asks until there is an answer: a game whose node has crashed starts again elsewhere. False: it is over.
   * @template {keyof Asked} E
   * @param {E} event
   * @param {Question<E>} args
   * @returns {Promise<Reply<E> | false | null>}
   */
  async function insist(event, ...args) {
    const { id } = socket;
    while (socket.connected && socket.id === id) {
      const answer = await /** @type {any} */ (socket.timeout(5000)).emitWithAck(event, ...args).catch(() => ({ error: { code: "AWAY" } }));
      if (!["AWAY", "INTERNAL_ERROR"].includes(answer.error?.code)) return answer.error ? false : answer;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return null;
  }

  async function sit() {
    const answer = await insist("sit", seat.id, seat.token);
    if (answer) side = answer.side;
    else if (answer === false) {
      setSeat(null);
      clear();
      if (watching) await resume();
    }
    render();
  }

  async function watch(id) {
    setWatching(id);
    if ((await insist("watch", id)) === false && watching === id) {
      setWatching(null);
      clear();
    }
    render();
  }

  /** Whatever happened to the connection, the page or the server. */
  async function resume() {
    if (seat) await sit();
    else if (watching) await watch(watching);
  }

  function setQueued(isQueued) {
    $("play").textContent = isQueued ? "Waiting for an opponent… cancel" : "Play";
    $("play").dataset.queued = String(isQueued);
  }

  follow(
    socket,
    (name, /** @type {PongView} */ value) => {
      if (idOf(name) !== current()) return;
      game = value;
      if (value.phase !== "Playing") frame &&= [frame[0], frame[1], 0, 0, frame[4], frame[5]];
      render();
    },
    () => resume(),
  );

  socket.on("frame", (id, ...values) => {
    if (id !== current()) return;
    const now = performance.now();
    if (frameAt && game?.phase === "Playing") measured.longestGap = Math.max(measured.longestGap, now - frameAt);
    [frame, frameAt] = [values.slice(0, 6), now];
    measured.frames++;
  });
  socket.on("matched", async ({ id, token }) => {
    setQueued(false);
    if (watching) {
      socket.emit("unwatch", null, () => {});
      setWatching(null);
    }
    clear();
    setSeat({ id, token });
    await sit();
    canvas.focus({ preventScroll: true });
  });
  socket.on("unmatched", (reason) => {
    setQueued(false);
    if (reason === "timedOut") show("Nobody wants to play just now.");
  });
  socket.on("disconnect", () => {
    setQueued(false);
    frameAt = 0;
    render();
  });

  $("play").onclick = async () => {
    const isQueued = $("play").dataset.queued === "true";
    try {
      await ask(isQueued ? "play-cancel" : "play");
      setQueued(!isQueued);
    } catch { /* shown */ }
  };
  $("leave-game").onclick = async () => {
    const [wasSeated, id] = [seat !== null, current()]; // it is said until it is heard, which may be in the next game
    setSeat(null);
    setWatching(null);
    clear();
    await insist(wasSeated ? "give-up" : "unwatch", id);
  };

  // ---- Steering: where the pointer is, or up and down.

  const toCourt = (event) => {
    const box = canvas.getBoundingClientRect();
    return clamp(((event.clientY - box.top) / box.height) * court.height, 0, court.height);
  };
  canvas.addEventListener("pointermove", (event) => (target = toCourt(event)));
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    target = toCourt(event);
  });
  const directions = { ArrowUp: -1, w: -1, W: -1, ArrowDown: 1, s: 1, S: 1 };
  document.addEventListener("keydown", (event) => {
    if (side === null || !(event.key in directions) || /** @type {Element} */ (event.target).matches("input, textarea")) return;
    keys.add(event.key);
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => keys.delete(event.key));
  window.addEventListener("blur", () => keys.clear());

  /** @type {number | null} */
  let sent = null;
  setInterval(() => {
    if (side === null || target === null || !socket.connected || game?.phase !== "Playing") return;
    const rounded = Math.round(target * 10) / 10;
    if (rounded !== sent) socket.volatile.emit("steer", (sent = rounded));
  }, 1000 / 30);
  setInterval(() => (sent = null), 1000); // one may have been dropped

  // ---- Drawing

  function render() {
    const isOn = current() !== null && current() !== undefined;
    panel.hidden = !isOn;
    if (!isOn) {
      $("play").hidden = false;
      return;
    }
    const stalled = game?.phase === "Playing" && frameAt > 0 && performance.now() - frameAt > 1000;
    const name = (player) => (player ? player.name || "…" : "…");
    for (const id of /** @type {const} */ (["left", "right"])) {
      const player = game?.[id];
      $(`${id}-name`).textContent = name(player);
      $(`${id}-score`).textContent = String(player?.score ?? 0);
      $(`${id}-name`).dataset.away = String(player?.isAway ?? false);
    }
    $("left-name").dataset.me = String(side === 0);
    $("right-name").dataset.me = String(side === 1);
    const winner = game?.winner === 0 ? game.left : game?.winner === 1 ? game.right : null;
    const away = [game?.left, game?.right].filter((player) => player?.isAway).map(name);
    $("game-state").textContent =
      !socket.connected ? "Reconnecting…"
      : stalled ? "The game moves to another node…"
      : !game ? "Joining…"
      : game.phase === "Waiting" ? "Waiting for both…"
      : game.phase === "Paused" ? `${away.join(" and ") || "Somebody"} lost the connection: the game waits.`
      : game.phase === "Over" ? (winner ? `${winner.name} wins!` : "Nobody wins.")
      : "";
    $("play").hidden = side !== null && game?.phase !== "Over";
    $("leave-game").textContent = side === null ? "Stop watching" : game?.phase === "Over" ? "Close" : "Give up";
    $("game-hint").textContent = side === null ? "You are watching." : "Move the mouse or a finger on the court, or use ↑ and ↓.";
    Object.assign(panel.dataset, { phase: game?.phase ?? "", side: side ?? "", score: `${game?.left?.score ?? 0}:${game?.right?.score ?? 0}`, stalled: String(stalled) });
  }

  /** Between two frames the ball goes on as it went, a tenth of a second at most. */
  function predicted(now) {
    const [x, y, speedX, speedY, left, right] = frame;
    const seconds = Math.min((now - frameAt) / 1000, 0.1);
    const at = y + speedY * seconds;
    const bounced = at < court.ball ? 2 * court.ball - at : at > court.height - court.ball ? 2 * (court.height - court.ball) - at : at;
    return { x: x + speedX * seconds, y: bounced, left, right };
  }

  let last = performance.now();
  function draw(now) {
    requestAnimationFrame(draw);
    const seconds = Math.min((now - last) / 1000, 0.1);
    last = now;
    if (panel.hidden) return;
    if ((panel.dataset.stalled === "true") !== (game?.phase === "Playing" && frameAt > 0 && now - frameAt > 1000)) render();
    for (const key of keys) target = clamp((target ?? court.height / 2) + directions[key] * court.paddleSpeed * seconds, court.paddle / 2, court.height - court.paddle / 2);
    const box = canvas.getBoundingClientRect();
    const scale = (box.width / court.width) * devicePixelRatio;
    const [width, height] = [Math.round(court.width * scale), Math.round(court.height * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const style = getComputedStyle(canvas); // its colours are the stylesheet's
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, court.width, court.height);
    pen.strokeStyle = style.borderTopColor;
    pen.lineWidth = 0.6;
    pen.setLineDash([3, 3]);
    pen.beginPath();
    pen.moveTo(court.width / 2, 0);
    pen.lineTo(court.width / 2, court.height);
    pen.stroke();
    if (!frame) return;
    const next = predicted(now);
    if (!drawn || Math.abs(next.x - drawn.x) > 20) drawn = next;
    // One's own paddle goes at once, as the rules let it; where it is for the others comes back a moment later.
    const own = side === 0 ? "left" : side === 1 ? "right" : null;
    for (const paddle of ["left", "right"]) {
      if (paddle === own && target !== null && game?.phase === "Playing" && Math.abs(drawn[paddle] - next[paddle]) < 25)
        drawn[paddle] += clamp(clamp(target, court.paddle / 2, court.height - court.paddle / 2) - drawn[paddle], -court.paddleSpeed * seconds, court.paddleSpeed * seconds);
      else drawn[paddle] += (next[paddle] - drawn[paddle]) * 0.5;
    }
    [drawn.x, drawn.y] = [drawn.x + (next.x - drawn.x) * 0.7, drawn.y + (next.y - drawn.y) * 0.7];
    const bar = (x, y, colour) => {
      pen.fillStyle = colour;
      pen.beginPath();
      pen.roundRect(x, y - court.paddle / 2, court.paddleWidth, court.paddle, 1);
      pen.fill();
    };
    bar(court.paddleX - court.paddleWidth, drawn.left, side === 0 ? style.accentColor : style.caretColor);
    bar(court.width - court.paddleX, drawn.right, side === 1 ? style.accentColor : style.caretColor);
    pen.fillStyle = style.color;
    pen.beginPath();
    pen.arc(drawn.x, drawn.y, court.ball, 0, 7);
    pen.fill();
  }
  requestAnimationFrame(draw);

  /** The games of the lobby, to be watched. */
  function list(games) {
    $("games-title").hidden = games.length === 0;
    $("games").replaceChildren(...games.map(({ id, players, score }) => {
      const button = element("button", "", `${players.join(" – ")} `, element("span", "", score.join(":")));
      button.type = "button";
      button.title = "Watch";
      button.onclick = () => {
        if (seat?.id === id) return;
        if (side !== null) return show("Finish your own game first.");
        clear();
        watch(id);
      };
      const item = element("li", "", button);
      item.dataset.game = id;
      return item;
    }));
  }
  socket.on("games", list);

  return { resume, list };
}
