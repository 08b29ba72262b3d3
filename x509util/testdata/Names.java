import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import sun.security.x509.X500Name;

/**
 * Records what Java makes of distinguished names: for each line of the file
 * given, the line, a tab, and either the DER in hex, a tab and the name as
 * text again, or "!" and the exception.
 */
public class Names {
    public static void main(String[] args) throws Exception {
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            line = line.split("\t")[0];
            String input = line.replace("\\u000a", "\n").replace("\\u0009", "\t");
            String result;
            try {
                byte[] der = new X500Name(input).getEncoded();
                result = HexFormat.of().formatHex(der) + "\t" + escape(new X500Name(der).toString());
            } catch (Exception e) {
                result = "!" + escape(e.toString());
            }
            System.out.println(line + "\t" + result);
        }
    }

    static String escape(String s) {
        return s.replace("\n", "\\u000a").replace("\t", "\\u0009");
    }
}
