// A native client with the JDK's own cookie jar: signs in by cookie, reads, signs out.
import java.io.InputStream;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class CookieClient {
	static HttpClient client;
	static String api;

	static HttpResponse<String> send(String method, String path, String body, String token) throws Exception {
		HttpRequest.BodyPublisher publisher = body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
		HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(api + path)).method(method, publisher);
		if (body != null) builder.header("Content-Type", "application/json");
		if (token != null) builder.header("X-CSRF-Token", token);
		HttpResponse<String> answer = client.send(builder.build(), HttpResponse.BodyHandlers.ofString());
		System.out.println(method + " " + path + " " + answer.statusCode());
		return answer;
	}

	// Arguments: the API's address, the CA's file; standard input: the JSON body of the sign-in.
	public static void main(String[] args) throws Exception {
		api = args[0];
		KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
		store.load(null, null);
		try (InputStream in = Files.newInputStream(Path.of(args[1]))) {
			store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
		}
		TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		trust.init(store);
		SSLContext tls = SSLContext.getInstance("TLS");
		tls.init(null, trust.getTrustManagers(), null);
		CookieManager jar = new CookieManager(null, CookiePolicy.ACCEPT_ORIGINAL_SERVER);
		client = HttpClient.newBuilder().cookieHandler(jar).sslContext(tls).build();
		String body = new String(System.in.readAllBytes(), "UTF-8");
		HttpResponse<String> signedIn = send("POST", "/sessions", body, null);
		send("GET", "/session", null, null);
		Matcher token = Pattern.compile("\"csrf_token\":\"([^\"]+)\"").matcher(signedIn.body());
		send("DELETE", "/session", null, token.find() ? token.group(1) : null);
		send("GET", "/session", null, null);
	}
}
