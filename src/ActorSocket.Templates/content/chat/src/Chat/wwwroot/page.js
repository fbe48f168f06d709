const socket = io();
const $ = (id) => document.getElementById(id);
let name = null;

function show(text, kind) {
  const line = document.createElement("li");
  line.textContent = text; // what others wrote is text, never HTML
  line.className = kind ?? "";
  $("messages").append(line);
}

socket.on("said", (from, text) => show(`${from}: ${text}`));
socket.on("came", (who) => show(`${who} came`, "note"));
socket.on("left", (who) => show(`${who} left`, "note"));

socket.on("disconnect", (reason) => ($("state").textContent = `offline (${reason}), coming back`));
socket.on("connect", async () => {
  $("state").textContent = "online";
  document.querySelector("button").disabled = false; // not before: the browser would send the form, and load the page again
  // A recovered connection is in already, with what it missed; a new one has to enter again.
  if (name && !socket.recovered) await socket.emitWithAck("enter", name);
});

$("form").onsubmit = async (submit) => {
  submit.preventDefault();
  const text = $("text").value;
  const answer = await socket.timeout(5000).emitWithAck(name ? "say" : "enter", text).catch(() => ({ error: { message: "No answer: try again." } }));
  if (answer?.error) return show(answer.error.message, "note");
  if (!name) {
    name = answer;
    $("text").placeholder = "Your message";
    document.querySelector("button").textContent = "Say";
  }
  $("text").value = "";
};
