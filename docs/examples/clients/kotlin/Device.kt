// What Gatepost.kt needs of an Android device: a sealed file for the handle, the key that a finger unlocks, passkeys.
// androidx.biometric:biometric, androidx.credentials:credentials (with credentials-play-services-auth), API 28 or later.
package org.example.gatepost

import android.app.Activity
import android.content.Context
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.util.AtomicFile
import android.util.Base64
import androidx.biometric.BiometricManager.Authenticators.BIOMETRIC_STRONG
import androidx.biometric.BiometricPrompt
import androidx.core.content.ContextCompat
import androidx.credentials.CreatePublicKeyCredentialRequest
import androidx.credentials.CreatePublicKeyCredentialResponse
import androidx.credentials.CredentialManager
import androidx.credentials.GetCredentialRequest
import androidx.credentials.GetPublicKeyCredentialOption
import androidx.credentials.PublicKeyCredential
import androidx.fragment.app.FragmentActivity
import java.io.File
import java.io.FileNotFoundException
import java.math.BigInteger
import java.security.GeneralSecurityException
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import org.json.JSONObject

private const val KEYS = "AndroidKeyStore"

private fun keys() = KeyStore.getInstance(KEYS).apply { load(null) }

private fun base64url(bytes: ByteArray): String =
    Base64.encodeToString(bytes, Base64.URL_SAFE or Base64.NO_PADDING or Base64.NO_WRAP)

/**
 * Small secrets in one file that is in no backup, sealed by a key of the Android Keystore. What is set is on the disk when
 * the assignment returns (AtomicFile), whenever the app is killed. For one process: several would need a lock.
 */
class Vault(context: Context) {
    private val file = AtomicFile(File(context.noBackupFilesDir, "gatepost"))

    @Synchronized
    operator fun get(name: String): String? = read().optString(name).ifEmpty { null }

    @Synchronized
    operator fun set(name: String, value: String?) {
        val text = read().put(name, value).toString() // null takes it away
        val cipher = Cipher.getInstance(SEAL).apply { init(Cipher.ENCRYPT_MODE, key()) }
        val out = file.startWrite()
        try {
            out.write(cipher.iv + cipher.doFinal(text.toByteArray()))
            file.finishWrite(out)
        } catch (failure: Exception) {
            file.failWrite(out)
            throw failure
        }
    }

    private fun read(): JSONObject = try {
        val bytes = file.readFully()
        val cipher = Cipher.getInstance(SEAL)
        cipher.init(Cipher.DECRYPT_MODE, key(), GCMParameterSpec(128, bytes, 0, IV))
        JSONObject(String(cipher.doFinal(bytes, IV, bytes.size - IV)))
    } catch (none: FileNotFoundException) {
        JSONObject()
    } catch (foreign: GeneralSecurityException) {
        // Of another installation, whose key is gone: sign in again.
        JSONObject()
    }

    private fun key(): SecretKey {
        (keys().getKey(ALIAS, null) as? SecretKey)?.let { return it }
        val spec = KeyGenParameterSpec.Builder(ALIAS, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
            .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KEYS).apply { init(spec) }.generateKey()
    }

    private companion object {
        const val ALIAS = "gatepost.vault"
        const val SEAL = "AES/GCM/NoPadding"
        const val IV = 12
    }
}

/** A P-256 key in secure hardware that signs once for each finger or face shown, and is gone when a new one is enrolled. */
object DeviceKey {
    private const val ALIAS = "gatepost.device"

    /** A new one in place of any former; its public half as JWK. */
    fun create(): JSONObject {
        val spec = KeyGenParameterSpec.Builder(ALIAS, KeyProperties.PURPOSE_SIGN)
            .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
            .setDigests(KeyProperties.DIGEST_SHA256)
            .setUserAuthenticationRequired(true)
            .setInvalidatedByBiometricEnrollment(true)
        // Before API 30, no validity in seconds means the same: once for each, by biometrics alone.
        if (Build.VERSION.SDK_INT >= 30) spec.setUserAuthenticationParameters(0, KeyProperties.AUTH_BIOMETRIC_STRONG)
        val generator = KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, KEYS)
        generator.initialize(spec.build())
        val point = (generator.generateKeyPair().public as ECPublicKey).w
        return JSONObject().put("kty", "EC").put("crv", "P-256")
            .put("x", base64url(octets(point.affineX))).put("y", base64url(octets(point.affineY)))
    }

    /** 32 of them: toByteArray() has a sign's octet in front, or leaves out zeros. */
    private fun octets(number: BigInteger) = number.toByteArray().takeLast(32).toByteArray().let { ByteArray(32 - it.size) + it }

    /**
     * Over the characters of the challenge exactly as they came: ECDSA with SHA-256, in DER. KeyPermanentlyInvalidatedException:
     * the fingers or faces have changed; prove it by password and enrol a new key.
     */
    suspend fun sign(activity: FragmentActivity, challenge: String): String = withContext(Dispatchers.Main) {
        val signature = Signature.getInstance("SHA256withECDSA")
        signature.initSign(keys().getKey(ALIAS, null) as PrivateKey)
        suspendCancellableCoroutine<String> { waiting ->
            val callback = object : BiometricPrompt.AuthenticationCallback() {
                override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) {
                    val unlocked = checkNotNull(result.cryptoObject?.signature)
                    unlocked.update(challenge.toByteArray())
                    waiting.resume(base64url(unlocked.sign()))
                }

                override fun onAuthenticationError(errorCode: Int, errString: CharSequence) =
                    waiting.resumeWithException(SecurityException(errString.toString()))
            }
            val prompt = BiometricPrompt(activity, ContextCompat.getMainExecutor(activity), callback)
            val texts = BiometricPrompt.PromptInfo.Builder()
                .setTitle("Confirm that it is you")
                .setNegativeButtonText("Cancel")
                .setAllowedAuthenticators(BIOMETRIC_STRONG)
                .build()
            prompt.authenticate(texts, BiometricPrompt.CryptoObject(signature))
            waiting.invokeOnCancellation { prompt.cancelAuthentication() }
        }
    }
}

/**
 * options: the answer of POST /passkeys/options, as text. The result goes to POST /passkeys as "passkey". The app's key
 * hash must be among the server's "[passkey] origins", and HOST must name the app in its assetlinks.json.
 */
suspend fun createPasskey(activity: Activity, options: String): String {
    val made = CredentialManager.create(activity).createCredential(activity, CreatePublicKeyCredentialRequest(options))
    return (made as CreatePublicKeyCredentialResponse).registrationResponseJson
}

/**
 * options: the answer of POST /sessions/passkey/options, or "passkey" of POST /session/challenge. The result is "passkey" of
 * POST /sessions, or of {"method": "passkey", "passkey"} for a step-up or a second factor.
 */
suspend fun usePasskey(activity: Activity, options: String): String {
    val request = GetCredentialRequest(listOf(GetPublicKeyCredentialOption(options)))
    val used = CredentialManager.create(activity).getCredential(activity, request).credential
    return (used as PublicKeyCredential).authenticationResponseJson
}
