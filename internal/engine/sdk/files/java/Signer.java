package PACKAGE_NAME;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs requests with AWS Signature Version 4. */
final class Signer {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final String accessKey;
    private final String secretKey;
    private final String sessionToken;
    private final String region;

    Signer(String accessKey, String secretKey, String sessionToken, String region) {
        this.accessKey = accessKey;
        this.secretKey = secretKey;
        this.sessionToken = sessionToken;
        this.region = region;
    }

    /** The header fields that a request needs beside its own. */
    Map<String, String> sign(String verb, URI at, List<String> query, byte[] body, Instant now) {
        String time = TIME.format(now);
        String day = time.substring(0, 8);
        Map<String, String> signed = new TreeMap<>();
        signed.put("host", at.getRawAuthority());
        signed.put("x-amz-date", time);
        if (sessionToken != null) {
            signed.put("x-amz-security-token", sessionToken);
        }
        StringBuilder fields = new StringBuilder();
        signed.forEach((name, value) -> fields.append(name).append(':').append(value.trim()).append('\n'));
        String names = String.join(";", signed.keySet());
        StringBuilder path = new StringBuilder();
        for (String segment : at.getRawPath().split("/", -1)) {
            path.append(path.length() == 0 && segment.isEmpty() ? "" : "/").append(encode(segment));
        }
        try {
            String canonical = String.join("\n", verb, path, String.join("&", query), fields, names, hex(sha256(body)));
            String scope = day + "/" + region + "/execute-api/aws4_request";
            String toSign = String.join("\n", "AWS4-HMAC-SHA256", time, scope, hex(sha256(utf8(canonical))));
            byte[] key = utf8("AWS4" + secretKey);
            for (String part : scope.split("/")) {
                key = hmac(key, part);
            }
            Map<String, String> out = new TreeMap<>(signed);
            out.remove("host");
            out.put("Authorization", "AWS4-HMAC-SHA256 Credential=" + accessKey + "/" + scope + ", SignedHeaders=" + names
                + ", Signature=" + hex(hmac(key, toSign)));
            return out;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /** Percent-encodes all but letters, digits and -_.~ of UTF-8. */
    static String encode(String text) {
        StringBuilder out = new StringBuilder();
        for (byte b : utf8(text)) {
            int c = b & 0xff;
            if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~') {
                out.append((char) c);
            } else {
                out.append(String.format("%%%02X", c));
            }
        }
        return out.toString();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] sha256(byte[] bytes) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(utf8(text));
    }

    private static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte b : bytes) {
            out.append(String.format("%02x", b & 0xff));
        }
        return out.toString();
    }
}
