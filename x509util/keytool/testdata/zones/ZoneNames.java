import java.util.Arrays;
import java.util.Locale;
import java.util.TimeZone;
import java.util.TreeSet;

/** Prints each time zone with its two short names, as Date.toString uses them. */
public class ZoneNames {
    public static void main(String[] args) {
        for (String id : new TreeSet<>(Arrays.asList(TimeZone.getAvailableIDs()))) {
            TimeZone zone = TimeZone.getTimeZone(id);
            System.out.println(id
                    + " " + zone.getDisplayName(false, TimeZone.SHORT, Locale.US)
                    + " " + zone.getDisplayName(true, TimeZone.SHORT, Locale.US));
        }
    }
}
