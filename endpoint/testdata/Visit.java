import java.net.URL;
import java.io.InputStream;
import javax.net.ssl.HttpsURLConnection;

/** Asks for a page twice, on two connections, and prints the two answers. */
public class Visit {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 2; i++) {
            HttpsURLConnection connection = (HttpsURLConnection) new URL(args[0]).openConnection();
            connection.setRequestProperty("Connection", "close");
            try (InputStream in = connection.getInputStream()) {
                System.out.println(new String(in.readAllBytes(), "UTF-8"));
            }
        }
    }
}
