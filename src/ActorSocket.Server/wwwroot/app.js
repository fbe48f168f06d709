import { showBanner } from "./banner.js";
import { pointers } from "./canvas.js";
import { pong } from "./pong.js";

/** @returns {any} */
const $ = (id) => document.getElementById(id);
/** @type {PageSocket} */
const socket = io({ autoConnect: false });
window.__socket = socket;
let name = sessionStorage.getItem("name");
let lobby = sessionStorage.getItem("lobby");

showBanner(socket, { status: $("status"), transport: $("transport"), ping: $("ping") });
const canvas = pointers($("canvas"), socket);

/**
 * Asks the server; an { error } in its answer is shown and thrown.
 * @template {keyof Asked} E
 * @param {E} event
 * @param {Question<E>} args
 * @returns {Promise<Reply<E>>}
 */
async function ask(event, ...args) {
  const answer = await /** @type {any} */ (socket.timeout(20000)).emitWithAck(event, ...args);
  if (answer?.error) {
    const { message, code } = answer.error;
    show(message);
    throw Object.assign(new Error(message), { refused: code !== "AWAY" && code !== "INTERNAL_ERROR" });
  }
  return answer;
}

let errorTimer;
function show(text) {
  $("error").textContent = text;
  $("error").hidden = false;
  clearTimeout(errorTimer);
  errorTimer = setTimeout(() => ($("error").hidden = true), 4000);
}

const element = (tag, className, ...children) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
};

function addLine(className, ...children) {
  $("messages").append(element("li", className, ...children));
  while ($("messages").children.length > 200) $("messages").firstChild.remove();
  $("messages").scrollTop = $("messages").scrollHeight;
}

function addChat({ from, text, time }) {
  addLine("", element("b", "", from), " ", text, element("time", "", new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
}

function showLobbies(list) {
  $("lobbies").replaceChildren(...list.map(({ name: title, heads }) => {
    const button = element("button", "", element("span", "", title), element("span", "", String(heads)));
    button.type = "button";
    button.onclick = () => join(title).catch(() => {});
    const item = element("li", "", button);
    item.dataset.lobby = title;
    item.dataset.heads = heads;
    item.setAttribute("aria-current", String(title === lobby));
    return item;
  }));
}

function showMembers(members) {
  $("members").replaceChildren(...members.map((member) => {
    if (member === name) return element("li", "me", `${member} (you)`);
    const button = element("button", "", member);
    button.type = "button";
    button.title = "Send a private message";
    button.onclick = () => whisper(member);
    return element("li", "", button);
  }));
}

const game = pong(socket, { ask, element, show });

async function login() {
  const answer = await ask("login", name);
  name = answer.name;
  sessionStorage.setItem("name", name);
  $("login-form").hidden = true;
  $("app").hidden = false;
}

async function join(title, again = false) {
  const answer = await ask("join", title, again);
  lobby = answer.name;
  sessionStorage.setItem("lobby", lobby);
  $("lobby").hidden = $("side").hidden = false;
  $("lobby-name").textContent = lobby;
  for (const item of $("lobbies").children) item.setAttribute("aria-current", String(item.dataset.lobby === lobby));
  $("messages").replaceChildren();
  answer.history.forEach(addChat);
  canvas.clear();
  showMembers(answer.members);
  game.list(await ask("games"));
  $("lobby").dataset.joined = socket.id;
}

async function whisper(to) {
  const text = prompt(`Private message to ${to}`);
  if (!text) return;
  const line = element("span", "", `to ${to}: ${text} `);
  const mark = element("time", "", "sending…");
  addLine("whisper", line, mark);
  await ask("whisper", to, text).then(() => (mark.textContent = "delivered"), () => (mark.textContent = "not delivered"));
}

// Whatever happened to the connection or the server: say again who we are and where we were, until it is heard: a cluster that lost a node takes a while.
socket.on("connect", async () => {
  const { id } = socket;
  while (name && socket.id === id) {
    try {
      await login();
      if (lobby) await join(lobby, true);
      await game.resume();
      return;
    } catch (/** @type {any} */ error) {
      console.warn(error);
      if (error.refused) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
});
socket.on("disconnect", () => delete $("lobby").dataset.joined);
socket.on("lobbies", showLobbies);
socket.on("members", showMembers);
socket.on("online", (count) => {
  $("online").textContent = `${count} online`;
  $("online").hidden = false;
});
socket.on("said", (line) => {
  $("typing").textContent = "";
  addChat(line);
});
let typingTimer;
socket.on("typing", (who) => {
  $("typing").textContent = `${who} is typing…`;
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => ($("typing").textContent = ""), 2000);
});
socket.on("picture", (from, type, data) => addPicture(from, new Blob([data], { type })));
socket.on("whisper", (from, text, ack) => {
  addLine("whisper", element("b", "", from), ` whispers: ${text}`);
  ack(true);
});
socket.on("ready?", (from, ack) => {
  const box = $("ready-question");
  box.firstElementChild.textContent = `${from} wants to start.`;
  box.hidden = false;
  const answer = (ready) => () => {
    box.hidden = true;
    ack(ready);
  };
  $("ready-yes").onclick = answer(true);
  $("ready-no").onclick = answer(false);
});
socket.on("ready-result", (started) => {
  $("ready-question").hidden = true;
  addLine("news", started ? "All are ready: the game starts!" : "Not everyone is ready.");
});

function addPicture(from, blob) {
  const image = element("img");
  image.alt = `Picture from ${from}`;
  image.src = URL.createObjectURL(blob);
  image.onload = () => URL.revokeObjectURL(image.src);
  addLine("", element("b", "", from), image);
}

$("login-form").onsubmit = (event) => {
  event.preventDefault();
  name = $("name").value.trim();
  if (socket.connected) login().catch(() => {});
  else if (!socket.active) socket.connect(); // a second connect() under way would ask for the namespace twice; "connect" logs in
};
$("create-form").onsubmit = async (event) => {
  event.preventDefault();
  const title = $("create-name").value.trim();
  try {
    await join((await ask("create", title)).name);
    $("create-name").value = "";
  } catch { /* shown */ }
};
$("say-form").onsubmit = async (event) => {
  event.preventDefault();
  const text = $("message").value.trim();
  if (!text) return;
  $("message").value = "";
  await ask("say", text).catch(() => ($("message").value = text));
};
let typed = 0;
$("message").oninput = () => {
  if (Date.now() - typed < 1000) return;
  typed = Date.now();
  socket.volatile.emit("typing");
};
$("picture").onchange = async () => {
  const [file] = $("picture").files;
  $("picture").value = "";
  if (!file) return;
  if (file.size > 500000) return show("A picture has at most 500 kB.");
  await ask("picture", file.type, file).then(() => addPicture(name, file), () => {});
};
$("ready").onclick = () => ask("ready-check").catch(() => {});

$("name").value = name ?? "";
$("login").disabled = false; // from here on it is this script that sends the form
socket.connect();
