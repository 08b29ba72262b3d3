import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Collections;
import java.util.HexFormat;
import javax.crypto.spec.SecretKeySpec;

/**
 * Writes and lists keystores with BouncyCastle:
 *
 *   java BouncyCastle.java key certificate {{write|list} type file storepass keypass}...
 *
 * Key (RSA, PKCS #8) and certificate are files in DER. A keystore is written
 * with the key, as "The Key" with the certificate for its chain; the
 * certificate, as "trusted"; and unless its type holds none, an AES key, as
 * "secret", and the key's public key, as "public". Of a keystore is printed a
 * line an entry: file, alias, kind, number of certificates and the first in
 * hexadecimal, algorithm and bytes of the key.
 */
public class BouncyCastle {
    public static void main(String[] args) throws Exception {
        Provider provider = (Provider) Class.forName("org.bouncycastle.jce.provider.BouncyCastleProvider")
            .getDeclaredConstructor().newInstance();
        Security.addProvider(provider);
        Certificate certificate = CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[1]))));
        PrivateKey key = KeyFactory.getInstance("RSA")
            .generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(args[0]))));
        for (int i = 2; i < args.length; i += 5) {
            KeyStore store = KeyStore.getInstance(args[i + 1], provider);
            Path file = Path.of(args[i + 2]);
            char[] storepass = args[i + 3].toCharArray(), keypass = args[i + 4].toCharArray();
            if (args[i].equals("list")) {
                store.load(new ByteArrayInputStream(Files.readAllBytes(file)), storepass);
                list(store, args[i + 2], keypass);
                continue;
            }
            store.load(null, null);
            store.setKeyEntry("The Key", key, keypass, new Certificate[] {certificate});
            store.setCertificateEntry("trusted", certificate);
            try {
                store.setKeyEntry("secret", new SecretKeySpec("0123456789abcdef".getBytes(), "AES"), keypass, null);
                store.setKeyEntry("public", certificate.getPublicKey(), keypass, null);
            } catch (KeyStoreException e) {
                // a type for private keys alone
            }
            try (OutputStream out = Files.newOutputStream(file)) {
                store.store(out, storepass);
            }
        }
    }

    static void list(KeyStore store, String file, char[] keypass) throws Exception {
        HexFormat hex = HexFormat.of();
        for (String alias : Collections.list(store.aliases())) {
            Certificate[] chain = store.getCertificateChain(alias);
            String kind = "key", key = "";
            if (store.isCertificateEntry(alias)) {
                kind = "cert";
                chain = new Certificate[] {store.getCertificate(alias)};
            } else {
                Key k = store.getKey(alias, keypass);
                key = k.getAlgorithm() + " " + hex.formatHex(k.getEncoded());
            }
            int n = chain == null ? 0 : chain.length;
            System.out.println(String.join("\t", file, alias, kind, Integer.toString(n),
                n == 0 ? "" : hex.formatHex(chain[0].getEncoded()), key));
        }
    }
}
