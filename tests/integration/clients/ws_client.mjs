// A WebSocket client through https-proxy-agent: argument is the URL. Sends text and 1 MiB of bytes, expects both back.
import { HttpsProxyAgent } from "https-proxy-agent";
import WebSocket from "ws";

const socket = new WebSocket(process.argv[2], { agent: new HttpsProxyAgent(process.env.HTTPS_PROXY) });
const large = Buffer.alloc(1 << 20, 7);
const expected = ["hello", "again", large];
let received = 0;
socket.on("open", () => expected.forEach((data) => socket.send(data)));
socket.on("message", (data, isBinary) => {
  const want = Buffer.from(expected[received++]);
  if (!want.equals(data) || isBinary !== (want.length > 10)) throw new Error(`echo ${received} differs`);
  if (received === expected.length) socket.close(1000);
});
socket.on("close", (code) => console.log(`${received} echoes, closed ${code}`));
