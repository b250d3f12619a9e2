"""A PostgreSQL client program with one of Python's drivers: `postgres_client.py DRIVER` connects where libpq's variables say, and prints
what it was told as JSON. The same program runs with and without Cordon, and must print the same."""

import asyncio
import io
import json
import os
import ssl
import sys
import threading

SELECT = "select 1, 'text', null, 2.5::float8, true, array[1, 2, 3], 'ü€𝄞', repeat('x', 100000)"
ROWS = [(number, f"row {number}") for number in range(1000)]


def shape(row):
    return [f"{value[:8]}... {len(value)}" if isinstance(value, str) and len(value) > 50 else value for value in row]


class DbApi:
    """What the drivers of DB-API 2 share. `copy_in`, `copy_out`, `cancel` and `listen` are each driver's own."""

    def __init__(self):
        self.connection = self.connect()

    def run(self):
        cursor = self.connection.cursor()
        found = {"driver": self.name}
        cursor.execute(SELECT)
        found["select"] = shape(cursor.fetchone())
        cursor.execute("select %s || %s, %s::int + 1", ("a", "b", 41))
        found["parameters"] = list(cursor.fetchone())
        cursor.execute("create temp table t (n int primary key, s text)")
        cursor.executemany("insert into t values (%s, %s)", ROWS[:50])
        found["inserted"] = cursor.rowcount
        cursor.execute("select count(*), min(s), max(n) from t")
        found["table"] = list(cursor.fetchone())
        self.connection.commit()
        try:
            cursor.execute("insert into t values (1, 'again')")
        except Exception as error:
            found["error"] = self.code_of(error)
        self.connection.rollback()
        cursor.execute("truncate t")
        found["copied in"] = self.copy_in(cursor, "".join(f"{number}\t{text}\n" for number, text in ROWS))
        found["copied out"] = self.copy_out(cursor)
        self.connection.commit()
        cursor.execute("select current_user, session_user, current_database()")
        found["who"] = list(cursor.fetchone())
        self.connection.rollback()
        found["canceled"] = self.cancel(cursor)
        self.connection.rollback()
        found["notified"] = self.listen(cursor)
        self.connection.close()
        return found

    def code_of(self, error):
        return error.pgcode


class Psycopg2(DbApi):
    name = "psycopg2"

    def connect(self):
        import psycopg2
        return psycopg2.connect("")

    def copy_in(self, cursor, text):
        cursor.copy_expert("copy t from stdin", io.StringIO(text))
        return cursor.rowcount

    def copy_out(self, cursor):
        out = io.StringIO()
        cursor.copy_expert("copy (select * from t order by n) to stdout", out)
        return len(out.getvalue())

    def cancel(self, cursor):
        threading.Timer(0.5, self.connection.cancel).start()
        try:
            cursor.execute("select pg_sleep(60)")
        except Exception as error:
            return error.pgcode

    def listen(self, cursor):
        import select
        self.connection.autocommit = True
        cursor.execute("listen news")
        cursor.execute("notify news, 'told'")
        while not self.connection.notifies:
            select.select([self.connection], [], [], 10)
            self.connection.poll()
        return [self.connection.notifies[0].channel, self.connection.notifies[0].payload]


class Psycopg(DbApi):
    name = "psycopg"

    def connect(self):
        import psycopg
        return psycopg.connect("")

    def code_of(self, error):
        return error.sqlstate

    def copy_in(self, cursor, text):
        with cursor.copy("copy t from stdin") as copy:
            copy.write(text)
        return cursor.rowcount

    def copy_out(self, cursor):
        with cursor.copy("copy (select * from t order by n) to stdout") as copy:
            return sum(len(part) for part in copy)

    def cancel(self, cursor):
        threading.Timer(0.5, self.connection.cancel).start()
        try:
            cursor.execute("select pg_sleep(60)")
        except Exception as error:
            return error.sqlstate

    def listen(self, cursor):
        self.connection.autocommit = True
        told = []
        self.connection.add_notify_handler(lambda notify: told.append([notify.channel, notify.payload]))
        cursor.execute("listen news")
        cursor.execute("notify news, 'told'")
        cursor.execute("select 1")
        return told


class Pg8000(DbApi):
    name = "pg8000"

    def connect(self):
        import pg8000
        context = None
        if os.environ["PGSSLMODE"] != "disable":
            context = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
            # This version starts TLS by ssl.wrap_socket, which verifies nothing and is gone from later Pythons.
            ssl.wrap_socket = lambda stream, **_: context.wrap_socket(stream, server_hostname=os.environ["PGHOST"])
        return pg8000.connect(user=os.environ["PGUSER"], host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), database=os.environ["PGDATABASE"],
                              password=os.environ.get("PGPASSWORD"), ssl=bool(context))

    def code_of(self, error):
        return next(str(part) for part in error.args if str(part) == "23505") if "23505" in map(str, error.args) else str(error.args)[:60]

    def copy_in(self, cursor, text):
        cursor.execute("copy t from stdin", stream=io.BytesIO(text.encode()))
        return len(ROWS)

    def copy_out(self, cursor):
        out = io.BytesIO()
        cursor.execute("copy (select * from t order by n) to stdout", stream=out)
        return len(out.getvalue())

    def cancel(self, cursor):
        return "this driver has no cancel"

    def listen(self, cursor):
        self.connection.autocommit = True
        cursor.execute("listen news")
        cursor.execute("notify news, 'told'")
        cursor.execute("select 1")
        return "told, and this version keeps no payload" if self.connection.notifies[0][1] == "news" else None


async def asyncpg_run():
    import asyncpg
    connection = await asyncpg.connect()
    found = {"driver": "asyncpg", "select": shape(await connection.fetchrow(SELECT)),
             "parameters": list(await connection.fetchrow("select $1::text || $2, $3::int + 1", "a", "b", 41))}
    await connection.execute("create temp table t (n int primary key, s text)")
    await connection.executemany("insert into t values ($1, $2)", ROWS[:50])
    found["table"] = list(await connection.fetchrow("select count(*), min(s), max(n) from t"))
    try:
        await connection.execute("insert into t values (1, 'again')")
    except asyncpg.PostgresError as error:
        found["error"] = error.sqlstate
    await connection.execute("truncate t")
    found["copied in"] = await connection.copy_records_to_table("t", records=ROWS)
    out = io.BytesIO()
    await connection.copy_from_query("select * from t order by n", output=out)
    found["copied out"] = len(out.getvalue())
    async with connection.transaction():
        found["cursor"] = [row[0] async for row in connection.cursor("select n from t order by n limit 7")]
    found["who"] = list(await connection.fetchrow("select current_user, session_user, current_database()"))
    try:
        await connection.execute("select pg_sleep(60)", timeout=0.5)  # asyncpg sends a CancelRequest at its timeout
    except asyncio.TimeoutError:
        found["canceled"] = await connection.fetchval("select 'and the session goes on'")
    told = asyncio.get_running_loop().create_future()
    await connection.add_listener("news", lambda *what: told.set_result(what[2:]))
    await connection.execute("notify news, 'told'")
    found["notified"] = list(await asyncio.wait_for(told, 10))
    pool = await asyncpg.create_pool(min_size=4, max_size=4)
    found["pool"] = sorted(await asyncio.gather(*[pool.fetchval("select $1::int", number) for number in range(20)]))
    await pool.close()
    await connection.close()
    return found


DRIVERS = {"psycopg2": lambda: Psycopg2().run(), "psycopg": lambda: Psycopg().run(), "pg8000": lambda: Pg8000().run(),
           "asyncpg": lambda: asyncio.run(asyncpg_run())}

if __name__ == "__main__":
    print(json.dumps(DRIVERS[sys.argv[1]](), indent=1, sort_keys=True, default=str))
