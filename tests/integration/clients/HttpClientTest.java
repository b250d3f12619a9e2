// Java's HttpClient through the proxy: arguments are the proxy's port, the URL and, where it wants a token, the name of an
// environment variable that holds `audience:token`. Prints status and body of three requests, or what went wrong.
import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class HttpClientTest {
  static Authenticator tokenOf(String variable) {
    var parts = System.getenv(variable).split(":", 2);
    return new Authenticator() {
      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        return getRequestorType() == RequestorType.PROXY ? new PasswordAuthentication(parts[0], parts[1].toCharArray()) : null;
      }
    };
  }

  public static void main(String[] arguments) throws Exception {
    var proxy = ProxySelector.of(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    var builder = HttpClient.newBuilder().proxy(proxy);
    var client = (arguments.length > 2 ? builder.authenticator(tokenOf(arguments[2])) : builder).build();
    var get = HttpRequest.newBuilder(URI.create(arguments[1] + "/small")).header("Authorization", "Bearer dummy").build();
    var post = HttpRequest.newBuilder(URI.create(arguments[1] + "/sink"))
        .POST(HttpRequest.BodyPublishers.ofString("x".repeat(200_000))).build();
    for (var request : new HttpRequest[] {get, get, post}) {
      try {
        var response = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
      } catch (IOException error) {
        System.out.println("failed: " + error.getMessage());
      }
    }
  }
}
