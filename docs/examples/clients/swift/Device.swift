// What Gatepost.swift needs of an Apple device: Keychain, Secure Enclave, passkeys, and the server's key pinned.
import AuthenticationServices
import CryptoKit
import Foundation
import LocalAuthentication
import Security

/// Small secrets in the Keychain: of this device alone, in no backup, and there for what runs before the next unlock.
enum Vault {
    private static func item(_ name: String) -> [CFString: Any] {
        [kSecClass: kSecClassGenericPassword, kSecAttrService: "gatepost", kSecAttrAccount: name]
    }

    static func read(_ name: String) throws -> String? {
        var found: CFTypeRef?
        let status = SecItemCopyMatching(item(name).merging([kSecReturnData: true]) { $1 } as CFDictionary, &found)
        guard status != errSecItemNotFound else { return nil }
        guard status == errSecSuccess, let data = found as? Data else { throw Failure.keychain(status) }
        return String(decoding: data, as: UTF8.self)
    }

    static func write(_ name: String, _ value: String?) throws {
        guard let value else { SecItemDelete(item(name) as CFDictionary); return }
        let change: [CFString: Any] = [kSecValueData: Data(value.utf8),
                                       kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly]
        var status = SecItemUpdate(item(name) as CFDictionary, change as CFDictionary)
        if status == errSecItemNotFound { status = SecItemAdd(item(name).merging(change) { $1 } as CFDictionary, nil) }
        guard status == errSecSuccess else { throw Failure.keychain(status) }
    }
}

/// A P-256 key that never leaves the Secure Enclave and signs only after the finger or the face of who enrolled now.
enum DeviceKey {
    private static let tag = Data("gatepost.device".utf8)

    /// A new one in place of any former; its public half as JWK.
    static func create() throws -> [String: String] {
        let former: [CFString: Any] = [kSecClass: kSecClassKey, kSecAttrApplicationTag: tag]
        SecItemDelete(former as CFDictionary)
        var error: Unmanaged<CFError>?
        guard let access = SecAccessControlCreateWithFlags(nil, kSecAttrAccessibleWhenUnlockedThisDeviceOnly,
                                                           [.privateKeyUsage, .biometryCurrentSet], &error)
        else { throw Failure.device("no access control") }
        let kept: [CFString: Any] = [kSecAttrIsPermanent: true, kSecAttrApplicationTag: tag, kSecAttrAccessControl: access]
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom, kSecAttrKeySizeInBits: 256,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecPrivateKeyAttrs: kept,
        ]
        guard let key = SecKeyCreateRandomKey(attributes as CFDictionary, &error), let half = SecKeyCopyPublicKey(key),
              let point = SecKeyCopyExternalRepresentation(half, &error) as Data?   // 04, X, Y
        else { throw Failure.device("no key: is there a Secure Enclave, and a finger or a face?") }
        return ["kty": "EC", "crv": "P-256", "x": base64url(point[1..<33]), "y": base64url(point[33..<65])]
    }

    /// Over the characters of the challenge exactly as they came: ECDSA with SHA-256, in DER. Blocks while it asks.
    static func sign(_ challenge: String) throws -> String {
        let context = LAContext()
        context.localizedReason = "Confirm that it is you"
        let query: [CFString: Any] = [kSecClass: kSecClassKey, kSecAttrApplicationTag: tag, kSecReturnRef: true,
                                      kSecUseAuthenticationContext: context]
        var found: CFTypeRef?
        guard SecItemCopyMatching(query as CFDictionary, &found) == errSecSuccess, let item = found
        else { throw Failure.device("no key") }
        let (key, message) = (item as! SecKey, Data(challenge.utf8) as CFData)
        var error: Unmanaged<CFError>?
        guard let signature = SecKeyCreateSignature(key, .ecdsaSignatureMessageX962SHA256, message, &error)
        else { throw Failure.device("not confirmed, or the fingers or faces of this device have changed") }
        return base64url(signature as Data)
    }
}

/// Takes a server whose certificate is right and whose key is one of the pins, and no other.
final class Pinning: NSObject, URLSessionDelegate {
    /// What stands before a key in its SubjectPublicKeyInfo (RFC 5280): Apple gives the key without it.
    private static let headers = [
        "\(kSecAttrKeyTypeRSA as String) 2048": "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
        "\(kSecAttrKeyTypeRSA as String) 3072": "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8A",
        "\(kSecAttrKeyTypeRSA as String) 4096": "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8A",
        "\(kSecAttrKeyTypeECSECPrimeRandom as String) 256": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=",
        "\(kSecAttrKeyTypeECSECPrimeRandom as String) 384": "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgA=",
    ]
    private let pins: Set<String>

    init(pins: Set<String>) { self.pins = pins }

    func urlSession(_ session: URLSession, didReceive challenge: URLAuthenticationChallenge) async
        -> (URLSession.AuthChallengeDisposition, URLCredential?) {
        guard challenge.protectionSpace.authenticationMethod == NSURLAuthenticationMethodServerTrust,
              let trust = challenge.protectionSpace.serverTrust
        else { return (.performDefaultHandling, nil) }
        guard SecTrustEvaluateWithError(trust, nil), let key = SecTrustCopyKey(trust), let pin = Self.pin(key), pins.contains(pin)
        else { return (.cancelAuthenticationChallenge, nil) }
        return (.useCredential, URLCredential(trust: trust))
    }

    private static func pin(_ key: SecKey) -> String? {
        guard let attributes = SecKeyCopyAttributes(key) as? [CFString: Any], let type = attributes[kSecAttrKeyType] as? String,
              let size = attributes[kSecAttrKeySizeInBits] as? Int, let header = headers["\(type) \(size)"],
              let info = Data(base64Encoded: header), let bytes = SecKeyCopyExternalRepresentation(key, nil) as Data?
        else { return nil }
        return Data(SHA256.hash(data: info + bytes)).base64EncodedString()
    }
}

/// Passkeys of the system. The app needs the entitlement webcredentials:HOST, and HOST its association file.
@MainActor
final class Passkeys: NSObject, ASAuthorizationControllerDelegate, ASAuthorizationControllerPresentationContextProviding {
    private let window: ASPresentationAnchor
    private var waiting: CheckedContinuation<ASAuthorizationCredential, Error>?

    init(window: ASPresentationAnchor) { self.window = window }

    /// options: the answer of POST /passkeys/options. The result goes to POST /passkeys as "passkey".
    func create(_ options: [String: Any]) async throws -> [String: Any] {
        guard let rp = (options["rp"] as? [String: Any])?["id"] as? String, let user = options["user"] as? [String: Any],
              let name = user["name"] as? String, let id = bytes(user["id"]), let challenge = bytes(options["challenge"])
        else { throw Failure.device("these are no options") }
        let provider = ASAuthorizationPlatformPublicKeyCredentialProvider(relyingPartyIdentifier: rp)
        let request = provider.createCredentialRegistrationRequest(challenge: challenge, name: name, userID: id)
        request.userVerificationPreference = .required
        guard let made = try await ask(request) as? ASAuthorizationPlatformPublicKeyCredentialRegistration,
              let object = made.rawAttestationObject
        else { throw Failure.device("no passkey") }
        return credential(made.credentialID, [
            "clientDataJSON": base64url(made.rawClientDataJSON), "attestationObject": base64url(object),
        ])
    }

    /// options: the answer of POST /sessions/passkey/options, or "passkey" of POST /session/challenge. The result is "passkey"
    /// of POST /sessions, or of {"method": "passkey", "passkey"} for a step-up or a second factor.
    func use(_ options: [String: Any]) async throws -> [String: Any] {
        guard let rp = options["rpId"] as? String, let challenge = bytes(options["challenge"])
        else { throw Failure.device("these are no options") }
        let provider = ASAuthorizationPlatformPublicKeyCredentialProvider(relyingPartyIdentifier: rp)
        let request = provider.createCredentialAssertionRequest(challenge: challenge)
        if options["userVerification"] as? String == "required" { request.userVerificationPreference = .required }
        let allowed = options["allowCredentials"] as? [[String: Any]] ?? []
        request.allowedCredentials = allowed.compactMap { bytes($0["id"]) }
            .map { ASAuthorizationPlatformPublicKeyCredentialDescriptor(credentialID: $0) }
        guard let used = try await ask(request) as? ASAuthorizationPlatformPublicKeyCredentialAssertion
        else { throw Failure.device("no passkey") }
        return credential(used.credentialID, [
            "clientDataJSON": base64url(used.rawClientDataJSON), "authenticatorData": base64url(used.rawAuthenticatorData),
            "signature": base64url(used.signature), "userHandle": base64url(used.userID),
        ])
    }

    private func ask(_ request: ASAuthorizationRequest) async throws -> ASAuthorizationCredential {
        try await withCheckedThrowingContinuation { continuation in
            waiting = continuation
            let controller = ASAuthorizationController(authorizationRequests: [request])
            controller.delegate = self
            controller.presentationContextProvider = self
            controller.performRequests()
        }
    }

    func presentationAnchor(for controller: ASAuthorizationController) -> ASPresentationAnchor { window }

    func authorizationController(controller: ASAuthorizationController,
                                 didCompleteWithAuthorization authorization: ASAuthorization) {
        waiting?.resume(returning: authorization.credential)
        waiting = nil
    }

    func authorizationController(controller: ASAuthorizationController, didCompleteWithError error: Error) {
        waiting?.resume(throwing: error)
        waiting = nil
    }

    private func credential(_ id: Data, _ response: [String: Any]) -> [String: Any] {
        let name = base64url(id)
        return ["id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": [String: Any]()]
    }

    private func bytes(_ text: Any?) -> Data? {
        guard var text = text as? String else { return nil }
        text = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        return Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4))
    }
}

func base64url(_ data: Data) -> String {
    data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        .replacingOccurrences(of: "=", with: "")
}
