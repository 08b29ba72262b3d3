import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Each line has an expression and texts, in hexadecimal UTF-8, with spaces between
 * them. The answer is a digit for each text, 1 where it matches whole, or "bad".
 */
public class Match {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        StringBuilder out = new StringBuilder();
        for (String line; (line = in.readLine()) != null;) {
            String[] words = line.split(" ", -1);
            try {
                Pattern pattern = Pattern.compile(text(words[0]));
                for (int i = 1; i < words.length; i++) {
                    out.append(pattern.matcher(text(words[i])).matches() ? '1' : '0');
                }
            } catch (PatternSyntaxException e) {
                out.append("bad");
            }
            out.append('\n');
        }
        System.out.print(out);
    }

    private static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
    }
}
