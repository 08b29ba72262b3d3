import org.apache.catalina.util.StandardSessionIdGenerator;

/** Prints one id of Tomcat's own generator for each LENGTH,JVMROUTE,ROUTE. */
public class SessionIds {
    public static void main(String[] args) {
        for (String arg : args) {
            String[] parts = arg.split(",", -1);
            StandardSessionIdGenerator generator = new StandardSessionIdGenerator();
            generator.setSessionIdLength(Integer.parseInt(parts[0]));
            generator.setJvmRoute(parts[1]);
            System.out.println(generator.generateSessionId(parts[2]));
        }
    }
}
