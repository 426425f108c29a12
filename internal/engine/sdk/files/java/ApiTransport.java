package PACKAGE_NAME;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Sends requests, again if that may help. May be used by any number of threads. */
final class ApiTransport {
    private final HttpClient http;
    private final String endpoint;
    private final String apiKey;
    private final Signer signer;
    private final int maxRetries;
    private final Duration timeout;

    ApiTransport(String endpoint, String apiKey, Signer signer, int maxRetries, Duration timeout) {
        this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(timeout).build();
        this.endpoint = endpoint.replaceAll("/+$", "");
        this.apiKey = apiKey;
        this.signer = signer;
        this.maxRetries = maxRetries;
        this.timeout = timeout;
    }

    ApiAnswer send(ApiRequest request) {
        request.check();
        boolean harmless = !request.verb.equals("POST") && !request.verb.equals("PATCH");
        for (int tried = 0;; tried++) {
            try {
                HttpResponse<byte[]> response = http.send(prepare(request), HttpResponse.BodyHandlers.ofByteArray());
                int status = response.statusCode();
                if (tried < maxRetries && (status == 429 || status >= 500)) {
                    pause(tried);
                    continue;
                }
                ApiAnswer answer = new ApiAnswer(status, response.headers().map(), response.body());
                if (status >= 300) {
                    throw new ApiException("Request failed with status code " + status, answer, null);
                }
                return answer;
            } catch (IOException e) {
                if (tried >= maxRetries || !harmless) {
                    throw new ApiException("Request was not answered: " + e.getMessage(), null, e);
                }
                pause(tried);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ApiException("Request was interrupted", null, e);
            }
        }
    }

    private HttpRequest prepare(ApiRequest request) {
        List<String> query = request.queryPairs();
        URI at = URI.create(endpoint + request.target() + (query.isEmpty() ? "" : "?" + String.join("&", query)));
        HttpRequest.Builder out = HttpRequest.newBuilder(at).timeout(timeout)
            .method(request.verb, request.bytes.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(request.bytes));
        if (request.bytes.length > 0 && !request.headers.containsKey("Content-Type")) {
            out.setHeader("Content-Type", "application/json");
        }
        if (!request.headers.containsKey("Accept")) {
            out.setHeader("Accept", "application/json");
        }
        if (apiKey != null) {
            out.setHeader("x-api-key", apiKey);
        }
        request.headers.forEach(out::setHeader);
        if (signer != null) {
            signer.sign(request.verb, at, query, request.bytes, Instant.now()).forEach(out::setHeader);
        }
        return out.build();
    }

    /** Waits a random time below 100 ms, twice that, and so on up to 20 s. */
    private static void pause(int tried) {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextLong(1 + Math.min(20_000L, 100L << Math.min(tried, 20))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException("Request was interrupted", null, e);
        }
    }
}
