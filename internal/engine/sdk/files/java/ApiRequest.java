package PACKAGE_NAME;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Input of one call: what all calls have in common. */
public abstract class ApiRequest {
    final String verb;
    final String path;
    final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    byte[] bytes = new byte[0];

    private final String[] required;
    private final Map<String, String> inPath = new HashMap<>();
    private final List<String[]> pairs = new ArrayList<>();

    /** required has "place name" of each parameter that must be set. */
    ApiRequest(String verb, String path, String... required) {
        this.verb = verb;
        this.path = path;
        this.required = required;
    }

    /** Adds a header that the method does not declare. */
    public ApiRequest header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** Adds a query parameter that the method does not declare; it may be there several times. */
    public ApiRequest query(String name, String value) {
        pairs.add(new String[] {name, value});
        return this;
    }

    /** Sets the body. */
    public ApiRequest body(byte[] body) {
        bytes = body.clone();
        return this;
    }

    /** Sets the body, as UTF-8. */
    public ApiRequest body(String text) {
        bytes = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    final void set(String place, String name, String value) {
        switch (place) {
            case "path":
                inPath.put(name, value);
                break;
            case "header":
                headers.put(name, value);
                break;
            default:
                pairs.removeIf(p -> p[0].equals(name));
                pairs.add(new String[] {name, value});
        }
    }

    /** Throws if a required parameter was not set. */
    final void check() {
        for (String one : required) {
            String name = one.substring(one.indexOf(' ') + 1);
            boolean there = one.startsWith("path ") ? inPath.get(name) != null
                : one.startsWith("header ") ? headers.get(name) != null
                : pairs.stream().anyMatch(p -> p[0].equals(name) && p[1] != null);
            if (!there) {
                throw new IllegalArgumentException(name + " must be set");
            }
        }
    }

    /** The path with its parameters, encoded. */
    final String target() {
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int open = path.indexOf('{'); open >= 0; open = path.indexOf('{', at)) {
            int close = path.indexOf('}', open);
            String name = path.substring(open + 1, close);
            boolean greedy = name.endsWith("+");
            String value = inPath.get(greedy ? name.substring(0, name.length() - 1) : name);
            out.append(path, at, open);
            String[] segments = greedy ? value.split("/", -1) : new String[] {value};
            for (int i = 0; i < segments.length; i++) {
                out.append(i == 0 ? "" : "/").append(segment(segments[i]));
            }
            at = close + 1;
        }
        return out.append(path.substring(at)).toString();
    }

    private static String segment(String text) {
        if (text.equals(".") || text.equals("..")) {
            throw new IllegalArgumentException("a path parameter must not be " + text);
        }
        return Signer.encode(text);
    }

    /** The query parameters, encoded, in the order in which they are sent and signed. */
    final List<String> queryPairs() {
        List<String[]> encoded = new ArrayList<>();
        for (String[] p : pairs) {
            if (p[1] != null) {
                encoded.add(new String[] {Signer.encode(p[0]), Signer.encode(p[1])});
            }
        }
        encoded.sort((a, b) -> a[0].equals(b[0]) ? a[1].compareTo(b[1]) : a[0].compareTo(b[0]));
        List<String> out = new ArrayList<>();
        for (String[] p : encoded) {
            out.add(p[0] + "=" + p[1]);
        }
        return out;
    }
}
