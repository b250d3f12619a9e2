// A WebSocket echo origin with TLS that demands the credential: arguments are address, certificate, key; the value of the
// Authorization header to expect comes in CREDENTIAL. Prints "ready" when it listens.
import { readFileSync } from "node:fs";
import https from "node:https";
import { WebSocketServer } from "ws";

const [address, cert, key] = process.argv.slice(2);
const server = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) });
const sockets = new WebSocketServer({
  server,
  verifyClient: ({ req }, done) => done(req.headers.authorization === process.env.CREDENTIAL, 401),
});
sockets.on("connection", (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })));
server.listen(443, address, () => console.log("ready"));
