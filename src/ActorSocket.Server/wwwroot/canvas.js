/**
 * Everyone's pointer on a shared surface: volatile both ways, at most 30 a second.
 * @param {HTMLElement} surface
 * @param {PageSocket} socket
 */
export function pointers(surface, socket) {
  const marks = new Map();
  let sent = 0;
  surface.addEventListener("pointermove", (event) => {
    if (performance.now() - sent < 33) return;
    sent = performance.now();
    const box = surface.getBoundingClientRect();
    const clamp = (value) => Math.min(1, Math.max(0, value));
    socket.volatile.emit("pointer", clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height));
  });
  socket.on("pointer", (id, name, x, y) => {
    let mark = marks.get(id);
    if (!mark) {
      mark = document.createElement("span");
      mark.textContent = name;
      mark.style.setProperty("--pointer", `hsl(${[...id].reduce((sum, c) => sum + c.charCodeAt(0) * 7, 0) % 360} 70% 50%)`);
      marks.set(id, mark);
      surface.append(mark);
    }
    mark.style.left = `${x * 100}%`;
    mark.style.top = `${y * 100}%`;
  });
  const drop = (id) => {
    marks.get(id)?.remove();
    marks.delete(id);
  };
  socket.on("pointer-gone", drop);
  return { clear: () => [...marks.keys()].forEach(drop) };
}
