// Node's own https module with https-proxy-agent, kept alive: argument is the URL.
import https from "node:https";
import { HttpsProxyAgent } from "https-proxy-agent";

const agent = new HttpsProxyAgent(process.env.HTTPS_PROXY, { keepAlive: true });
const get = (url) => new Promise((resolve, reject) => {
  https.get(url, { agent, headers: { Authorization: "Bearer dummy" } }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (piece) => (text += piece)).on("end", () => resolve(`${answer.statusCode} ${text}`));
  }).on("error", reject);
});
for (let i = 0; i < 3; i++) console.log(await get(process.argv[2] + "/small"));
agent.destroy();
