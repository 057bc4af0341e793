// A client of Gatepost for iOS 16 and macOS 13 or later, by handle or by URLSession's cookie jar; Device.swift has what
// it needs of the device. An example to take apart: tests compare its paths and codes, but nothing here compiles it
// (Swift 5.7 or later, in the language mode of Swift 5).
import Foundation

struct Answer: @unchecked Sendable {
    let status: Int
    let json: [String: Any]
    let retryAfter: UInt64
    let etag: String?
    var code: String { json["code"] as? String ?? "" }
    var session: [String: Any] { json["session"] as? [String: Any] ?? [:] }
}

enum Failure: Error {
    case signIn                       // nobody is signed in any more: show the sign-in, then call start()
    case secondFactor(Answer)         // "methods" says which codes to ask for, then secondFactor()
    case stepUp(Answer)               // "methods" says what to ask for, then stepUp(), and the same again
    case wait(seconds: UInt64)
    case refused(Answer)              // by code: mend the program, or show "detail"
    case keychain(OSStatus)
    case device(String)
}

/// One at a time: a call that gets a new value has stored it before the next begins.
actor Gatepost {
    enum Carrier { case handle, cookie }

    private static let lost: Set<URLError.Code> = [.timedOut, .networkConnectionLost, .cannotParseResponse]
    private let api: String
    private let carrier: Carrier
    private let urls: URLSession
    private var csrf: String?         // by cookie; member csrf_token of every "session"
    private var last: Task<Answer, Error>?

    /// address: https://HOST/auth. pins: the server's key and a spare one, as "gatepost pin CERT.pem" prints them.
    init(address: URL, carrier: Carrier = .handle, pins: Set<String>) {
        api = address.absoluteString + "/api/v1"
        self.carrier = carrier
        // A jar in memory holds nothing after a restart; the shared one keeps what has a Max-Age ("remember").
        let configuration = carrier == .cookie ? URLSessionConfiguration.default : .ephemeral
        configuration.waitsForConnectivity = true
        configuration.timeoutIntervalForResource = 60
        urls = URLSession(configuration: configuration, delegate: Pinning(pins: pins), delegateQueue: nil)
    }

    /// The first call after every start: session, user, flows, and in "next" the page to go on with.
    func start() async throws -> Answer { try await call("GET", "/session/state") }

    /// With the value of a guest, or of the same person, that session goes on.
    func signIn(_ identifier: String, _ password: String, deviceName: String) async throws -> Answer {
        let proof = ["identifier": identifier, "password": password, "device_name": deviceName]
        let answer = try await call("POST", "/sessions", try signInBody(proof))
        if answer.session["state"] as? String == "second_factor_required" { throw Failure.secondFactor(answer) }
        return answer
    }

    /// passkey: what Passkeys.use() made of the answer of POST /sessions/passkey/options.
    func signIn(passkey: [String: Any], deviceName: String) async throws -> Answer {
        try await call("POST", "/sessions", try signInBody(["passkey": passkey, "device_name": deviceName]))
    }

    private func signInBody(_ proof: [String: Any]) throws -> [String: Any] {
        // Names this installation for good, so that a new sign-in ends what an earlier one left behind.
        let device = try Vault.read("device_id") ?? UUID().uuidString
        try Vault.write("device_id", device)
        var body = proof.merging(["device_id": device, "transport": carrier == .cookie ? "cookie" : "handle"]) { $1 }
        if carrier == .cookie { body["remember"] = true }
        return body
    }

    /// method: "totp" or "recovery_code".
    func secondFactor(_ method: String, _ code: String) async throws -> Answer {
        try await call("POST", "/session/second-factor", ["method": method, "code": code])
    }

    /// proof: {"method": "password", "password"}, {"method": "totp", "code"}, or of a passkey or the device's key.
    func stepUp(_ proof: [String: Any]) async throws -> Answer { try await call("POST", "/session/reauth", proof) }

    func signOut() async throws {
        do { _ = try await call("DELETE", "/session") } catch Failure.signIn { /* it was over already */ }
        try Vault.write("handle", nil)
    }

    /// The key that a finger or a face unlocks; needs a sign-in of just now.
    func enrolKey() async throws {
        let devices = try await call("GET", "/devices").json["devices"] as? [[String: Any]]
        guard let id = devices?.first(where: { $0["current"] as? Bool == true })?["id"] as? String
        else { throw Failure.device("not in the list") }
        _ = try await call("PUT", "/devices/\(id)/key", ["public_key": try DeviceKey.create()])
        try Vault.write("key_id", id)
    }

    /// What a screen calls: waits for its turn.
    func call(_ method: String, _ path: String, _ body: [String: Any]? = nil, ifMatch: String? = nil) async throws -> Answer {
        // "The same request" is the same bytes, and a dictionary has no order: they are made once.
        let bytes = try body.map { try JSONSerialization.data(withJSONObject: $0) }
        let before = last
        let mine = Task {
            _ = await before?.result
            return try await run(method, path, bytes, ifMatch)
        }
        last = mine
        return try await mine.value
    }

    /// What a client does on each code.
    private func run(_ method: String, _ path: String, _ body: Data?, _ ifMatch: String?) async throws -> Answer {
        let used = try Vault.read("handle")
        var answer = try await again(method, path, body, ifMatch)
        switch (answer.status, answer.code) {
        case (503, _):
            try await Task.sleep(nanoseconds: answer.retryAfter * 1_000_000_000)
            answer = try await again(method, path, body, ifMatch)
        case (403, "csrf_failed"):
            csrf = nil
            answer = try await again(method, path, body, ifMatch)
        case (401, "unauthenticated"):
            // An extension that shares the Keychain may have a newer value, and has if "rotated" is true and nobody stole it.
            if try Vault.read("handle") != used { answer = try await again(method, path, body, ifMatch) }
        case (401, "reauthentication_required"):
            guard try Vault.read("key_id") != nil else { break }
            try await confirm()
            answer = try await again(method, path, body, ifMatch)
        default: break
        }
        switch (answer.status, answer.code) {
        case (200..<300, _): return answer
        case (401, "unauthenticated"), (401, "session_expired"): throw Failure.signIn
        case (401, "reauthentication_required"): throw Failure.stepUp(answer)
        case (403, "second_factor_required"): throw Failure.secondFactor(answer)
        case (429, _), (503, _): throw Failure.wait(seconds: answer.retryAfter)
        default: throw Failure.refused(answer)
        }
    }

    /// Step-up by the device's key: asks for the finger or the face.
    private func confirm() async throws {
        let purpose = try JSONSerialization.data(withJSONObject: ["purpose": "reauth"])
        let asked = try await again("POST", "/session/challenge", purpose, nil)
        guard let challenge = asked.json["challenge"] as? String, let id = try Vault.read("key_id")
        else { throw Failure.refused(asked) }
        let proof = ["method": "device_key", "device_id": id, "challenge": challenge, "signature": try DeviceKey.sign(challenge)]
        let answer = try await again("POST", "/session/reauth", try JSONSerialization.data(withJSONObject: proof), nil)
        guard answer.status == 200 else { throw Failure.refused(answer) }
    }

    /// A lost answer is asked for once more: the same request with the same value gets the same answer within 30 seconds,
    /// a new value too. Only an attempt would be taken twice.
    private func again(_ method: String, _ path: String, _ body: Data?, _ ifMatch: String?) async throws -> Answer {
        let jar = urls.configuration.httpCookieStorage
        if carrier == .cookie, csrf == nil, method != "GET", try await exchange("GET", "/session", nil, nil).status == 401 {
            // A value that is dead is of no more use; the device's own cookie stays.
            jar?.cookies?.filter { $0.name == "__Host-gatepost" }.forEach { jar?.deleteCookie($0) }
        }
        let cookies = URL(string: api).flatMap { jar?.cookies(for: $0) } ?? []
        do {
            return try await exchange(method, path, body, ifMatch)
        } catch let error as URLError where Self.lost.contains(error.code) && !path.hasSuffix("/attempts") {
            // The jar may have the cookie of an answer whose rest was lost: the same request has the former one.
            cookies.forEach { jar?.setCookie($0) }
            return try await exchange(method, path, body, ifMatch)
        }
    }

    /// One request and its answer, whose new value is stored before anything else is done with it.
    private func exchange(_ method: String, _ path: String, _ body: Data?, _ ifMatch: String?) async throws -> Answer {
        guard let url = URL(string: api + path) else { throw URLError(.badURL) }
        var request = URLRequest(url: url, timeoutInterval: 30)
        request.httpMethod = method
        request.httpBody = body
        request.httpShouldHandleCookies = carrier == .cookie
        if body != nil { request.setValue("application/json", forHTTPHeaderField: "Content-Type") }
        request.setValue(ifMatch, forHTTPHeaderField: "If-Match")
        if carrier == .handle { request.setValue(try Vault.read("handle"), forHTTPHeaderField: "X-Session-Id") }
        if carrier == .cookie, method != "GET" { request.setValue(csrf, forHTTPHeaderField: "X-CSRF-Token") }
        let (data, response) = try await urls.data(for: request)
        guard let http = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        let json = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
        let wait = UInt64(http.value(forHTTPHeaderField: "Retry-After") ?? "") ?? 1
        let answer = Answer(status: http.statusCode, json: json, retryAfter: wait, etag: http.value(forHTTPHeaderField: "ETag"))
        if let handle = json["session_handle"] as? String { try Vault.write("handle", handle) }
        if let token = answer.session["csrf_token"] as? String { csrf = token }
        return answer
    }
}
