import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Collections;
import java.util.HexFormat;

/**
 * Reads keystores with Java's or BouncyCastle's PKCS12 and prints what it sees:
 *
 *   java Interop.java list {JDK|BC} {file password}...
 *
 * One line an entry: file, alias, kind, date in milliseconds, SHA-256 of each
 * certificate of the chain, SHA-256 of the key; or file and the error. Or
 * writes one with BouncyCastle, of a key and its chain and a trusted
 * certificate, all in DER:
 *
 *   java Interop.java write type file password key chain... trusted
 */
public class Interop {
    public static void main(String[] args) throws Exception {
        if (args[0].equals("write")) {
            write(args);
            return;
        }
        Provider provider = args[1].equals("BC") ? bouncyCastle() : null;
        for (int i = 2; i < args.length; i += 2) {
            try {
                System.out.print(list(provider, args[i], args[i + 1].toCharArray()));
            } catch (Exception e) {
                System.out.println(args[i] + "\terror\t" + e);
            }
        }
    }

    static Provider bouncyCastle() throws Exception {
        return (Provider) Class.forName("org.bouncycastle.jce.provider.BouncyCastleProvider")
            .getDeclaredConstructor().newInstance();
    }

    static String list(Provider provider, String file, char[] password) throws Exception {
        KeyStore store = provider == null ? KeyStore.getInstance("PKCS12") : KeyStore.getInstance("PKCS12", provider);
        store.load(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))), password);
        StringBuilder out = new StringBuilder();
        for (String alias : Collections.list(store.aliases())) {
            String kind = store.isCertificateEntry(alias) ? "cert" : "key";
            Certificate[] chain = store.getCertificateChain(alias);
            if (kind.equals("cert")) {
                chain = new Certificate[] {store.getCertificate(alias)};
            }
            String key = "";
            if (kind.equals("key")) {
                Key k = store.getKey(alias, password);
                if (k instanceof PrivateKey) {
                    // The certificate's key and this one belong together; its
                    // encoding is Java's own and may differ.
                    key = k.getAlgorithm();
                } else {
                    kind = "secret";
                    key = k.getAlgorithm() + " " + HexFormat.of().formatHex(k.getEncoded());
                }
            }
            out.append(String.join("\t", file, alias, kind,
                Long.toString(store.getCreationDate(alias).getTime()), hashes(chain), key)).append('\n');
        }
        return out.toString();
    }

    static String hashes(Certificate[] chain) throws Exception {
        StringBuilder all = new StringBuilder();
        if (chain != null) {
            for (Certificate c : chain) {
                all.append(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(c.getEncoded()))).append(' ');
            }
        }
        return all.toString().trim();
    }

    static void write(String[] args) throws Exception {
        Security.addProvider(bouncyCastle());
        KeyStore store = KeyStore.getInstance(args[1], "BC");
        store.load(null, null);
        char[] password = args[3].toCharArray();
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        Certificate[] chain = new Certificate[args.length - 6];
        for (int i = 0; i < chain.length + 1; i++) {
            Certificate c = certificates.generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[5 + i]))));
            if (i < chain.length) {
                chain[i] = c;
            } else {
                store.setCertificateEntry("trusted", c);
            }
        }
        byte[] key = Files.readAllBytes(Path.of(args[4]));
        store.setKeyEntry("the key", KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)), password, chain);
        try (OutputStream out = Files.newOutputStream(Path.of(args[2]))) {
            store.store(out, password);
        }
    }
}
