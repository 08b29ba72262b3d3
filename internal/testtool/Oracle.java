import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertPathValidator;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Answers questions for as long as its standard input lasts. A question is a
 * line of words in Base64, separated by blanks; so is the answer: "ok" and
 * what was asked for, or "failed" with the exception and its causes, a word
 * for each.
 *
 *   certificate DER               what CertificateFactory makes of one certificate
 *   certificates DATA             what it makes of many: their number
 *   keystore TYPE FILE PASSWORD   a word for each entry, in Java's order
 *   key TYPE FILE PASSWORD ALIAS KEYPASSWORD   a key's algorithm and encoded form
 *   validate PURPOSE ROOT CERTIFICATE...       what TLS makes of a chain, the leaf first, when ROOT is
 *                                 trusted: PURPOSE is server, client, or any for PKIX alone
 *   contents TYPE DATA PASSWORD   a word for each entry, in Java's order, with its key; and what is trusted
 *   keytool INPUT ARGS...         a command of keytool: its output
 *   token CONFIGURATION PIN [set ALIAS ALGORITHM KEY CERTIFICATE... | delete ALIAS]   what is in a token, as
 *                                 contents; a private key is tried too. set stores a key first: a secret one
 *                                 without certificates
 *   pkcs11config ARGUMENT         what SunPKCS11 reads in a configuration: its name, library, slot and templates
 *
 * A usage error of keytool ends the process.
 */
public class Oracle {
    public static void main(String[] args) throws Exception {
        InputStream in = System.in;
        PrintStream out = System.out;
        BufferedReader questions = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
        for (String line; (line = questions.readLine()) != null; ) {
            String[] words = line.split(" ", -1);
            byte[][] question = new byte[words.length][];
            for (int i = 0; i < words.length; i++) {
                question[i] = Base64.getDecoder().decode(words[i]);
            }
            StringBuilder answer = new StringBuilder();
            try {
                String said = answer(question);
                add(answer, "ok");
                for (String word : said.split("\0", -1)) {
                    add(answer, word);
                }
            } catch (Failed e) {
                add(answer, "failed");
                add(answer, e.getCause().toString());
                add(answer, e.getMessage());
            } catch (Throwable e) {
                add(answer, "failed");
                for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                    add(answer, cause.toString());
                }
            }
            out.println(answer);
            out.flush();
        }
    }

    /** What keytool printed before it failed. */
    private static class Failed extends Exception {
        Failed(String output, Throwable cause) {
            super(output, cause);
        }
    }

    private static void add(StringBuilder answer, String word) {
        if (answer.length() > 0) {
            answer.append(' ');
        }
        answer.append(Base64.getEncoder().encodeToString(word.getBytes(StandardCharsets.UTF_8)));
    }

    private static String text(byte[] word) {
        return new String(word, StandardCharsets.UTF_8);
    }

    private static String answer(byte[][] question) throws Throwable {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        switch (text(question[0])) {
        case "certificate":
            return factory.generateCertificate(new ByteArrayInputStream(question[1])).getClass().getName();
        case "certificates":
            return "" + factory.generateCertificates(new ByteArrayInputStream(question[1])).size();
        case "keystore":
            return entries(open(question));
        case "key":
            Key key = open(question).getKey(text(question[4]), text(question[5]).toCharArray());
            return key == null ? "null" : key.getAlgorithm() + "\0" + HexFormat.of().formatHex(key.getEncoded());
        case "validate":
            return validate(factory, question);
        case "contents":
            return contents(question);
        case "keytool":
            return keytool(question);
        case "token":
            return token(question);
        case "pkcs11config":
            return pkcs11config(text(question[1]));
        default:
            throw new IllegalArgumentException(text(question[0]));
        }
    }

    /** The providers by their configurations: each is logged in once. */
    private static final Map<String, Provider> TOKENS = new HashMap<>();

    private static String token(byte[][] question) throws Exception {
        String configuration = text(question[1]);
        Provider provider = TOKENS.get(configuration);
        if (provider == null) {
            provider = Security.getProvider("SunPKCS11").configure("--" + configuration);
            TOKENS.put(configuration, provider);
        }
        KeyStore store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, text(question[2]).toCharArray());
        if (question.length > 3 && text(question[3]).equals("delete")) {
            store.deleteEntry(text(question[4]));
        } else if (question.length > 3) {
            String algorithm = text(question[5]);
            Certificate[] chain = new Certificate[question.length - 7];
            for (int i = 0; i < chain.length; i++) {
                chain[i] = CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(question[7 + i]));
            }
            if (chain.length == 0) {
                store.setKeyEntry(text(question[4]), new SecretKeySpec(question[6], algorithm), null, null);
            } else {
                store.setKeyEntry(text(question[4]), KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(question[6])), null, chain);
            }
        }
        StringBuilder list = new StringBuilder();
        for (String alias : Collections.list(store.aliases())) {
            list(list, store, alias, null, provider);
        }
        return list.toString();
    }

    /** Signs with a key of a token, and verifies. */
    private static void prove(PrivateKey key, Certificate certificate, Provider provider) throws Exception {
        String algorithm = "SHA256with" + (key.getAlgorithm().equals("EC") ? "ECDSA" : key.getAlgorithm());
        Signature signature = Signature.getInstance(algorithm, provider);
        signature.initSign(key);
        signature.update(new byte[] {1, 2, 3});
        byte[] made = signature.sign();
        signature = Signature.getInstance(algorithm);
        signature.initVerify(certificate.getPublicKey());
        signature.update(new byte[] {1, 2, 3});
        if (!signature.verify(made)) {
            throw new IllegalStateException("the key is not the certificate's");
        }
    }

    private static String pkcs11config(String argument) throws Throwable {
        Object config;
        try {
            Constructor<?> constructor = Class.forName("sun.security.pkcs11.Config").getDeclaredConstructor(String.class);
            constructor.setAccessible(true);
            config = constructor.newInstance(argument);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        StringBuilder said = new StringBuilder();
        for (String field : new String[] {"name", "library", "slotID", "slotListIndex", "handleStartupErrors",
                "keyStoreCompatibilityMode", "nssUseSecmod"}) {
            said.append(get(config, field)).append('\0');
        }
        Object templates = get(config, "templateManager");
        if (templates != null) {
            for (Object template : (List<?>) get(templates, "primitiveTemplates")) {
                Object key = get(template, "key");
                said.append(get(key, "operation")).append(' ').append(get(key, "keyType")).append(' ').append(get(key, "keyAlgorithm"));
                for (Object attribute : (Object[]) get(get(template, "template"), "attributes")) {
                    Object value = get(attribute, "pValue");
                    String shown = value instanceof byte[] ? HexFormat.of().formatHex((byte[]) value) : value instanceof Integer ? "n" + value : "" + value;
                    said.append(' ').append(get(attribute, "type")).append('=').append(shown);
                }
                said.append('\0');
            }
        }
        return said.toString();
    }

    private static Object get(Object of, String field) throws Exception {
        Field found = of.getClass().getDeclaredField(field);
        found.setAccessible(true);
        return found.get(of);
    }

    private static String validate(CertificateFactory factory, byte[][] question) throws Exception {
        X509Certificate root = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(question[2]));
        X509Certificate[] chain = new X509Certificate[question.length - 3];
        for (int i = 0; i < chain.length; i++) {
            chain[i] = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(question[i + 3]));
        }
        if (text(question[1]).equals("any")) {
            List<X509Certificate> path = new ArrayList<>(List.of(chain));
            path.remove(root);
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
            parameters.setRevocationEnabled(false);
            CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(path), parameters);
            return "valid";
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("root", root);
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(trusted);
        X509TrustManager manager = (X509TrustManager) managers.getTrustManagers()[0];
        if (text(question[1]).equals("server")) {
            manager.checkServerTrusted(chain, "UNKNOWN");
        } else {
            manager.checkClientTrusted(chain, "UNKNOWN");
        }
        return "valid";
    }

    private static KeyStore open(byte[][] question) throws Exception {
        KeyStore store = KeyStore.getInstance(text(question[1]));
        try (InputStream in = Files.newInputStream(Path.of(text(question[2])))) {
            store.load(in, text(question[3]).toCharArray());
        }
        return store;
    }

    private static String entries(KeyStore store) throws Exception {
        StringBuilder list = new StringBuilder();
        for (String alias : Collections.list(store.aliases())) {
            if (list.length() > 0) {
                list.append('\0');
            }
            Certificate[] chain = store.getCertificateChain(alias);
            String kind = store.isCertificateEntry(alias) ? "trusted" : chain != null ? "key" : "secret";
            if (chain == null) {
                Certificate only = store.getCertificate(alias);
                chain = only == null ? new Certificate[0] : new Certificate[] {only};
            }
            list.append(alias).append('\t').append(kind);
            for (Certificate certificate : chain) {
                list.append('\t').append(sha256(certificate));
            }
        }
        return list.toString();
    }

    private static String contents(byte[][] question) throws Exception {
        KeyStore store = KeyStore.getInstance(text(question[1]));
        char[] password = text(question[3]).toCharArray();
        store.load(new ByteArrayInputStream(question[2]), password);
        StringBuilder list = new StringBuilder();
        for (String alias : Collections.list(store.aliases())) {
            list(list, store, alias, password, null);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        list.append("trusted");
        for (X509Certificate certificate : ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()) {
            list.append('\t').append(sha256(certificate));
        }
        return list.toString();
    }

    /** Writes an entry, and tries its key with the provider of a token, if there is one. */
    private static void list(StringBuilder list, KeyStore store, String alias, char[] password, Provider provider) throws Exception {
        String kind = store.isCertificateEntry(alias) ? "trusted"
            : store.entryInstanceOf(alias, KeyStore.SecretKeyEntry.class) ? "secret"
            : store.isKeyEntry(alias) ? "key" : "none";
        String key = "";
        if (kind.equals("key") || kind.equals("secret")) {
            try {
                Key opened = store.getKey(alias, password);
                key = opened == null ? "null" : "ok " + opened.getAlgorithm() + " "
                    + (kind.equals("secret") && opened.getEncoded() != null ? HexFormat.of().formatHex(opened.getEncoded()) : "");
                if (provider != null && opened instanceof PrivateKey) {
                    prove((PrivateKey) opened, store.getCertificate(alias), provider);
                }
            } catch (Exception e) {
                key = e.toString().replaceAll("[\t\0]", " ");
            }
        }
        list.append(HexFormat.of().formatHex(alias.getBytes(StandardCharsets.UTF_8)))
            .append('\t').append(kind).append('\t').append(key);
        Certificate[] chain = store.getCertificateChain(alias);
        Certificate only = store.getCertificate(alias);
        if (chain == null) {
            chain = only == null ? new Certificate[0] : new Certificate[] {only};
        }
        for (Certificate certificate : chain) {
            list.append('\t').append(sha256(certificate));
        }
        list.append('\0');
    }

    private static String sha256(Certificate certificate) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        return HexFormat.of().formatHex(digest);
    }

    private static String keytool(byte[][] question) throws Failed {
        String[] args = new String[question.length - 1];
        for (int i = 2; i < question.length; i++) {
            args[i - 2] = text(question[i]);
        }
        args[args.length - 1] = "-debug"; // it throws what it would exit with
        InputStream in = System.in;
        PrintStream out = System.out, err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            System.setIn(new ByteArrayInputStream(question[1]));
            System.setOut(stream);
            System.setErr(stream);
            sun.security.tools.keytool.Main.main(args);
        } catch (Throwable e) {
            throw new Failed(withoutArguments(said), e);
        } finally {
            System.setIn(in);
            System.setOut(out);
            System.setErr(err);
        }
        return withoutArguments(said);
    }

    /** Drops the line that -debug adds. */
    private static String withoutArguments(ByteArrayOutputStream said) {
        String text = said.toString(StandardCharsets.UTF_8);
        return text.startsWith("Command line args: ") ? text.substring(text.indexOf('\n') + 1) : text;
    }
}
