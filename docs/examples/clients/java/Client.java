// A client of Gatepost with nothing but the JDK (17 or later), by cookie or by handle. Usage: java Client.java COMMAND
//   sign-in NAME                      the password is a line of standard input, or is asked for
//   second-factor totp|recovery_code  the code too; completes a sign-in that is pending
//   whoami | state                    GET /session | GET /session/state: the first call after every start
//   request METHOD PATH [ETAG]        a JSON body is the rest of standard input
//   step-up password|totp|recovery_code|device_key
//   enrol-key | logout                makes a key and registers it for this device | signs out
// GATEPOST_URL is https://HOST/auth; GATEPOST_CARRIER cookie (default) or handle; GATEPOST_STATE a file that keeps it.
// An authority of one's own: java -Djavax.net.ssl.trustStore=FILE.jks Client.java …, which keytool -importcert makes.
// Exit status: 0 done, 1 refused, 2 usage, 3 sign in, 4 second factor first, 5 step up first, 6 wait, 7 no answer.
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.interfaces.ECPublicKey;
import java.security.spec.*;
import java.time.Duration;
import java.util.*;
import java.util.regex.*;

public final class Client {
	final URI origin = URI.create(Objects.requireNonNull(System.getenv("GATEPOST_URL"), "GATEPOST_URL is not set"));
	final boolean byCookie = !"handle".equals(System.getenv("GATEPOST_CARRIER"));
	final Path file = Path.of(System.getenv().getOrDefault("GATEPOST_STATE", ".gatepost")).toAbsolutePath();
	final CookieManager jar = new CookieManager(null, CookiePolicy.ACCEPT_ORIGINAL_SERVER);
	// Not HTTP/2: there it sends no length with a POST of nothing, which some servers refuse (411).
	final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).cookieHandler(jar).build();
	final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
	Properties stored = new Properties();
	String csrf, tag; // for X-CSRF-Token, which belongs to the session; for If-Match

	Client() throws Exception {
		load();
		// Names this installation for good, so that a new sign-in ends what an earlier one left behind.
		if (stored.putIfAbsent("device_id", UUID.randomUUID().toString()) == null) save();
	}

	record Answer(int status, String body, HttpHeaders headers) {
		/** value("session", "state"): as text; null where there is no such member. */
		String value(String... path) {
			Object at = members();
			for (String name : path) at = at instanceof Map<?, ?> object ? object.get(name) : null;
			return at instanceof String text ? text : null;
		}

		Object members() {
			if (!headers.firstValue("Content-Type").orElse("").contains("json")) return null;
			return json(new ArrayDeque<>(TOKEN.matcher(body).results().map(MatchResult::group).toList()));
		}

		boolean is(int status, String code) {
			return this.status == status && code.equals(value("code"));
		}
	}
	static final Pattern TOKEN = Pattern.compile("\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|[{}\\[\\]]|[^\\s{}\\[\\]:,\"]+");
	static final Pattern SPECIAL = Pattern.compile("[\\x00-\\x1f\"\\\\]");
	static final Pattern ESCAPE = Pattern.compile("\\\\(?:u(....)|(.))");

	/** JSON as maps, lists and strings; numbers and words as their text. An app takes a library for it. */
	static Object json(Deque<String> tokens) {
		String token = tokens.remove();
		if (token.equals("{") || token.equals("[")) {
			List<Object> items = new ArrayList<>();
			while (!"}]".contains(tokens.peek())) items.add(json(tokens));
			tokens.remove();
			if (token.equals("[")) return items;
			Map<Object, Object> members = new HashMap<>();
			for (int i = 0; i < items.size(); i += 2) members.put(items.get(i), items.get(i + 1));
			return members;
		}
		if (!token.startsWith("\"")) return token.equals("null") ? null : token;
		return ESCAPE.matcher(token.substring(1, token.length() - 1)).replaceAll(escape -> Matcher.quoteReplacement(
				escape.group(1) != null ? Character.toString(Integer.parseInt(escape.group(1), 16))
				: "bfnrt".contains(escape.group(2)) ? escape.group().translateEscapes() : escape.group(2)));
	}

	/** What the file has, in place of what is in memory. */
	void load() throws IOException {
		stored = new Properties();
		if (Files.exists(file)) try (InputStream in = Files.newInputStream(file)) {
			stored.load(in);
		}
		jar.getCookieStore().removeAll();
		for (String name : stored.stringPropertyNames()) {
			if (!byCookie || !name.startsWith("cookie.")) continue;
			String[] parts = stored.getProperty(name).split(" ");
			HttpCookie cookie = new HttpCookie(name.substring(7), parts[0]);
			// As it was: the jar would take a cookie with another domain for another cookie, and send both.
			cookie.setDomain(parts[1]);
			cookie.setPath("/");
			cookie.setSecure(true);
			jar.getCookieStore().add(origin, cookie);
		}
	}

	/** All of it or nothing, whenever this is killed; readable by this user alone. */
	void save() throws IOException {
		stored.keySet().removeIf(name -> name.toString().startsWith("cookie."));
		for (HttpCookie cookie : jar.getCookieStore().getCookies())
			stored.setProperty("cookie." + cookie.getName(), cookie.getValue() + " " + cookie.getDomain());
		Path next = Files.createTempFile(file.getParent(), "gatepost", "");
		try (FileOutputStream out = new FileOutputStream(next.toFile())) {
			stored.store(out, null);
			out.getFD().sync();
		}
		Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
	}

	/** The session's value: what must not be lost, and must not be used any more once there is a newer one. */
	String credential() {
		if (!byCookie) return stored.getProperty("handle", "");
		return jar.getCookieStore().getCookies().stream().filter(one -> one.getName().equals("__Host-gatepost"))
				.map(HttpCookie::getValue).findFirst().orElse("");
	}

	/** What is dead or signed out; the device's own cookie stays. */
	void forget() throws IOException {
		stored.remove("handle");
		for (HttpCookie one : List.copyOf(jar.getCookieStore().getCookies()))
			if (one.getName().equals("__Host-gatepost")) jar.getCookieStore().remove(null, one);
		save();
	}

	/** One request and its answer, whose new value is in the file before anything else is done with it. */
	Answer exchange(String method, String path, String body) throws Exception {
		var request = HttpRequest.newBuilder(URI.create(origin + "/api/v1" + path)).timeout(Duration.ofSeconds(30));
		request.method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
		if (body != null) request.header("Content-Type", "application/json");
		if (tag != null) request.header("If-Match", tag);
		if (!byCookie && !credential().isEmpty()) request.header("X-Session-Id", credential());
		if (byCookie && csrf != null && !method.equals("GET")) request.header("X-CSRF-Token", csrf);
		HttpResponse<String> got = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
		Answer answer = new Answer(got.statusCode(), got.body(), got.headers());
		if (answer.value("session_handle") != null) stored.setProperty("handle", answer.value("session_handle"));
		if (answer.value("session", "csrf_token") != null) csrf = answer.value("session", "csrf_token");
		if (answer.value("session_handle") != null || got.headers().firstValue("Set-Cookie").isPresent()) save();
		return answer;
	}

	/** An answer that is lost is asked for once more: the same request with the same value gets the same answer within
	    30 seconds, a new value too. Only an attempt would be taken twice. */
	Answer again(String method, String path, String body) throws Exception {
		// A token is of the session; what signs in before there is one needs none.
		if (byCookie && csrf == null && !method.equals("GET") && !credential().isEmpty()) again("GET", "/session", null);
		try {
			return exchange(method, path, body);
		} catch (IOException lost) {
			if (path.endsWith("/attempts")) throw lost;
			// The jar may have the cookie of an answer whose rest was lost: the same request has the former one.
			load();
			return exchange(method, path, body);
		}
	}

	/** again(), and what a client does on each code. */
	Answer call(String method, String path, String body) throws Exception {
		Answer answer = again(method, path, body);
		if (answer.status == 503) {
			Thread.sleep(1000 * Integer.parseInt(answer.headers.firstValue("Retry-After").orElse("1")));
			answer = again(method, path, body);
		}
		if (answer.is(401, "unauthenticated")) {
			// Another process may have a newer value, and has if "rotated" is true and nobody stole the old one.
			String used = credential();
			load();
			csrf = null;
			if (!used.equals(credential())) answer = again(method, path, body);
		} else if (answer.is(401, "reauthentication_required") && stored.containsKey("key")) {
			call("POST", "/session/reauth", proof("device_key"));
			answer = again(method, path, body);
		} else if (answer.is(403, "csrf_failed")) {
			csrf = null;
			answer = again(method, path, body);
		}
		if (answer.status < 300) return answer;
		if (answer.is(401, "reauthentication_required")) throw new Refused(5, "first: step-up, then again", answer);
		if (answer.is(401, "unauthenticated") || answer.is(401, "session_expired"))
			throw new Refused(3, "signed out, or the value was replaced elsewhere: sign-in", answer);
		if (answer.is(403, "second_factor_required")) throw new Refused(4, "first: second-factor, then again", answer);
		if (answer.status == 429 || answer.status == 503)
			throw new Refused(6, "wait " + answer.headers.firstValue("Retry-After").orElse("some") + " seconds", answer);
		throw new Refused(1, "" + answer.status, answer);
	}

	/** {"method":…} with what proves it: then the sign-in is fresh again, and the session goes on under a new value. */
	String proof(String method) throws Exception {
		if (!method.equals("device_key")) {
			String what = method.equals("password") ? "password" : "code";
			return object("method", method, what, secret(what));
		}
		Answer asked = again("POST", "/session/challenge", "{\"purpose\":\"reauth\"}");
		if (asked.value("challenge") == null) throw new Refused(1, "no challenge", asked);
		byte[] key = Base64.getDecoder().decode(stored.getProperty("key"));
		// Over the challenge's characters as they came; ECDSA with SHA-256, in DER.
		Signature signature = Signature.getInstance("SHA256withECDSA");
		signature.initSign(KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)));
		signature.update(asked.value("challenge").getBytes(StandardCharsets.UTF_8));
		return object("method", method, "device_id", stored.getProperty("key_id"), "challenge", asked.value("challenge"),
				"signature", base64url(signature.sign()));
	}

	/** A file stands for secure hardware here, a TPM or a token by PKCS #11; there the private key never comes out. */
	Answer enrolKey() throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
		generator.initialize(new ECGenParameterSpec("secp256r1"));
		KeyPair pair = generator.generateKeyPair();
		ECPoint point = ((ECPublicKey) pair.getPublic()).getW();
		HexFormat hex = HexFormat.of();
		Answer devices = call("GET", "/devices", null);
		String id = null;
		for (Object one : (List<?>) ((Map<?, ?>) devices.members()).get("devices"))
			if (one instanceof Map<?, ?> device && "true".equals(device.get("current"))) id = (String) device.get("id");
		if (id == null) throw new Refused(1, "this device is not in the list", devices);
		Answer answer = call("PUT", "/devices/" + id + "/key", "{\"public_key\":" + object("kty", "EC", "crv", "P-256",
				"x", base64url(hex.parseHex(String.format("%064x", point.getAffineX()))),
				"y", base64url(hex.parseHex(String.format("%064x", point.getAffineY())))) + "}");
		stored.setProperty("key_id", id);
		stored.setProperty("key", Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded()));
		save();
		return answer;
	}

	static String base64url(byte[] bytes) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}
	/** {"name":"value",…} of strings. */
	static String object(String... members) {
		StringJoiner all = new StringJoiner(",", "{", "}");
		for (int i = 0; i < members.length; i += 2) all.add(quoted(members[i]) + ":" + quoted(members[i + 1]));
		return all.toString();
	}

	static String quoted(String text) {
		return '"' + SPECIAL.matcher(text).replaceAll(c -> String.format("\\\\u%04x", (int) c.group().charAt(0))) + '"';
	}

	String secret(String what) throws IOException {
		return System.console() != null ? new String(System.console().readPassword(what + ": ")) : input.readLine();
	}

	static final class Refused extends Exception {
		final int code;
		Refused(int code, String message, Answer answer) {
			super((answer == null ? "" : answer.body + "\n") + "client: " + message);
			this.code = code;
		}
	}

	Answer run(String[] args) throws Exception {
		switch (args[0] + ":" + args.length) {
		case "sign-in:2": {
			// A guest's session goes on as the person's, one of their own goes on as well; what is dead is of no more use.
			if (!credential().isEmpty() && again("GET", "/session", null).status == 401) forget();
			String start = object("identifier", args[1], "password", secret("password"),
					"transport", byCookie ? "cookie" : "handle", "device_id", stored.getProperty("device_id"));
			// Without "remember" a cookie's session ends after half an hour of rest; a handle's goes on for two weeks.
			if (byCookie) start = start.replaceAll("\\}$", ",\"remember\":true}");
			Answer answer = call("POST", "/sessions", start);
			if (!"second_factor_required".equals(answer.value("session", "state"))) return answer;
			throw new Refused(4, "now: second-factor", null);
		}
		case "second-factor:2": return call("POST", "/session/second-factor", proof(args[1]));
		case "whoami:1": return call("GET", "/session", null);
		case "state:1": return call("GET", "/session/state", null);
		case "step-up:2": return call("POST", "/session/reauth", proof(args[1]));
		case "enrol-key:1": return enrolKey();
		case "request:3": case "request:4": {
			tag = args.length == 4 ? args[3] : null;
			String body = args[1].matches("GET|DELETE") ? "" : String.join("\n", input.lines().toList());
			Answer answer = call(args[1], args[2], body.isEmpty() ? null : body);
			answer.headers.firstValue("ETag").ifPresent(etag -> System.err.println("ETag: " + etag));
			return answer;
		}
		case "logout:1": {
			// A session that is over already is what was wanted. Without an answer it may not be: its value stays.
			Answer answer = again("DELETE", "/session", null);
			if (answer.status != 204 && answer.status != 401) throw new Refused(1, "" + answer.status, answer);
			forget();
			return answer;
		}
		default: throw new Refused(2, "what it can do stands at the beginning of Client.java", null);
		}
	}

	public static void main(String[] args) throws Exception {
		try {
			Answer answer = new Client().run(args.length == 0 ? new String[] {""} : args);
			System.out.println(answer.body.replaceAll("\"(session_handle|csrf_token)\":\"[^\"]*\"", "\"$1\":\"…\""));
		} catch (Refused refused) {
			System.err.println(refused.getMessage());
			System.exit(refused.code);
		} catch (IOException lost) {
			System.err.println("client: no answer (" + lost.getMessage() + "); whether it was done, \"state\" will tell");
			System.exit(7);
		}
	}
}
