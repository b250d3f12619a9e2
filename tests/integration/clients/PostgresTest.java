// A PostgreSQL client program with JDBC: connects where libpq's variables say, and prints what it was told, a line each. The same program
// runs with and without Cordon, and must print the same.

import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class PostgresTest {
  static String rows(ResultSet found) throws SQLException {
    StringBuilder text = new StringBuilder();
    while (found.next()) {
      for (int column = 1; column <= found.getMetaData().getColumnCount(); column++) text.append(found.getString(column)).append('|');
    }
    return text.length() > 200 ? text.length() + " characters" : text.toString();
  }

  static String rows(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return rows(statement.executeQuery(sql));
    }
  }

  static Connection connect() throws SQLException {
    var at = System.getenv();
    Properties settings = new Properties();
    settings.setProperty("user", at.get("PGUSER"));
    if (at.containsKey("PGPASSWORD")) settings.setProperty("password", at.get("PGPASSWORD"));
    settings.setProperty("sslmode", at.get("PGSSLMODE"));
    settings.setProperty("sslrootcert", at.get("PGSSLROOTCERT"));
    return DriverManager.getConnection("jdbc:postgresql://" + at.get("PGHOST") + ":" + at.get("PGPORT") + "/" + at.get("PGDATABASE"), settings);
  }

  public static void main(String[] arguments) throws Exception {
    try (Connection connection = connect()) {
      System.out.println("select " + rows(connection, "select 1, 'ü€𝄞', null, 2.5::float8, true, array[1, 2]"));
      System.out.println("long " + rows(connection, "select repeat('x', 1000000)"));
      try (PreparedStatement prepared = connection.prepareStatement("select ? || ?, ?::int + 1")) {
        for (int number = 0; number < 8; number++) {  // from the fifth on it is a named statement of the server
          prepared.setString(1, "a");
          prepared.setString(2, "b");
          prepared.setInt(3, number);
          System.out.println("prepared " + rows(prepared.executeQuery()));
        }
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute("create temp table t (n int primary key, s text)");
      }
      connection.setAutoCommit(false);
      try (PreparedStatement batch = connection.prepareStatement("insert into t values (?, ?)")) {
        for (int number = 0; number < 500; number++) {
          batch.setInt(1, number);
          batch.setString(2, "row " + number);
          batch.addBatch();
        }
        System.out.println("batch " + batch.executeBatch().length);
      }
      connection.commit();
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(50);  // a portal, fetched from in parts
        ResultSet found = statement.executeQuery("select n from t order by n");
        int sum = 0;
        while (found.next()) sum += found.getInt(1);
        System.out.println("fetched " + sum);
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute("insert into t values (1, 'again')");
      } catch (SQLException error) {
        System.out.println("error " + error.getSQLState());
      }
      connection.rollback();
      connection.setAutoCommit(true);
      CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
      StringBuilder text = new StringBuilder();
      for (int number = 1000; number < 3000; number++) text.append(number).append("\trow ").append(number).append('\n');
      System.out.println("copied in " + copies.copyIn("copy t from stdin", new StringReader(text.toString())));
      StringWriter out = new StringWriter();
      System.out.println("copied out " + copies.copyOut("copy (select * from t order by n) to stdout", out) + " " + out.toString().length());
      System.out.println("who " + rows(connection, "select current_user, session_user, current_database()"));
      try (Statement sleeping = connection.createStatement()) {
        Thread canceler = new Thread(() -> {
          try {
            Thread.sleep(500);
            sleeping.cancel();
          } catch (Exception error) {
            System.out.println("cancel failed: " + error);
          }
        });
        canceler.start();
        sleeping.execute("select pg_sleep(60)");
      } catch (SQLException error) {
        System.out.println("canceled " + error.getSQLState());
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute("listen news");
        statement.execute("notify news, 'told'");
        var told = connection.unwrap(PGConnection.class).getNotifications(10000);
        System.out.println("notified " + told[0].getName() + " " + told[0].getParameter());
      }
    }
  }
}
