// A PostgreSQL client program with npm's `pg`: connects where libpq's variables say, and prints what it was told, a line each. The same
// program runs with and without Cordon, and must print the same.
import { readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import pg from "pg";
import copy from "pg-copy-streams";

const { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database, PGPASSWORD: password, PGSSLMODE: mode, PGSSLROOTCERT: roots } = process.env;
const ssl = mode === "disable" ? false : { ca: readFileSync(roots) };
const settings = { host, port: Number(port), user, database, password, ssl };
const print = (name, value) => console.log(name, JSON.stringify(value));

const client = new pg.Client(settings);
await client.connect();
print("select", (await client.query("select 1 as one, 'ü€𝄞' as text, null as nothing, 2.5::float8 as f, true as yes, array[1,2] as list")).rows);
print("long", (await client.query("select repeat('x', 1000000) as x")).rows[0].x.length);
print("parameters", (await client.query("select $1::text || $2 as joined, $3::int + 1 as sum", ["a", "b", 41])).rows);
print("prepared", (await client.query({ name: "twice", text: "select $1::int * 2 as twice", values: [21] })).rows);
print("prepared again", (await client.query({ name: "twice", text: "select $1::int * 2 as twice", values: [4] })).rows);
await client.query("create temp table t (n int primary key, s text)");
await pipeline(Readable.from((function* () {
  for (let n = 0; n < 1000; n++) yield `${n}\trow ${n}\n`;
})()), client.query(copy.from("copy t from stdin")));
print("copied in", (await client.query("select count(*)::int as rows, max(n) as last from t")).rows);
let size = 0;
for await (const part of client.query(copy.to("copy (select * from t order by n) to stdout"))) size += part.length;
print("copied out", size);
try {
  await client.query("insert into t values (1, 'again')");
} catch (error) {
  print("error", error.code);
}
print("who", (await client.query("select current_user, session_user, current_database()")).rows);

const sleeping = new pg.Query("select pg_sleep(60)");
const canceled = new Promise((done) => sleeping.on("error", (error) => done(error.code)).on("end", () => done("ended")));
client.query(sleeping);
setTimeout(() => new pg.Client(settings).cancel(client, sleeping), 500);
print("canceled", await canceled);

const told = new Promise((done) => client.on("notification", ({ channel, payload }) => done({ channel, payload })));
await client.query("listen news");
await client.query("notify news, 'told'");
print("notified", await told);
await client.end();

const pool = new pg.Pool({ ...settings, max: 4 });
const numbers = await Promise.all([...Array(20).keys()].map(async (n) => (await pool.query("select $1::int as n", [n])).rows[0].n));
print("pool", numbers);
await pool.end();
