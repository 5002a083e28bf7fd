// Scores a set and a stream of sets over HTTP; Node 18 or newer, or a browser module:   node examples/clients/score.mjs http://127.0.0.1:8311 [KEY]
const [base, key] = process.argv.slice(2);
const headers = { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };

async function call(path, body, more = {}) {
  const answer = await fetch(base + path, { method: "POST", headers: { ...headers, ...more }, body });
  if (!answer.ok) {
    const problem = await answer.json();
    throw new Error(problem.problems.map((one) => `${one.where}: ${one.what} (mend: ${one.mend})`).join("\n"));
  }
  return answer;
}

const readings = {
  respiratory_rate: 21, oxygen_saturation: 93, air_or_oxygen: "air", systolic_bp: 120,
  heart_rate: 95, consciousness: "alert", temperature: 37.5,
};
const result = await (await call("/v1/charts/news2/score", JSON.stringify(readings))).json();
console.log(result.says);

const lines = [readings, { respiratory_rate: 12 }].map((one) => JSON.stringify(one)).join("\n");
const many = await call("/v1/charts/news2/score-many", lines, { "Content-Type": "application/x-ndjson" });
for (const line of (await many.text()).trim().split("\n")) {
  const one = JSON.parse(line);
  console.log(one.status === "complete" ? `total ${one.total}` : `no total, between ${one.total_min} and ${one.total_max}`);
}
