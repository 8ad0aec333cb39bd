// A text to its fused ranking, by Node alone:
//   sunwi index --engine opensearch --with hybrid > request.json
//   SUNWI_OPENSEARCH_URL=http://127.0.0.1:9200 node hybrid_search.mjs request.json "질문"
import { readFileSync } from "node:fs";

const [file, text, alias = "sunwi-hybrid"] = process.argv.slice(2);
const request = JSON.parse(readFileSync(file, "utf8"), (_, value) => (value === "${TEXT}" ? text : value));
const answer = await fetch(`${process.env.SUNWI_OPENSEARCH_URL}/${alias}/_search`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(request),
});
const body = await answer.json();
if (!answer.ok) {
  console.error(`status ${answer.status}: ${body.error?.reason ?? JSON.stringify(body)}`);
  process.exit(1);
}
for (const hit of body.hits.hits) {
  console.log([hit._id, hit._score, hit._source.content.slice(0, 60).replace(/\s+/g, " ")].join("\t"));
}
