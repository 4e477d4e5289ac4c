// Lambda's loop around the handler, in as little JavaScript as it takes: less than Lambda's own runtime does.

import http from "node:http";
import { handler } from "./handler.mjs";

const agent = new http.Agent({ keepAlive: true });
const invocation = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

function call(method, url, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject).end(body);
  });
}

for (;;) {
  const event = await call("GET", `${invocation}/next`);
  await handler(JSON.parse(event.body));
  await call("POST", `${invocation}/${event.headers["lambda-runtime-aws-request-id"]}/response`, "null");
}
