import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import sun.security.util.DerValue;
import sun.security.x509.URIName;

/**
 * Says of each line of a file whether Java takes it as the URI of a general
 * name, and of a name constraint: "yes" or the reason why not.
 *
 * java --add-exports java.base/sun.security.util=ALL-UNNAMED \
 *     --add-exports java.base/sun.security.x509=ALL-UNNAMED URINames.java uris.txt
 */
public class URINames {
    public static void main(String[] args) throws Exception {
        for (String uri : Files.readAllLines(Path.of(args[0]))) {
            DerValue value = new DerValue(DerValue.tag_IA5String, uri.getBytes(StandardCharsets.UTF_8));
            String name = "yes";
            try {
                new URIName(value);
            } catch (Exception e) {
                name = e.toString();
            }
            value = new DerValue(DerValue.tag_IA5String, uri.getBytes(StandardCharsets.UTF_8));
            String constraint = "yes";
            try {
                URIName.nameConstraint(value);
            } catch (Exception e) {
                constraint = e.toString();
            }
            System.out.println(uri + "\t" + name + "\t" + constraint);
        }
    }
}
