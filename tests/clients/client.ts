// What a vendor writes against the generated types: it must compile as it is here, and work against a running service.
import createClient from "openapi-fetch";
import type { components, paths } from "./contract.d.ts";

type Set = components["schemas"]["Set"];
type Score = components["schemas"]["Score"];

const address = process.argv[2]!;
const client = createClient<paths>({ baseUrl: address });
const chart = { params: { path: { chart_id: "news2" } } };
const full: Set = {
  respiratory_rate: 21,
  oxygen_saturation: 93,
  air_or_oxygen: "air",
  systolic_bp: 120,
  heart_rate: { value: 95, unit: "/min" },
  consciousness: "alert",
  temperature: 37.5,
};
const part: Set = { respiratory_rate: 21, skip_temperature: "asleep", heart_rate: { skipped: "refused" } };
// @ts-expect-error: only the answers of the catalogue are taken
const wrong: Set = { consciousness: "sleepy" };

function must<T>(value: T | undefined, fault: unknown): T {
  if (value === undefined) throw new Error(JSON.stringify(fault));
  return value;
}

function words(score: Score): string {
  switch (score.status) {
    case "complete":
      return `complete ${score.total}`;
    case "partial": {
      const none: null | undefined = score.total; // a partial set has no total: the type says so
      return `partial ${score.total_min} to ${score.total_max}, ${none}`;
    }
    case "refused":
      return `refused ${score.problems[0]!.code}`;
  }
}

const one = await client.POST("/v1/charts/{chart_id}/score", { ...chart, body: full });
const scored = must(one.data, one.error);
if (!("parameters" in scored)) throw new Error("not asked for a minimal answer");
console.log("score", words(scored as Score)); // openapi-fetch leaves out properties that are always null

const many = await client.POST("/v1/charts/{chart_id}/score-many", { ...chart, body: [full, part] });
const results = must(many.data, many.error);
if (typeof results === "string" || !("summary" in results)) throw new Error("not JSON");
console.log("many", results.results.map((each) => ("parameters" in each ? words(each as Score) : "")).join("; "));

const checked = await client.POST("/v1/charts/{chart_id}/verify", {
  ...chart,
  body: { observations: full, stated: { total: 6, points: { temperature: 1 } } },
});
const verdict = must(checked.data, checked.error);
if (!("differences" in verdict)) throw new Error("not a verdict");
console.log("verify", verdict.verdict, verdict.differences.map((each) => each.where).join(","));

const form = new FormData();
form.append("file", new Blob(["respiratory_rate,heart_rate\n21,95\n12,60\n"], { type: "text/csv" }), "ward.csv");
const sent = await client.POST("/v1/charts/{chart_id}/score-file", {
  params: { ...chart.params, header: { Prefer: "respond-async", "Idempotency-Key": crypto.randomUUID() } },
  body: form as never, // a browser's form; the generated type names its parts
  bodySerializer: (body) => body as unknown as FormData,
});
let job = must(sent.data, sent.error) as components["schemas"]["Job"];
while (job.state === "queued" || job.state === "running") {
  await new Promise((resolve) => setTimeout(resolve, 100));
  const asked = await client.GET("/v1/jobs/{job_id}", { params: { path: { job_id: job.id } } });
  job = must(asked.data, asked.error);
}
const file = job.files.find((each) => each.name === "scores.csv")!;
const got = await client.GET("/v1/jobs/{job_id}/files/{name}", {
  params: { path: { job_id: job.id, name: file.name } },
  parseAs: "text",
});
console.log("job", job.state, job.rows, String(got.data).trim().split("\n").length);

const refused = await client.POST("/v1/charts/{chart_id}/score", { ...chart, body: { heart_rate: "fast" } });
console.log("refused", refused.response.status, refused.error?.problems.map((each) => each.code).join(","));
void wrong;
