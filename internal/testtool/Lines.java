import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.security.AuthProvider;
import java.security.Permission;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import javax.security.auth.login.LoginException;

/**
 * Plays keytool's command lines one after the other in one virtual machine,
 * which spares its start for each.
 *
 * A line is read from the standard input as the number of its arguments, the
 * arguments, and what stands on its standard input; the answer is its standard
 * output, its standard error and its exit code. Numbers have four bytes, big
 * endian, texts and outputs such a number of bytes in UTF-8.
 */
public class Lines {
    /** What an exit becomes; no exception, since keytool catches those. */
    static final class Exit extends Error {
        final int code;

        Exit(int code) {
            this.code = code;
        }
    }

    static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

    public static void main(String[] args) throws Exception {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        Class<?> keytool = Class.forName("sun.security.tools.keytool.Main");
        Method run = keytool.getDeclaredMethod("run", String[].class, PrintStream.class);
        run.setAccessible(true);
        Constructor<?> constructor = keytool.getDeclaredConstructor();
        constructor.setAccessible(true);
        if (run.getReturnType() == void.class) { // before JDK 25 it exits by itself
            catchExits();
        }
        PrintStream oldErr = System.err;
        while (true) {
            int count;
            try {
                count = in.readInt();
            } catch (IOException e) {
                return; // the end
            }
            String[] line = new String[count];
            for (int i = 0; i < count; i++) {
                line[i] = new String(bytes(in), "UTF-8");
            }
            ByteArrayOutputStream stdout = new ByteArrayOutputStream();
            ByteArrayOutputStream stderr = new ByteArrayOutputStream();
            System.setIn(new ByteArrayInputStream(bytes(in)));
            System.setOut(new PrintStream(stdout, true, "UTF-8"));
            System.setErr(new PrintStream(stderr, true, "UTF-8"));
            int code = 0;
            Provider[] providers = Security.getProviders();
            try {
                Object result = run.invoke(constructor.newInstance(), line, System.out);
                if (result != null) {
                    code = (Integer) result;
                }
            } catch (InvocationTargetException e) {
                if (!(e.getCause() instanceof Exit)) {
                    throw e;
                }
                code = ((Exit) e.getCause()).code;
            }
            System.setErr(oldErr);
            forgetOthers(providers);
            for (ByteArrayOutputStream stream : new ByteArrayOutputStream[] {stdout, stderr}) {
                out.writeInt(stream.size());
                stream.writeTo(out);
            }
            out.writeInt(code);
            out.flush();
        }
    }

    /**
     * Removes the providers that a line has added: the next begins without them, and
     * nobody is logged in to a token.
     */
    static void forgetOthers(Provider[] providers) throws LoginException {
        for (Provider provider : Security.getProviders()) {
            if (!Arrays.asList(providers).contains(provider)) {
                if (provider instanceof AuthProvider) {
                    ((AuthProvider) provider).logout();
                }
                Security.removeProvider(provider.getName());
            }
        }
    }

    static byte[] bytes(DataInputStream in) throws IOException {
        return in.readNBytes(in.readInt());
    }

    /** Has exits end but the line. What keytool still prints on its way out is not seen then, as after a true exit. */
    @SuppressWarnings("removal")
    static void catchExits() {
        System.setSecurityManager(new SecurityManager() {
            @Override
            public void checkExit(int code) {
                System.setOut(NOWHERE);
                System.setErr(NOWHERE);
                throw new Exit(code);
            }

            @Override
            public void checkPermission(Permission permission) {}
        });
    }
}
