import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.TimeZone;

/**
 * Prints files with keytool's own code, many in one virtual machine, as a txtar
 * archive: a section for each file and time zone with what keytool printed,
 * and after "! " its warnings or why it failed.
 *
 * java --add-opens java.base/sun.security.tools.keytool=ALL-UNNAMED Goldens.java zone[,zone...] file...
 */
public class Goldens {
    static final Class<?> KEYTOOL;

    static {
        try {
            KEYTOOL = Class.forName("sun.security.tools.keytool.Main");
        } catch (ClassNotFoundException e) {
            throw new Error(e);
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream stdout = System.out;
        PrintStream stderr = System.err;
        for (String zone : args[0].split(",")) {
            TimeZone.setDefault(TimeZone.getTimeZone(zone));
            for (String file : Arrays.copyOfRange(args, 1, args.length)) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                ByteArrayOutputStream err = new ByteArrayOutputStream();
                System.setOut(new PrintStream(out, true, "UTF-8"));
                System.setErr(new PrintStream(err, true, "UTF-8"));
                String failure = print(file);
                System.setOut(stdout);
                System.setErr(stderr);
                StringBuilder text = new StringBuilder(out.toString("UTF-8"));
                if (text.length() > 0 && text.charAt(text.length() - 1) != '\n') {
                    text.append('\n');
                }
                for (String line : err.toString("UTF-8").split("\n")) {
                    if (!line.isEmpty() && !line.equals("Warning:")) {
                        text.append("! ").append(line).append('\n');
                    }
                }
                if (failure != null) {
                    text.append("! failed: ").append(failure.replace('\n', ' ')).append('\n');
                }
                stdout.println("-- " + new File(file).getName() + " " + zone + " --");
                stdout.write(text.toString().getBytes("UTF-8"));
                stdout.flush();
            }
        }
    }

    /** Does what keytool's main does, but doesn't exit. */
    static String print(String file) throws Exception {
        String command = file.endsWith(".crl") ? "-printcrl" : file.endsWith(".csr") ? "-printcertreq" : "-printcert";
        Constructor<?> constructor = KEYTOOL.getDeclaredConstructor();
        constructor.setAccessible(true);
        Object keytool = constructor.newInstance();
        String failure = null;
        try {
            method("parseArgs", String[].class).invoke(keytool, (Object) new String[] {command, "-file", file});
            method("doCommands", PrintStream.class).invoke(keytool, System.out);
        } catch (InvocationTargetException e) {
            Throwable t = e.getCause();
            failure = t + (t.getCause() == null ? "" : " / " + t.getCause());
        }
        method("printWeakWarnings", boolean.class).invoke(keytool, false);
        return failure;
    }

    static Method method(String name, Class<?>... parameters) throws Exception {
        Method m = KEYTOOL.getDeclaredMethod(name, parameters);
        m.setAccessible(true);
        return m;
    }
}
