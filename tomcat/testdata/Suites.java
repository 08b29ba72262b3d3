import org.apache.tomcat.util.net.openssl.ciphers.*;

/** Prints Java's suites, and those that Tomcat takes each argument to stand for. */
public class Suites {
    public static void main(String[] lists) throws Exception {
        System.out.println(String.join(" ", javax.net.ssl.SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites()));
        for (String list : lists) {
            StringBuilder line = new StringBuilder();
            for (Cipher c : OpenSSLCipherConfigurationParser.parse(list)) {
                line.append(c.name()).append(' ');
            }
            System.out.println(line);
        }
    }
}
