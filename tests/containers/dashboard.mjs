// Asks Prometheus for what each panel of Grafana's dashboards shows, and says which have no answer. usage: node dashboard.mjs URL
import { readFileSync, readdirSync } from "node:fs";
const folder = new URL("../../config/grafana/dashboards/", import.meta.url);
let asked = 0;
const silent = [];
for (const file of readdirSync(folder))
  for (const panel of JSON.parse(readFileSync(new URL(file, folder), "utf8")).panels)
    for (const { expr } of panel.targets ?? []) {
      const query = expr.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "5m");
      const answer = await (await fetch(`${process.argv[2]}/api/v1/query?query=${encodeURIComponent(query)}`)).json();
      asked++;
      if (answer.status !== "success") throw new Error(`${panel.title}: ${JSON.stringify(answer)}`);
      if (answer.data.result.length === 0) silent.push(panel.title);
    }
console.log(`${asked} understood by Prometheus, ${asked - silent.length} with an answer${silent.length ? `; without: ${silent.join(", ")}` : ""}`);
