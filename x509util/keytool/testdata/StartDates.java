import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import java.util.TimeZone;

/**
 * Records what keytool makes of -startdate values: for each line of the file
 * given and each of some time zones, the zone, the time then in Unix seconds,
 * the value, and the result in Unix seconds, or "!" and the exception.
 */
public class StartDates {
    public static void main(String[] args) throws Exception {
        Method parse = Class.forName("sun.security.tools.keytool.Main").getDeclaredMethod("getStartDate", String.class);
        parse.setAccessible(true);
        for (String zone : new String[] {"UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"}) {
            TimeZone.setDefault(TimeZone.getTimeZone(zone));
            for (String line : Files.readAllLines(Path.of(args[0]))) {
                String result;
                long now;
                do {
                    now = System.currentTimeMillis() / 1000;
                    try {
                        result = "" + ((Date) parse.invoke(null, line)).getTime() / 1000;
                    } catch (InvocationTargetException e) {
                        result = "!" + e.getCause();
                    }
                } while (System.currentTimeMillis() / 1000 != now);
                System.out.println(zone + "\t" + now + "\t" + line + "\t" + result);
            }
        }
    }
}
