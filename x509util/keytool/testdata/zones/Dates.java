import java.util.Arrays;
import java.util.Date;
import java.util.TimeZone;
import java.util.TreeSet;

/** Prints Date.toString of some moments in every time zone: zone, seconds since 1970, text. */
public class Dates {
    public static void main(String[] args) {
        long[] moments = new long[args.length];
        for (int i = 0; i < args.length; i++) {
            moments[i] = Long.parseLong(args[i]);
        }
        for (String id : new TreeSet<>(Arrays.asList(TimeZone.getAvailableIDs()))) {
            TimeZone.setDefault(TimeZone.getTimeZone(id));
            for (long moment : moments) {
                System.out.println(id + "\t" + moment + "\t" + new Date(moment * 1000));
            }
        }
    }
}
