package PACKAGE_NAME;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What a call was answered with. */
public final class ApiAnswer {
    private final int status;
    private final Map<String, List<String>> headers;
    private final byte[] body;

    ApiAnswer(int status, Map<String, List<String>> headers, byte[] body) {
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /** The status code. */
    public int status() {
        return status;
    }

    /** The header fields, by name in lower case. */
    public Map<String, List<String>> headers() {
        return headers;
    }

    /** The body. */
    public byte[] bytes() {
        return body.clone();
    }

    /** The body as UTF-8. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
