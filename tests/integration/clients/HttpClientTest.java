// Java's HttpClient through the proxy: arguments are the proxy's port and the URL; prints status and body of three requests.
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class HttpClientTest {
  public static void main(String[] arguments) throws Exception {
    var proxy = ProxySelector.of(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    var client = HttpClient.newBuilder().proxy(proxy).build();
    var get = HttpRequest.newBuilder(URI.create(arguments[1] + "/small")).header("Authorization", "Bearer dummy").build();
    var post = HttpRequest.newBuilder(URI.create(arguments[1] + "/sink"))
        .POST(HttpRequest.BodyPublishers.ofString("x".repeat(200_000))).build();
    for (var request : new HttpRequest[] {get, get, post}) {
      var response = client.send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println(response.statusCode() + " " + response.body());
    }
  }
}
