// undici's ProxyAgent and EnvHttpProxyAgent: arguments are the URL, and the proxy's URL for ProxyAgent.
import { EnvHttpProxyAgent, ProxyAgent, fetch } from "undici";

const [base, proxy] = process.argv.slice(2);
const dispatcher = proxy ? new ProxyAgent(proxy) : new EnvHttpProxyAgent();
for (let i = 0; i < 3; i++) {
  const answer = await fetch(`${base}/small`, { dispatcher, headers: { authorization: "Bearer dummy" } });
  console.log(answer.status, await answer.text());
}
const posted = await fetch(`${base}/sink`, { dispatcher, method: "POST", body: "x".repeat(100_000) });
console.log(posted.status, await posted.text());
await dispatcher.close();
