import java.io.*;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import java.util.logging.*;
import javax.net.ssl.*;
import org.apache.catalina.Engine;
import org.apache.catalina.connector.*;
import org.apache.catalina.startup.Catalina;
import org.apache.catalina.valves.ValveBase;

/**
 * Programs that take keystores, in one virtual machine: a line of the standard
 * input is a command, its words set apart by tabs. What it prints comes back
 * line by line behind a 1 (standard output) or a 2 (standard error), and then
 * its exit code behind a dot.
 */
class Consumers {
    public static void main(String[] args) throws Exception {
        var answer = System.out;
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.setIn(InputStream.nullInputStream());
        for (String line; (line = in.readLine()) != null; ) {
            var out = new ByteArrayOutputStream();
            var err = new ByteArrayOutputStream();
            System.setOut(new PrintStream(out, true));
            System.setErr(new PrintStream(err, true));
            int code = 0;
            try {
                code = run(line.split("\t", -1));
            } catch (Throwable e) {
                for (Throwable t = e; t != null; t = t.getCause()) System.err.println(t);
                code = 1;
            }
            out.toString().lines().forEach(l -> answer.println("1" + l));
            err.toString().lines().forEach(l -> answer.println("2" + l));
            answer.println("." + code);
            answer.flush();
        }
    }

    static int run(String[] words) throws Exception {
        var args = Arrays.copyOfRange(words, 1, words.length);
        switch (words[0]) {
            case "keytool": return keytool(args);
            case "open": open(args[0], args[1]); break;
            case "open-before-8u301": openBefore8u301(args[0], args[1]); break;
            case "get": get(args); break;
            case "tomcat": tomcat(Path.of(args[0])); break;
            default: throw new IllegalArgumentException(words[0]);
        }
        return 0;
    }

    /** The JDK's keytool, which ends the virtual machine after an error unless it is to be debugged. */
    static int keytool(String[] args) throws Exception {
        var main = Class.forName("sun.security.tools.keytool.Main");
        var constructor = main.getDeclaredConstructor();
        constructor.setAccessible(true);
        var run = main.getDeclaredMethod("run", String[].class, PrintStream.class);
        run.setAccessible(true);
        args = Arrays.copyOf(args, args.length + 1);
        args[args.length - 1] = "-debug";
        try {
            return run.invoke(constructor.newInstance(), args, System.out) instanceof Integer code ? code : 0;
        } catch (InvocationTargetException e) {
            return 1; // it has said why
        }
    }

    static KeyStore load(String file, String password) throws Exception {
        var ks = KeyStore.getInstance("PKCS12"); // which reads JKS as well
        try (var in = new FileInputStream(file)) {
            ks.load(in, password.isEmpty() ? null : password.toCharArray());
        }
        return ks;
    }

    /** Lists what an application sees of a keystore whose one password it knows. */
    static void open(String file, String password) throws Exception {
        var ks = load(file, password);
        for (var alias : Collections.list(ks.aliases())) {
            if (ks.isCertificateEntry(alias)) {
                System.out.println(alias + ": trusted " + subject(ks.getCertificate(alias)));
                continue;
            }
            var key = ks.getKey(alias, password.toCharArray());
            var chain = ks.getCertificateChain(alias);
            System.out.println(alias + ": " + key.getAlgorithm() + " key"
                + (chain == null ? "" : ", " + chain.length + " certificates of " + subject(chain[0])));
        }
        System.out.println(ks.size() + " entries");
    }

    static String subject(java.security.cert.Certificate c) {
        return ((X509Certificate) c).getSubjectX500Principal().getName();
    }

    /** Opens a keystore as Java did when it had no HmacPBESHA256, which 8u301 and 11.0.12 brought. */
    static void openBefore8u301(String file, String password) throws Exception {
        var provider = Security.getProvider("SunJCE");
        var mac = provider.getService("Mac", "HmacPBESHA256");
        var remove = Provider.class.getDeclaredMethod("removeService", Provider.Service.class);
        var put = Provider.class.getDeclaredMethod("putService", Provider.Service.class);
        remove.setAccessible(true);
        put.setAccessible(true);
        remove.invoke(provider, mac);
        try {
            open(file, password);
        } finally {
            put.invoke(provider, mac);
        }
    }

    /** Fetches a page: URL TRUSTSTORE PASSWORD [KEYSTORE PASSWORD]. */
    static void get(String[] args) throws Exception {
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(load(args[1], args[2]));
        KeyManager[] keys = null;
        if (args.length > 3) {
            var factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(load(args[3], args[4]), args[4].toCharArray());
            keys = factory.getKeyManagers();
        }
        var context = SSLContext.getInstance("TLS");
        context.init(keys, trust.getTrustManagers(), null);
        var connection = (HttpsURLConnection) new URL(args[0]).openConnection();
        connection.setSSLSocketFactory(context.getSocketFactory());
        try (var in = connection.getInputStream()) {
            System.out.print(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** What there is at every address: who asks, where he has shown a certificate. */
    static class Page extends ValveBase {
        @Override
        public void invoke(Request request, Response response) throws IOException {
            var client = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
            response.getWriter().println("served by Tomcat" + (client == null ? "" : " to " + subject(client[0])));
        }
    }

    /** Starts Tomcat with a server.xml, and prints its log and its connectors' ports. */
    static void tomcat(Path xml) throws Exception {
        var handler = new Handler() {
            @Override public synchronized void publish(LogRecord record) {
                System.out.println(record.getLevel() + ": " + new SimpleFormatter().formatMessage(record));
                for (Throwable t = record.getThrown(); t != null; t = t.getCause()) System.out.println("  " + t);
            }
            @Override public void flush() {}
            @Override public void close() {}
        };
        var root = Logger.getLogger("");
        for (var other : root.getHandlers()) root.removeHandler(other);
        root.addHandler(handler);
        try {
            // Tomcat remembers the first configuration's place as the only one.
            var place = Path.of(System.getProperty("catalina.base"), "conf", "server.xml");
            Files.createDirectories(place.getParent());
            Files.copy(xml, place, StandardCopyOption.REPLACE_EXISTING);
            var catalina = new Catalina();
            catalina.setUseShutdownHook(false);
            catalina.load();
            var services = catalina.getServer().findServices();
            for (var service : services) ((Engine) service.getContainer()).getPipeline().addValve(new Page());
            catalina.start();
            for (var service : services) {
                for (var connector : service.findConnectors()) System.out.println("port " + connector.getLocalPort());
            }
        } finally {
            root.removeHandler(handler);
        }
    }
}
