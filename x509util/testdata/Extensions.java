import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import sun.security.util.DerInputStream;
import sun.security.util.DerOutputStream;
import sun.security.util.DerValue;
import sun.security.x509.CertificateExtensions;
import sun.security.x509.KeyIdentifier;
import sun.security.x509.X509Key;

/**
 * Records what keytool makes of -ext values: for each line of the file given,
 * the line, a tab, and the extensions in hex, or "!" and the exception. A line
 * holds several values separated by " | ", "@aki" for an authority key
 * identifier, and "@req" for the request that the last line with "@request "
 * described.
 */
public class Extensions {
    static final String SPKI = "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f2"
        + "77037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

    public static void main(String[] args) throws Exception {
        Class<?> main = Class.forName("sun.security.tools.keytool.Main");
        var constructor = main.getDeclaredConstructor();
        constructor.setAccessible(true);
        Object keytool = constructor.newInstance();
        Method create = null;
        for (Method m : main.getDeclaredMethods()) {
            if (m.getName().equals("createV3Extensions")) {
                create = m;
            }
        }
        create.setAccessible(true);
        PublicKey key = X509Key.parse(new DerValue(HexFormat.of().parseHex(SPKI)));
        boolean byIdentifier = create.getParameterTypes()[4] == KeyIdentifier.class;
        CertificateExtensions request = null;
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            line = line.split("\t")[0];
            if (line.startsWith("@request ")) {
                List<String> values = Arrays.asList(line.substring(9).split(" \\| "));
                Object made = create.invoke(keytool, null, null, values, key, null);
                request = new CertificateExtensions(new DerInputStream(HexFormat.of().parseHex(hex(made))));
                System.out.println(line + "\t" + hex(request));
                continue;
            }
            List<String> values = new ArrayList<>();
            Object issuer = null;
            boolean requested = false;
            for (String s : line.split(" \\| ", -1)) {
                switch (s) {
                    case "@aki" -> issuer = byIdentifier ? new KeyIdentifier(key) : key;
                    case "@req" -> requested = true;
                    default -> values.add(s);
                }
            }
            String result;
            try {
                result = hex(create.invoke(keytool, requested ? request : null, null, values, key, issuer));
            } catch (InvocationTargetException e) {
                result = "!" + e.getCause().toString().replace("\n", "\\n");
            }
            System.out.println(line + "\t" + result);
        }
    }

    static String hex(Object extensions) throws Exception {
        DerOutputStream out = new DerOutputStream();
        Method encode;
        try {
            encode = extensions.getClass().getMethod("encode", java.io.OutputStream.class, boolean.class);
        } catch (NoSuchMethodException e) {
            encode = extensions.getClass().getMethod("encode", DerOutputStream.class, boolean.class);
        }
        encode.invoke(extensions, out, true);
        return HexFormat.of().formatHex(out.toByteArray());
    }
}
