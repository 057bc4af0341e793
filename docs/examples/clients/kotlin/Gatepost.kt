// A client of Gatepost for Android (OkHttp 4 or later, kotlinx.coroutines), by handle or by a cookie jar; Device.kt has
// what it needs of the device. An example to take apart: tests compare its paths and codes, but nothing here compiles it.
package org.example.gatepost

import java.io.IOException
import java.util.UUID
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.delay
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import okhttp3.CertificatePinner
import okhttp3.Cookie
import okhttp3.CookieJar
import okhttp3.HttpUrl
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

class Answer(val status: Int, val json: JSONObject, val retryAfter: Long, val etag: String?) {
    val code: String get() = json.optString("code")
    val session: JSONObject get() = json.optJSONObject("session") ?: JSONObject()
}

sealed class Failure(message: String) : Exception(message) {
    class SignIn : Failure("nobody is signed in any more: show the sign-in, then call start()")
    class SecondFactor(val answer: Answer) : Failure("\"methods\" says which codes to ask for, then secondFactor()")
    class StepUp(val answer: Answer) : Failure("\"methods\" says what to ask for, then stepUp(), and the same again")
    class Wait(val seconds: Long) : Failure("wait $seconds seconds")
    class Refused(val answer: Answer) : Failure("by code: mend the program, or show \"detail\"")
}

enum class Carrier { HANDLE, COOKIE }

/**
 * address: https://HOST/auth. pins: "sha256/…" of the server's key and of a spare one, as "gatepost pin CERT.pem" prints
 * them. sign: DeviceKey.sign() with the activity that is in front.
 */
class Gatepost(
    private val address: HttpUrl,
    private val vault: Vault,
    private val carrier: Carrier,
    pins: List<String>,
    private val sign: suspend (challenge: String) -> String,
) {
    // One at a time: a call that gets a new value has stored it before the next begins.
    private val turn = Mutex()
    private var csrf: String? = null // by cookie; member csrf_token of every "session"
    private val http = OkHttpClient.Builder()
        .certificatePinner(CertificatePinner.Builder().add(address.host, *pins.toTypedArray()).build())
        .cookieJar(if (carrier == Carrier.COOKIE) Jar() else CookieJar.NO_COOKIES)
        .followRedirects(false)
        .retryOnConnectionFailure(false) // again() knows what may be repeated
        .callTimeout(30, TimeUnit.SECONDS)
        .build()

    /** The first call after every start: session, user, flows, and in "next" the page to go on with. */
    suspend fun start() = call("GET", "/session/state")

    /** With the value of a guest, or of the same person, that session goes on. */
    suspend fun signIn(identifier: String, password: String, deviceName: String): Answer =
        signIn(JSONObject().put("identifier", identifier).put("password", password).put("device_name", deviceName))

    /** passkey: what usePasskey() made of the answer of POST /sessions/passkey/options. */
    suspend fun signIn(passkey: String, deviceName: String): Answer =
        signIn(JSONObject().put("passkey", JSONObject(passkey)).put("device_name", deviceName))

    private suspend fun signIn(proof: JSONObject): Answer {
        // Names this installation for good, so that a new sign-in ends what an earlier one left behind.
        val device = vault["device_id"] ?: UUID.randomUUID().toString().also { vault["device_id"] = it }
        proof.put("device_id", device).put("transport", carrier.name.lowercase())
        if (carrier == Carrier.COOKIE) proof.put("remember", true)
        val answer = call("POST", "/sessions", proof)
        if (answer.session.optString("state") == "second_factor_required") throw Failure.SecondFactor(answer)
        return answer
    }

    /** method: "totp" or "recovery_code". */
    suspend fun secondFactor(method: String, code: String) =
        call("POST", "/session/second-factor", JSONObject().put("method", method).put("code", code))

    /** proof: {"method": "password", "password"}, {"method": "totp", "code"}, or {"method": "passkey", "passkey"}. */
    suspend fun stepUp(proof: JSONObject) = call("POST", "/session/reauth", proof)

    suspend fun signOut() {
        try {
            call("DELETE", "/session")
        } catch (over: Failure.SignIn) {
            // That is what was wanted.
        }
        vault["handle"] = null
        vault["cookies"] = null
    }

    /** The key that a finger or a face unlocks; needs a sign-in of just now. */
    suspend fun enrolKey() {
        val devices = call("GET", "/devices").json.getJSONArray("devices")
        val own = (0 until devices.length()).map(devices::getJSONObject).first { it.getBoolean("current") }
        call("PUT", "/devices/${own.getString("id")}/key", JSONObject().put("public_key", DeviceKey.create()))
        vault["key_id"] = own.getString("id")
    }

    /**
     * What a screen calls: waits for its turn. A screen that is closed meanwhile does not take the call with it: its answer
     * may have the new value.
     */
    suspend fun call(method: String, path: String, body: JSONObject? = null, ifMatch: String? = null): Answer =
        withContext(Dispatchers.IO + NonCancellable) { turn.withLock { run(Call(method, path, body?.toString(), ifMatch)) } }

    // The body is made once: "the same request" is the same bytes.
    private class Call(val method: String, val path: String, val body: String? = null, val ifMatch: String? = null)

    /** What a client does on each code. */
    private suspend fun run(call: Call): Answer {
        val used = vault["handle"]
        var answer = again(call)
        when {
            answer.status == 503 -> {
                delay(answer.retryAfter * 1000)
                answer = again(call)
            }
            answer.status == 403 && answer.code == "csrf_failed" -> {
                csrf = null
                answer = again(call)
            }
            // Another object of this class may have a newer value, and has if "rotated" is true and nobody stole the old one.
            answer.status == 401 && answer.code == "unauthenticated" -> if (vault["handle"] != used) answer = again(call)
            answer.status == 401 && answer.code == "reauthentication_required" && vault["key_id"] != null -> {
                confirm()
                answer = again(call)
            }
        }
        return when {
            answer.status < 300 -> answer
            answer.status == 401 && answer.code in setOf("unauthenticated", "session_expired") -> throw Failure.SignIn()
            answer.status == 401 && answer.code == "reauthentication_required" -> throw Failure.StepUp(answer)
            answer.status == 403 && answer.code == "second_factor_required" -> throw Failure.SecondFactor(answer)
            answer.status == 429 || answer.status == 503 -> throw Failure.Wait(answer.retryAfter)
            else -> throw Failure.Refused(answer)
        }
    }

    /** Step-up by the device's key: asks for the finger or the face. */
    private suspend fun confirm() {
        val asked = again(Call("POST", "/session/challenge", JSONObject().put("purpose", "reauth").toString()))
        if (!asked.json.has("challenge")) throw Failure.Refused(asked)
        val challenge = asked.json.getString("challenge")
        val proof = JSONObject().put("method", "device_key").put("device_id", vault["key_id"])
            .put("challenge", challenge).put("signature", sign(challenge))
        val answer = again(Call("POST", "/session/reauth", proof.toString()))
        if (answer.status != 200) throw Failure.Refused(answer)
    }

    /**
     * A lost answer is asked for once more: the same request with the same value gets the same answer within 30 seconds, a
     * new value too. Only an attempt would be taken twice.
     */
    private fun again(call: Call): Answer {
        if (carrier == Carrier.COOKIE && csrf == null && call.method != "GET") {
            // A value that is dead is of no more use; the device's own cookie stays.
            if (exchange(Call("GET", "/session")).status == 401) forget()
        }
        val cookies = vault["cookies"]
        return try {
            exchange(call)
        } catch (lost: IOException) {
            if (call.path.endsWith("/attempts")) throw lost
            // The jar may have the cookie of an answer whose rest was lost: the same request has the former one.
            vault["cookies"] = cookies
            exchange(call)
        }
    }

    /** One request and its answer, whose new value is stored before anything else is done with it. */
    private fun exchange(call: Call): Answer {
        val body = call.body?.toRequestBody(JSON) ?: if (call.method in setOf("POST", "PUT", "PATCH")) NOTHING else null
        val request = Request.Builder().url("$address/api/v1${call.path}").method(call.method, body)
        call.ifMatch?.let { request.header("If-Match", it) }
        if (carrier == Carrier.HANDLE) vault["handle"]?.let { request.header("X-Session-Id", it) }
        if (carrier == Carrier.COOKIE && call.method != "GET") csrf?.let { request.header("X-CSRF-Token", it) }
        return http.newCall(request.build()).execute().use { got ->
            val text = got.body?.string().orEmpty()
            val json = try { JSONObject(text) } catch (none: JSONException) { JSONObject() }
            val answer = Answer(got.code, json, got.header("Retry-After")?.toLongOrNull() ?: 1, got.header("ETag"))
            if (json.has("session_handle")) vault["handle"] = json.getString("session_handle")
            if (answer.session.has("csrf_token")) csrf = answer.session.getString("csrf_token")
            answer
        }
    }

    private fun forget() {
        vault["cookies"] = JSONArray(lines().filterNot { it.startsWith("__Host-gatepost=") }).toString()
    }

    private fun lines(): List<String> {
        val all = JSONArray(vault["cookies"] ?: "[]")
        return (0 until all.length()).map(all::getString)
    }

    /** Cookies that outlive the process, as lines of Set-Cookie in the vault. */
    private inner class Jar : CookieJar {
        override fun saveFromResponse(url: HttpUrl, cookies: List<Cookie>) {
            val former = lines().filterNot { line -> cookies.any { line.startsWith("${it.name}=") } }
            val now = cookies.filter { it.expiresAt > System.currentTimeMillis() }.map { it.toString() }
            vault["cookies"] = JSONArray(former + now).toString()
        }

        override fun loadForRequest(url: HttpUrl): List<Cookie> =
            lines().mapNotNull { Cookie.parse(url, it) }.filter { it.matches(url) }
    }

    private companion object {
        val JSON = "application/json".toMediaType()
        val NOTHING = ByteArray(0).toRequestBody()
    }
}
