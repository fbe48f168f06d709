// Puts together what an entity shows: docs/guide/entities.md, "What clients see".
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function merge(target, patch) {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, merge(merged.get(name), value));
  }
  return Object.fromEntries(merged); // where "__proto__" is a name like others
}

function follow(socket, show, askAgain) {
  const known = new Map(); // by the entity's name
  let asked = 0;
  const take = (name, version, value) => (known.set(name, { version, value }), show(name, value));
  socket.on("connect", () => socket.recovered || known.clear());
  socket.on("sync", (name, version, value) => version >= (known.get(name)?.version ?? 0) && take(name, version, value));
  socket.on("sync:patch", (name, version, patch) => {
    const last = known.get(name);
    if (last?.version === version - 1) take(name, version, merge(last.value, patch));
    else if (!(version <= last?.version) && Date.now() - asked > 1000) (asked = Date.now()), askAgain(name); // something is missing
  });
}

export { follow };
