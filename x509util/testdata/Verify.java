import java.io.FileInputStream;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** Verifies the signature of each self-signed certificate in a file. */
public class Verify {
    public static void main(String[] args) throws Exception {
        try (var in = new FileInputStream(args[0])) {
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                X509Certificate x = (X509Certificate) c;
                String result;
                try {
                    x.verify(x.getPublicKey());
                    result = "verified";
                } catch (Exception e) {
                    result = e.toString();
                }
                System.out.println(x.getSubjectX500Principal().getName() + " " + x.getSigAlgName() + " " + result);
            }
        }
    }
}
