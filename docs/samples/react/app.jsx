// What a page has to say about a connection that comes and goes, and what it does with messages meanwhile.
import { StrictMode, useEffect, useReducer, useState } from "react";
import { createRoot } from "react-dom/client";
import { io } from "socket.io-client";

const socket = io({
  autoConnect: false, // the page below connects, and disconnects when it goes
  auth: (give) => give({ token: sessionStorage.getItem("token") }),
  retries: Infinity, // a message waits for a connection, in order, and is sent again until it is answered;
  ackTimeout: 5_000, // its key tells the server which it has had
});

/** A message's own. (crypto.randomUUID is there on pages of https and of localhost only.) */
const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

/** Seconds until an attempt to connect; the client adds or takes up to half, so that not all come back at once. */
const delayOf = (attempt) => Math.min(socket.io.reconnectionDelay() * 2 ** (attempt - 1), socket.io.reconnectionDelayMax()) / 1000;

function useConnection() {
  const [state, setState] = useState({ is: "connecting" });
  useEffect(() => {
    const lost = (attempt) => setState({ is: "reconnecting", attempt, delay: delayOf(attempt) });
    const ofSocket = {
      connect: () => setState((before) => ({ is: "online", recovered: socket.recovered, again: before.is === "reconnecting" })),
      disconnect: () => (socket.active ? lost(1) : setState({ is: "ended" })),
      connect_error: (error) => !socket.active && setState({ is: "refused", message: error.message, code: error.data?.code }),
    };
    const ofManager = {
      reconnect_attempt: (attempt) => setState({ is: "reconnecting", attempt }),
      reconnect_error: () => setState(({ attempt = 0 }) => ({ is: "reconnecting", attempt: attempt + 1, delay: delayOf(attempt + 1) })),
    };
    const each = (emitter, listeners, verb) => Object.entries(listeners).forEach(([event, listener]) => emitter[verb](event, listener));
    each(socket, ofSocket, "on");
    each(socket.io, ofManager, "on");
    socket.connect();
    return () => { // StrictMode does this at once, and then all of the above again: one connection is left
      each(socket, ofSocket, "off");
      each(socket.io, ofManager, "off");
      socket.disconnect();
    };
  }, []);
  return state;
}

function Connection({ state }) {
  const again = <button onClick={() => socket.connect()}>Connect</button>;
  const signIn = async (form) => {
    const answer = await fetch("/sign-in?name=" + encodeURIComponent(form.get("name")), { method: "POST" });
    if (!answer.ok) return;
    sessionStorage.setItem("token", (await answer.json()).accessToken);
    socket.connect();
  };
  switch (state.is) {
    case "connecting": return "Connecting …";
    case "online": return state.recovered ? "Online, nothing missed" : state.again ? "Online, something may be missing" : "Online";
    case "reconnecting": return `Connection lost, attempt ${state.attempt} ${state.delay ? `in about ${state.delay} s` : "…"}`;
    case "ended": return <>The server has ended the connection. {again}</>; // the client makes no attempt by itself
    case "refused":
      return state.code === "UNAUTHENTICATED"
        ? <form action={signIn}><input name="name" placeholder="Your name" required /> <button>Sign in</button></form>
        : <>Refused: {state.message} {again}</>;
  }
}

/** What others have said, and what I say from the moment that I press the button; the latter is told by its key how it fares. */
function merge(messages, message) {
  return messages.some(({ key }) => key === message.key)
    ? messages.map((one) => (one.key === message.key ? { ...one, ...message } : one))
    : [...messages, message];
}

function Chat() {
  const state = useConnection();
  const [here, setHere] = useState(0);
  const [messages, add] = useReducer(merge, []);
  useEffect(() => {
    const said = (who, text) => add({ key: newKey(), who, text });
    socket.on("said", said).on("here", setHere);
    return () => socket.off("said", said).off("here", setHere);
  }, []);
  const say = (form) => {
    const message = { key: newKey(), text: form.get("text"), state: "waiting" };
    add(message);
    socket.emit("say", message.key, message.text, (_, answer) =>
      add({ key: message.key, state: answer.error ? answer.error.message : "said" }));
  };
  return (
    <>
      <div role="status" className={state.is}><Connection state={state} /></div>
      <p>{here} here</p>
      <ul>
        {messages.map(({ key, who = "I", text, state }) => <li key={key} className={state}>{who}: {text} <small>{state}</small></li>)}
      </ul>
      <form action={say}><input name="text" placeholder="Your message" autoComplete="off" required maxLength={500} /> <button>Say</button></form>
    </>
  );
}

createRoot(document.getElementById("root")).render(<StrictMode><Chat /></StrictMode>);
