import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.velocity.Template;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.event.EventCartridge;
import org.apache.velocity.app.event.ReferenceInsertionEventHandler;
import org.apache.velocity.runtime.RuntimeInstance;

/**
 * Renders templates with Apache Velocity 1.7: a line in, a line out. A line is "render TEMPLATE" or "bench N TEMPLATE", the template
 * in base64; the answer is "ok OUTPUT" in base64, "error", or the nanoseconds of CPU time that a rendering took.
 */
public class Render {
    public static class Input {
        public Object json(String path) {
            return "{\"json\":\"" + path + "\"}";
        }

        public Object path(String path) {
            return data().get("m");
        }

        public Object params(String name) {
            return "param:" + name;
        }

        public Object getBody() {
            return "{\"body\":1}";
        }
    }

    public static class Util {
        public Object escapeJavaScript(Object text) {
            return "js:" + text;
        }

        public Object urlEncode(Object text) {
            return "url:" + text;
        }

        public Object base64Encode(Object text) {
            return "b64:" + text;
        }
    }

    static Map<String, Object> data() {
        Map<String, Object> deep = new LinkedHashMap<>();
        deep.put("c", "deep");
        deep.put("n", 42L);
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("a", "one");
        m.put("b", deep);
        m.put("k-x", "dash");
        List<Object> rows = new ArrayList<>();
        for (long i = 0; i < 10; i++) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("id", i);
            row.put("name", "item " + i);
            row.put("tags", new ArrayList<>(Arrays.asList("red", "green")));
            rows.add(row);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("i", 7L);
        all.put("n", 12L);
        all.put("s", "hello");
        all.put("t", "a,b;c");
        all.put("yes", true);
        all.put("no", false);
        all.put("l", new ArrayList<>(Arrays.asList("x", "y", "z")));
        all.put("e", new ArrayList<>());
        all.put("m", m);
        all.put("rows", rows);
        return all;
    }

    static RuntimeInstance velocity() {
        RuntimeInstance v = new RuntimeInstance();
        v.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        v.setProperty("resource.loader", "none");
        v.setProperty("velocimacro.library", "");
        v.init();
        return v;
    }

    static VelocityContext context() {
        VelocityContext c = new VelocityContext();
        data().forEach(c::put);
        c.put("input", new Input());
        c.put("util", new Util());
        EventCartridge events = new EventCartridge();
        events.addEventHandler((ReferenceInsertionEventHandler) (reference, value) -> value == null ? "" : value);
        events.attachToContext(c);
        return c;
    }

    static Template parse(RuntimeInstance v, String text) throws Exception {
        Template t = new Template();
        t.setRuntimeServices(v);
        t.setName("t");
        t.setData(v.parse(new StringReader(text), "t"));
        t.initDocument();
        return t;
    }

    public static void main(String[] args) throws Exception {
        RuntimeInstance v = velocity();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, true, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            String text = new String(Base64.getDecoder().decode(words[words.length - 1]), StandardCharsets.UTF_8);
            try {
                Template t = parse(v, text);
                if (words[0].equals("bench")) {
                    out.println(bench(t, Integer.parseInt(words[1])));
                    continue;
                }
                StringWriter w = new StringWriter();
                t.merge(context(), w);
                out.println("ok " + Base64.getEncoder().encodeToString(w.toString().getBytes(StandardCharsets.UTF_8)));
            } catch (Exception e) {
                out.println("error");
            }
        }
    }

    /** One rendering's CPU time, in nanoseconds: each has a context of its own over data that is there, as a request has. */
    static long bench(Template t, int times) throws Exception {
        Map<String, Object> data = data();
        Input input = new Input();
        Util util = new Util();
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        int size = 0;
        for (int i = 0; i < times; i++) {
            VelocityContext c = new VelocityContext(data);
            c.put("input", input);
            c.put("util", util);
            StringWriter w = new StringWriter();
            t.merge(c, w);
            size += w.getBuffer().length();
        }
        if (size == 0) {
            return -1;
        }
        return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / times;
    }
}
