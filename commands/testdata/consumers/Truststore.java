import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Says for each line of standard input, a server's certificate and system
 * properties as they stand on Java's command line, in Base64, what TLS in Java
 * makes of its truststore: "trusted", or the exceptions.
 */
class Truststore {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null;) {
            String[] words = line.split(" ");
            for (int i = 0; i < words.length; i++) {
                words[i] = new String(Base64.getDecoder().decode(words[i]), StandardCharsets.UTF_8);
            }
            System.getProperties().keySet().removeIf(key -> key.toString().startsWith("javax.net.ssl."));
            String answer = "trusted";
            try {
                for (int i = 1; i < words.length; i++) {
                    String[] property = words[i].substring("-D".length()).split("=", 2);
                    System.setProperty(property[0], property[1]);
                }
                verify(words[0]);
            } catch (Throwable e) {
                StringBuilder chain = new StringBuilder();
                for (Throwable t = e; t != null; t = t.getCause()) {
                    chain.append(t).append("; ");
                }
                answer = chain.toString().replace('\n', ' ');
            }
            System.out.println(answer);
        }
    }

    private static void verify(String file) throws Exception {
        X509Certificate server;
        try (FileInputStream in = new FileInputStream(file)) {
            server = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        ((X509TrustManager) factory.getTrustManagers()[0]).checkServerTrusted(new X509Certificate[] {server}, "ECDHE_ECDSA");
        // Tomcat and others make their parameters of the keystore itself.
        KeyStore store = KeyStore.getInstance(System.getProperty("javax.net.ssl.trustStoreType", KeyStore.getDefaultType()));
        String password = System.getProperty("javax.net.ssl.trustStorePassword");
        try (FileInputStream in = new FileInputStream(System.getProperty("javax.net.ssl.trustStore"))) {
            store.load(in, password == null ? null : password.toCharArray());
        }
        new PKIXParameters(store);
    }
}
